"""Scores the model on the test table and logs the metrics the promotion gate reads."""

import argparse
import json
import math
import os

import dataset
import logistic_regression
import tracking

try:
    from sklearn.metrics import roc_auc_score
except ImportError:
    roc_auc_score = None


def area_under_roc(scores, labels):
    """The chance that a malignant biopsy scores higher than a benign one; ties count half."""
    if roc_auc_score:
        return float(roc_auc_score(labels, scores))
    positives = [score for score, label in zip(scores, labels) if label]
    negatives = [score for score, label in zip(scores, labels) if not label]
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--report", required=True)
    arguments = parser.parse_args()

    model = logistic_regression.load(arguments.model)
    _, rows, labels = dataset.read_table(arguments.test)
    scores = [logistic_regression.predict(model, row) for row in rows]
    found = [score >= 0.5 for score in scores]
    hits = sum(1 for flag, label in zip(found, labels) if flag and label)
    metrics = {
        "accuracy": sum(flag == bool(label) for flag, label in zip(found, labels)) / len(labels),
        "recall": hits / sum(labels),
        "roc_auc": area_under_roc(scores, labels),
        "log_loss": -sum(math.log(max(s if label else 1 - s, 1e-15)) for s, label in zip(scores, labels)) / len(labels),
    }
    for name, value in metrics.items():
        print(f"{name}: {value:.5f}")
    tracking.log_metrics(metrics)
    os.makedirs(arguments.report, exist_ok=True)
    with open(os.path.join(arguments.report, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=1)


if __name__ == "__main__":
    main()
