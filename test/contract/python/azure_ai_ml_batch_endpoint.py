"""A batch endpoint with azure-ai-ml: a deployment of a model, its invocation, the job, its predictions, and their end."""
import glob
import os
import time

from azure.ai.ml import Input
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import BatchDeployment, BatchEndpoint, CodeConfiguration, Environment, Model

from workspace import connect, report

folder = os.environ["WORK_FOLDER"]
client = connect()


def write(path, text):
    os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
    with open(f"{folder}/{path}", "w", encoding="utf-8") as file:
        file.write(text)


write("model/factor.txt", "3")
write("data/a.txt", "1")
write("data/b.txt", "2")
write(
    "scoring/score.py",
    "import os\n"
    "def init():\n"
    "    global factor\n"
    "    factor = int(open(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model', 'factor.txt')).read())\n"
    "def run(mini_batch):\n"
    "    return [f'{os.path.basename(path)} {factor * int(open(path).read())}' for path in mini_batch]\n",
)
client.models.create_or_update(Model(name="batch-factor", version="1", path=f"{folder}/model", type="custom_model"))
client.environments.create_or_update(Environment(name="batch", version="1", image="python:3.11"))

NAME = "factor-batch"
client.batch_endpoints.begin_create_or_update(BatchEndpoint(name=NAME, description="multiplies")).result()
endpoint = client.batch_endpoints.get(NAME)
report(state=endpoint.provisioning_state, auth_mode=endpoint.auth_mode, scoring_uri=endpoint.scoring_uri)

client.batch_deployments.begin_create_or_update(
    BatchDeployment(
        name="blue",
        endpoint_name=NAME,
        model="azureml:batch-factor:1",
        environment="azureml:batch:1",
        code_configuration=CodeConfiguration(code=f"{folder}/scoring", scoring_script="score.py"),
        compute=os.environ["COMPUTE"],
        mini_batch_size=1,
    )
).result()
deployment = client.batch_deployments.get("blue", NAME)
report(deployment=deployment.name, file=deployment.output_file_name)

endpoint = client.batch_endpoints.get(NAME)
endpoint.defaults.deployment_name = "blue"
client.batch_endpoints.begin_create_or_update(endpoint).result()
report(default=client.batch_endpoints.get(NAME).defaults.deployment_name)

job = client.batch_endpoints.invoke(NAME, input=Input(type=AssetTypes.URI_FOLDER, path=f"{folder}/data"))
while (status := client.jobs.get(job.name).status) not in ("Completed", "Failed", "Canceled"):
    time.sleep(0.3)
report(status=status, listed=job.name in [one.name for one in client.batch_endpoints.list_jobs(NAME)])
client.jobs.download(job.name, download_path=f"{folder}/result", output_name="score")
(predictions,) = glob.glob(f"{folder}/result/**/predictions.csv", recursive=True)
with open(predictions, encoding="utf-8") as file:
    report(predictions=file.read())

client.batch_endpoints.begin_delete(name=NAME).result()
report(endpoints=[one.name for one in client.batch_endpoints.list()])
