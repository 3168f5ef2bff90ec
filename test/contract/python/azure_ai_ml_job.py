"""Data, an environment and a command job with azure-ai-ml: submitted, streamed, read back, its output downloaded."""
import os
import tempfile

from azure.ai.ml import Input, Output, command
from azure.ai.ml.entities import Data, Environment

from workspace import connect, report

folder = os.environ["WORK_FOLDER"]
client = connect()
report(workspace=client.workspaces.get(client.workspace_name).location)

os.makedirs(f"{folder}/numbers")
with open(f"{folder}/numbers/numbers.txt", "w", encoding="utf-8") as file:
    file.write("1\n2\n39\n")
data = client.data.create_or_update(Data(name="numbers", version="1", path=f"{folder}/numbers", type="uri_folder"))
report(data=f"{data.name}:{data.version}", data_again=client.data.get("numbers", "1").path)

environment = client.environments.create_or_update(
    Environment(name="plain-python", version="1", image="mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference")
)
report(environment=f"{environment.name}:{environment.version}")

os.makedirs(f"{folder}/src")
with open(f"{folder}/src/add.py", "w", encoding="utf-8") as file:
    file.write(
        "import sys\n"
        "numbers, result = sys.argv[1:]\n"
        "total = sum(int(line) for line in open(f'{numbers}/numbers.txt'))\n"
        "print('the total is', total)\n"
        "open(f'{result}/total.txt', 'w').write(str(total))\n"
    )
job = client.jobs.create_or_update(
    command(
        code=f"{folder}/src",
        command="python add.py ${{inputs.numbers}} ${{outputs.result}}",
        inputs={"numbers": Input(type="uri_folder", path="azureml:numbers:1")},
        outputs={"result": Output(type="uri_folder")},
        environment="azureml:plain-python:1",
        compute=os.environ["COMPUTE"],
        experiment_name="adding",
        tags={"purpose": "contract"},
    )
)
report(submitted=job.name, first_status=job.status)
client.jobs.stream(job.name)
finished = client.jobs.get(job.name)
report(status=finished.status, tags=finished.tags.get("purpose"), experiment=finished.experiment_name)
report(listed=job.name in [one.name for one in client.jobs.list()])

target = tempfile.mkdtemp(dir=folder)
client.jobs.download(job.name, download_path=target, output_name="result")
with open(f"{target}/named-outputs/result/total.txt", encoding="utf-8") as file:
    report(total=file.read())

failing = client.jobs.create_or_update(
    command(command="echo going wrong && exit 3", environment="azureml:plain-python:1", compute=os.environ["COMPUTE"])
)
try:
    client.jobs.stream(failing.name)
    report(failure=None)
except Exception as error:  # The client raises JobException, whose place moved over the versions.
    report(failure=type(error).__name__)
report(failed_status=client.jobs.get(failing.name).status)

waiting = client.jobs.create_or_update(
    command(command="sleep 600", environment="azureml:plain-python:1", compute=os.environ["COMPUTE"])
)
client.jobs.begin_cancel(waiting.name).wait()
report(canceled_status=client.jobs.get(waiting.name).status)
