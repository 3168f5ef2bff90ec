"""Logistic regression on standardised features: fitting, predicting, saving.

The model is one small JSON file, so whoever scores it needs nothing but the standard library.
"""

import json
import math
import os

MODEL_FILE = "model.json"


def fit(features, rows, labels, epochs, learning_rate, on_epoch=None):
    """Full-batch gradient descent. Deterministic: the same table and settings give the same model, bit for bit."""
    means, scales = _standardise(rows)
    model = {"features": features, "means": means, "scales": scales, "weights": [0.0] * len(features), "bias": 0.0}
    scaled = [_scale(model, row) for row in rows]
    for epoch in range(1, epochs + 1):
        gradient, bias_gradient, loss = [0.0] * len(features), 0.0, 0.0
        for row, label in zip(scaled, labels):
            probability = _probability(model, row)
            loss -= math.log(max(probability if label else 1 - probability, 1e-15))
            error = probability - label
            bias_gradient += error
            for index, value in enumerate(row):
                gradient[index] += error * value
        model["bias"] -= learning_rate * bias_gradient / len(rows)
        model["weights"] = [w - learning_rate * g / len(rows) for w, g in zip(model["weights"], gradient)]
        if on_epoch:
            on_epoch(epoch, loss / len(rows))
    return model


def predict(model, row):
    """The probability of the positive class for a row in the order of the model's features."""
    return _probability(model, _scale(model, row))


def save(model, folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, MODEL_FILE), "w", encoding="utf-8") as file:
        json.dump(model, file, indent=1)


def load(folder):
    """The model somewhere below a folder: mounts and endpoints put the model's own folder at different depths."""
    for parent, _, names in os.walk(folder):
        if MODEL_FILE in names:
            with open(os.path.join(parent, MODEL_FILE), encoding="utf-8") as file:
                return json.load(file)
    raise FileNotFoundError(f"no {MODEL_FILE} below {folder}")


def _standardise(rows):
    means, scales = [], []
    for column in zip(*rows):
        mean = sum(column) / len(column)
        means.append(mean)
        scales.append(math.sqrt(sum((value - mean) ** 2 for value in column) / len(column)) or 1.0)
    return means, scales


def _scale(model, row):
    return [(value - mean) / scale for value, mean, scale in zip(row, model["means"], model["scales"])]


def _probability(model, scaled):
    z = model["bias"] + sum(weight * value for weight, value in zip(model["weights"], scaled))
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
