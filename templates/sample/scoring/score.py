"""The scoring script of the online endpoint.

A request is {"biopsies": [{"radius_mean": 17.99, …}, …]}; the answer is {"predictions": [{"probability": 0.99,
"diagnosis": "malignant"}, …]} in the same order.
"""

import json
import math
import os

model = None


def init():
    """Called once when the container starts."""
    global model
    folder = os.environ["AZUREML_MODEL_DIR"]
    for parent, _, names in os.walk(folder):
        if "model.json" in names:
            with open(os.path.join(parent, "model.json"), encoding="utf-8") as file:
                model = json.load(file)
            print(f"Model with {len(model['features'])} features loaded")
            return
    raise FileNotFoundError(f"no model.json below {folder}")


def run(raw_data):
    """Called for every request."""
    predictions = []
    for biopsy in json.loads(raw_data)["biopsies"]:
        missing = [name for name in model["features"] if name not in biopsy]
        if missing:
            raise ValueError(f"missing features: {', '.join(missing)}")
        z = model["bias"]
        for index, name in enumerate(model["features"]):
            z += model["weights"][index] * (float(biopsy[name]) - model["means"][index]) / model["scales"][index]
        probability = 1 / (1 + math.exp(-max(-700.0, min(700.0, z))))
        predictions.append({"probability": probability, "diagnosis": "malignant" if probability >= 0.5 else "benign"})
    return {"predictions": predictions}
