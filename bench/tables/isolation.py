"""Scores rows by scikit-learn's isolation forest, as people who have no other use of the table do.

    isolation.py TRAIN.csv ROWS.csv > scores.txt

Numbers go in as they are (missing ones as the median), categories of few values one-hot, those of many as how often each is there. Prints a score
for each row, the higher the more unusual; with --version the version of scikit-learn.
"""

import csv
import sys
from collections import Counter

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

if sys.argv[1:] == ["--version"]:
    print("scikit-learn", sklearn.__version__)
    sys.exit()

FEW = 50


def read(path):
    with open(path, newline="") as f:
        rows = csv.reader(f)
        header = next(rows)
        return header, list(zip(*rows))


def number(cell):
    return float(cell) if cell else np.nan


def features(train, rows):
    """The columns of both tables as numbers, by what the first says of them."""
    for seen, these in zip(train, rows):
        try:
            a = np.array([number(v) for v in seen])
            b = np.array([number(v) for v in these])
            median = np.nanmedian(a)
            yield np.nan_to_num(a, nan=median), np.nan_to_num(b, nan=median)
            continue
        except ValueError:
            pass
        counts = Counter(seen)
        if len(counts) <= FEW:
            for value in counts:
                yield np.array([v == value for v in seen], float), np.array([v == value for v in these], float)
        else:
            yield np.log1p([counts[v] for v in seen]), np.log1p([counts.get(v, 0) for v in these])


_, train = read(sys.argv[1])
_, rows = read(sys.argv[2])
x, y = (np.stack(list(part), axis=1) for part in zip(*features(train, rows)))
forest = IsolationForest(n_estimators=200, random_state=0, n_jobs=1).fit(x)
for score in -forest.score_samples(y):
    print(score)
