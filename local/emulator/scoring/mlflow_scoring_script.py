"""Scores an MLflow model that is deployed without a scoring script. Needs the packages the model needs, mlflow first."""
import json
import os

model = None


def init():
    global model
    import mlflow.pyfunc

    root = os.environ["AZUREML_MODEL_DIR"]
    folders = sorted(folder for folder, _, files in os.walk(root) if "MLmodel" in files)
    if not folders:
        raise FileNotFoundError(f"no MLmodel file below {root}")
    model = mlflow.pyfunc.load_model(folders[0])


def run(raw_data):
    result = model.predict(read_input(json.loads(raw_data)["input_data"]))
    if hasattr(result, "to_dict"):
        return result.to_dict(orient="records")
    return result.tolist() if hasattr(result, "tolist") else result


def read_input(value):
    """A table in the split orientation becomes a data frame, a list an array; anything else stays as it is."""
    if isinstance(value, dict) and "data" in value:
        import pandas

        return pandas.DataFrame(value["data"], columns=value.get("columns"), index=value.get("index"))
    if isinstance(value, list):
        import numpy

        return numpy.array(value)
    return value
