"""An online endpoint with azure-ai-ml: two deployments of a model, traffic, keys, scoring, logs, and their end."""
import json
import os

from azure.ai.ml.entities import (
    CodeConfiguration,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)

from workspace import connect, report

folder = os.environ["WORK_FOLDER"]
client = connect()

for factor in (2, 3):
    os.makedirs(f"{folder}/model-{factor}")
    with open(f"{folder}/model-{factor}/model.json", "w", encoding="utf-8") as file:
        json.dump({"factor": factor}, file)
    client.models.create_or_update(
        Model(name="factor", version=str(factor), path=f"{folder}/model-{factor}", type="custom_model")
    )
os.makedirs(f"{folder}/scoring")
with open(f"{folder}/scoring/score.py", "w", encoding="utf-8") as file:
    file.write(
        "import glob, json, os\n"
        "def init():\n"
        "    global factor\n"
        "    path, = glob.glob(os.path.join(os.environ['AZUREML_MODEL_DIR'], '*', 'model.json'))\n"
        "    factor = json.load(open(path))['factor']\n"
        "    print('factor', factor)\n"
        "def run(raw_data):\n"
        "    return [factor * number for number in json.loads(raw_data)['data']]\n"
    )
client.environments.create_or_update(
    Environment(name="scoring", version="1", image="mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference")
)

NAME = "factor-endpoint"
endpoint = client.online_endpoints.begin_create_or_update(
    ManagedOnlineEndpoint(name=NAME, auth_mode="key", description="multiplies", public_network_access="disabled")
).result()
report(state=endpoint.provisioning_state, auth_mode=endpoint.auth_mode, network=endpoint.public_network_access)
report(scoring_uri=endpoint.scoring_uri)


def deploy(name, factor):
    deployment = client.online_deployments.begin_create_or_update(
        ManagedOnlineDeployment(
            name=name,
            endpoint_name=NAME,
            model=f"azureml:factor:{factor}",
            environment="azureml:scoring:1",
            code_configuration=CodeConfiguration(code=f"{folder}/scoring", scoring_script="score.py"),
            instance_type="Standard_DS3_v2",
            instance_count=1,
        )
    ).result()
    report(deployment=deployment.name, state=deployment.provisioning_state)


deploy("blue", 2)
endpoint = client.online_endpoints.get(NAME)
endpoint.traffic = {"blue": 100}
report(traffic=client.online_endpoints.begin_create_or_update(endpoint).result().traffic)

with open(f"{folder}/request.json", "w", encoding="utf-8") as file:
    json.dump({"data": [1, 2]}, file)
report(answer=client.online_endpoints.invoke(NAME, request_file=f"{folder}/request.json"))
deploy("green", 3)
report(
    green=client.online_endpoints.invoke(NAME, deployment_name="green", request_file=f"{folder}/request.json"),
    deployments=sorted(one.name for one in client.online_deployments.list(NAME)),
)
report(logs="factor 3" in client.online_deployments.get_logs(name="green", endpoint_name=NAME, lines=50))
report(keys=len(client.online_endpoints.get_keys(NAME).primary_key) > 0)

endpoint = client.online_endpoints.get(NAME)
endpoint.traffic = {"green": 100, "blue": 0}
client.online_endpoints.begin_create_or_update(endpoint).result()
client.online_deployments.begin_delete(name="blue", endpoint_name=NAME).result()
report(left=[one.name for one in client.online_deployments.list(NAME)])
client.online_endpoints.begin_delete(name=NAME).result()
report(endpoints=[one.name for one in client.online_endpoints.list()])
