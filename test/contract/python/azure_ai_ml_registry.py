"""Assets of a registry with azure-ai-ml: made there, shared from the workspace, listed, downloaded."""
import os

from azure.ai.ml import MLClient, load_component
from azure.ai.ml.entities import Environment, Model
from azure.identity import ClientSecretCredential

from workspace import connect, report

folder = os.environ["WORK_FOLDER"]
registry_name = os.environ["REGISTRY"]
workspace = connect()
registry = MLClient(
    ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
    ),
    registry_name=registry_name,
    show_progress=False,
)
found = workspace.registries.get(registry_name)
report(location=found.location, listed=[item.name for item in workspace.registries.list()])

environment = registry.environments.create_or_update(
    Environment(name="sklearn", version="1", image="mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference")
)
report(environment=environment.id)

os.makedirs(f"{folder}/model")
with open(f"{folder}/model/weights.txt", "w", encoding="utf-8") as file:
    file.write("0.5")
local = registry.models.create_or_update(Model(name="local", version="1", path=f"{folder}/model", type="custom_model"))
report(local=local.id)

own = workspace.models.create_or_update(Model(name="churn", version="3", path=f"{folder}/model", type="custom_model"))
# What later versions call models.share does just this.
registry.models.create_or_update(workspace.models._prepare_to_copy(own)).result()
shared = registry.models.get("churn", "3")
report(shared=shared.id, versions=[model.version for model in registry.models.list(name="churn")])

os.makedirs(f"{folder}/code")
with open(f"{folder}/code/run.py", "w", encoding="utf-8") as file:
    file.write("print('ran')\n")
with open(f"{folder}/component.yml", "w", encoding="utf-8") as file:
    file.write(
        "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
        "name: runs\nversion: '1'\ntype: command\ncode: ./code\ncommand: python run.py\n"
        f"environment: azureml://registries/{registry_name}/environments/sklearn/versions/1\n"
    )
component = registry.components.create_or_update(load_component(f"{folder}/component.yml"))
report(component=component.id, environment_of_component=component.environment)

registry.models.download("churn", "3", download_path=f"{folder}/back")
weights = [
    os.path.join(path, name) for path, _, names in os.walk(f"{folder}/back") for name in names if name == "weights.txt"
]
with open(weights[0], encoding="utf-8") as file:
    report(downloaded=file.read())
