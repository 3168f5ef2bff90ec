"""The entry script of a batch deployment's step: brings what batch scoring scripts rely on, then hands over to the user's.

BATCH_SCORING_SCRIPT is the user's script below the working folder; without it the model is an MLflow model and scored as one.
BATCH_MODEL_NAME is the name of the model's own file or folder, which lies below AZUREML_MODEL_DIR. What is written to
AZUREML_BI_OUTPUT_PATH becomes part of the output.
"""
import importlib.util
import inspect
import os
import shutil
import sys
import tempfile

_script = None
_model = None


def init():
    _place_model()
    if "AZURE_ML_OUTPUT_score" in os.environ:
        os.environ["AZUREML_BI_OUTPUT_PATH"] = os.environ["AZURE_ML_OUTPUT_score"]
    if "BATCH_SCORING_SCRIPT" in os.environ:
        _load_script(os.path.abspath(os.environ["BATCH_SCORING_SCRIPT"]))
    else:
        _load_mlflow_model()


def run(mini_batch):
    if _script is None:
        return _predict(mini_batch)
    takes_context = len(inspect.signature(_script.run).parameters) > 1
    return _script.run(mini_batch, None) if takes_context else _script.run(mini_batch)


def _place_model():
    path = os.environ.get("AZURE_ML_INPUT__model")
    if path is None:
        return
    folder = tempfile.mkdtemp(prefix="model-", dir=os.path.dirname(path))
    # A copy: walking through a folder does not follow links, and where the service mounts there are none.
    place = shutil.copytree if os.path.isdir(path) else shutil.copyfile
    place(path, os.path.join(folder, os.environ["BATCH_MODEL_NAME"]))
    os.environ["AZUREML_MODEL_DIR"] = folder


def _load_script(path):
    global _script
    if not os.path.exists(path):
        raise FileNotFoundError(f"The scoring script {os.environ['BATCH_SCORING_SCRIPT']} does not exist.")
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("user_script", path)
    _script = importlib.util.module_from_spec(spec)
    sys.modules["user_script"] = _script
    spec.loader.exec_module(_script)
    for function in ("init", "run"):
        if not callable(getattr(_script, function, None)):
            raise AttributeError(f"The scoring script has no function {function}().")
    _script.init()


def _load_mlflow_model():
    """Needs the packages the model needs, mlflow first."""
    global _model
    import mlflow.pyfunc

    root = os.environ["AZUREML_MODEL_DIR"]
    folders = sorted(folder for folder, _, files in os.walk(root, followlinks=True) if "MLmodel" in files)
    if not folders:
        raise FileNotFoundError(f"no MLmodel file below {root}")
    _model = mlflow.pyfunc.load_model(folders[0])


def _predict(mini_batch):
    """A line for each row of each table: its number, its prediction and its file."""
    import pandas

    lines = []
    for path in mini_batch:
        for number, prediction in enumerate(_model.predict(pandas.read_csv(path))):
            lines.append(f"{number},{prediction},{os.path.basename(path)}")
    return lines
