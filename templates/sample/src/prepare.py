"""Splits the raw table into a training and a test table, the same way every time for the same seed."""

import argparse
import os
import random

import dataset
import tracking


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--raw", required=True)
    parser.add_argument("--test-fraction", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--training", required=True)
    parser.add_argument("--test", required=True)
    arguments = parser.parse_args()

    features, rows, labels = dataset.read_table(arguments.raw)
    order = list(range(len(rows)))
    random.Random(arguments.seed).shuffle(order)
    split = round(len(order) * arguments.test_fraction)
    for name, folder, indices in (("test", arguments.test, order[:split]), ("training", arguments.training, order[split:])):
        chosen = [labels[i] for i in indices]
        dataset.write_table(os.path.join(folder, f"{name}.csv"), features, [rows[i] for i in indices], chosen)
        print(f"{name}: {len(indices)} biopsies, {sum(chosen)} malignant")
    tracking.log_metrics({"rows": len(rows), "malignant": sum(labels)})


if __name__ == "__main__":
    main()
