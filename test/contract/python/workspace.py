"""What the scripts beside this share: the client of the workspace, from the environment, and how they report."""
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")

from azure.ai.ml import MLClient  # noqa: E402
from azure.identity import ClientSecretCredential  # noqa: E402


def connect():
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
    )
    return MLClient(
        credential,
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["LOCAL_RESOURCE_GROUP"],
        os.environ["LOCAL_WORKSPACE"],
        show_progress=False,
    )


def report(**facts):
    """One line of JSON on stdout, told from the client's own output (dots without a line's end too) by its first word."""
    print("\nREPORT " + json.dumps(facts), file=sys.stdout, flush=True)
