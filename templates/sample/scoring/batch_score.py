"""The scoring script of the batch endpoint: a line for each biopsy of each CSV file it is given."""

import csv
import json
import os

import score


def init():
    """Called once in each process that scores."""
    score.init()


def run(mini_batch):
    """Called with the paths of some files; one text for each row of them."""
    rows = []
    for path in mini_batch:
        with open(path, newline="", encoding="utf-8") as file:
            biopsies = list(csv.DictReader(file))
        predictions = score.run(json.dumps({"biopsies": biopsies}))["predictions"]
        for number, prediction in enumerate(predictions, start=1):
            rows.append(f"{os.path.basename(path)},{number},{prediction['probability']:.6f},{prediction['diagnosis']}")
    return rows
