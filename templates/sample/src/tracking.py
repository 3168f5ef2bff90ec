"""Metrics and parameters for the run this process belongs to.

Uses the `mlflow` package where the environment has it with the workspace's plug-in (as on Azure Machine Learning with
conda.yml); otherwise it speaks MLflow's REST interface with the standard library alone.
"""

import json
import os
import time
import urllib.request

try:
    import azureml.mlflow  # noqa: F401  (makes azureml:// known to mlflow)
    import mlflow
except ImportError:
    mlflow = None


def log_parameters(parameters):
    """Logs a dictionary of parameters; values are kept as text."""
    if mlflow:
        mlflow.log_params(parameters)
        return
    _post("runs/log-batch", {"params": [{"key": key, "value": str(value)} for key, value in parameters.items()]})


def log_metrics(metrics, step=0):
    """Logs a dictionary of numbers at a step (an epoch, say)."""
    if mlflow:
        mlflow.log_metrics(metrics, step=step)
        return
    now = int(time.time() * 1000)
    entries = [{"key": key, "value": value, "timestamp": now, "step": step} for key, value in metrics.items()]
    _post("runs/log-batch", {"metrics": entries})


def _post(call, body):
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    run = os.environ.get("MLFLOW_RUN_ID") or os.environ.get("AZUREML_RUN_ID")
    if not uri or not run:
        print("No tracking server in the environment: metrics go to the log only.")
        return
    # The workspace names its tracking server azureml://…/mlflow/v1.0/…; the REST interface answers at https and v2.0.
    base = uri.replace("azureml://", "https://", 1).replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1).rstrip("/?")
    request = urllib.request.Request(
        f"{base}/api/2.0/mlflow/{call}",
        data=json.dumps({"run_id": run, **body}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        response.read()
