"""A sweep with azure-ai-ml: submitted, streamed, its best trial found and downloaded."""
import os
import tempfile

from azure.ai.ml import Output, command
from azure.ai.ml.entities import Environment
from azure.ai.ml.sweep import Choice

from workspace import connect, report

folder = os.environ["WORK_FOLDER"]
client = connect()
client.environments.create_or_update(Environment(name="sweep-python", version="1", image="python:3.11"))

os.makedirs(f"{folder}/src")
with open(f"{folder}/src/score.py", "w", encoding="utf-8") as file:
    file.write(
        "import json, os, sys, urllib.request\n"
        "value = float(sys.argv[1])\n"
        "base = os.environ['MLFLOW_TRACKING_URI'].replace('azureml://', 'https://', 1)\n"
        "body = {'run_id': os.environ['MLFLOW_RUN_ID'], 'key': 'score', 'value': value, 'timestamp': 1, 'step': 0}\n"
        "headers = {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN']}\n"
        "url = base + '/api/2.0/mlflow/runs/log-metric'\n"
        "urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=30).read()\n"
        "open(f'{sys.argv[2]}/value.txt', 'w').write(str(value))\n"
    )
trial = command(
    code=f"{folder}/src",
    command="python score.py ${{inputs.value}} ${{outputs.result}}",
    inputs={"value": 1.0},
    outputs={"result": Output(type="uri_folder")},
    environment="azureml:sweep-python:1",
    compute=os.environ["COMPUTE"],
)
sweep = trial(value=Choice([1.0, 4.0])).sweep(
    compute=os.environ["COMPUTE"], primary_metric="score", goal="Maximize", sampling_algorithm="grid"
)
sweep.set_limits(max_total_trials=2, max_concurrent_trials=2, timeout=3600)
sweep.experiment_name = "searching"
job = client.jobs.create_or_update(sweep)
report(type=job.type, first_status=job.status)
client.jobs.stream(job.name)
finished = client.jobs.get(job.name)
best = finished.properties.get("best_child_run_id")
report(status=finished.status, goal=finished.objective.goal, best=best, is_trial=best.startswith(f"{job.name}_"))

target = tempfile.mkdtemp(dir=folder)
client.jobs.download(job.name, download_path=target, all=True)
values = []
for place, _, names in os.walk(target):
    for name in names:
        if name == "value.txt":
            with open(os.path.join(place, name), encoding="utf-8") as file:
                values.append(file.read())
report(values=values)
