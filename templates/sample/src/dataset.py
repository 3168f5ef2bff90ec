"""Reading and writing the tables the steps hand to each other."""

import csv
import os

LABEL = "diagnosis"
POSITIVE = "malignant"


def find_csv(path):
    """The CSV file at `path`, or the only one in the folder `path`."""
    if os.path.isfile(path):
        return path
    names = sorted(name for name in os.listdir(path) if name.endswith(".csv"))
    if len(names) != 1:
        raise ValueError(f"{path} should hold exactly one .csv file; found {len(names)}")
    return os.path.join(path, names[0])


def read_table(path):
    """(feature names, rows of floats, labels 0 or 1) of a CSV file with a header line."""
    with open(find_csv(path), newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        features = [name for name in reader.fieldnames or [] if name != LABEL]
        rows, labels = [], []
        for record in reader:
            rows.append([float(record[name]) for name in features])
            labels.append(1 if record[LABEL] == POSITIVE else 0)
    return features, rows, labels


def write_table(path, features, rows, labels):
    """Writes the table so that `read_table` reads it back."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*features, LABEL])
        for row, label in zip(rows, labels):
            writer.writerow([*row, POSITIVE if label else "benign"])
