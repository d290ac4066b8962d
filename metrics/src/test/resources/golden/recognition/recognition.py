"""Writes human.csv and ceiling.csv: means at one layer and noise ceilings of people's answers in Feather et al. (2023), by NumPy.

Run with NumPy 2.4.6, in this folder: python3 recognition.py model_metamers_vision.csv
"""

import collections
import csv
import math
import sys

import numpy as np

cells = collections.defaultdict(dict)
with open(sys.argv[1]) as file:
    for row in csv.DictReader(file):
        key = int(row["experiment"]), row["model"], int(row["layer_index"]), row["layer"]
        cells[key][int(row["participant"])] = float(row["human_correct"])
tables = {key: np.array([people[p] for p in sorted(people)]) for key, people in cells.items()}

with open("human.csv", "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["experiment", "network", "layer", "mean", "deviation", "error"])
    for (experiment, network, _, layer), values in sorted(tables.items()):
        if experiment == 3 and layer == "avgpool":
            n = len(values)
            writer.writerow([experiment, network, layer, repr(float(values.mean())), repr(float(values.std())),
                             repr(float(values.std() / math.sqrt(n)))])

with open("ceiling.csv", "w", newline="") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["experiment", "participants", "conditions", "halves", "error"])
    random = np.random.default_rng(1)
    for experiment in sorted({key[0] for key in tables}):
        values = np.array([v for key, v in tables.items() if key[0] == experiment and key[3] != "natural_image"]).T
        r = []
        for _ in range(20_000):
            order = random.permutation(len(values))
            half, rest = order[: len(values) // 2], order[len(values) // 2:]
            r.append(np.corrcoef(values[half].mean(axis=0), values[rest].mean(axis=0))[0, 1])
        # The error: of the mean of 1,000 splits, and of these.
        writer.writerow([experiment, *values.shape, repr(float(np.mean(r))),
                         repr(float(np.std(r) * math.sqrt(1 / 1000 + 1 / 20_000)))])
