"""Writes the CSV files beside it: statistics by SciPy, statsmodels and NumPy. Lists are separated by spaces.

Run with SciPy 1.17.1, statsmodels 0.15.0 and NumPy 2.4.6, in this folder: python3 generate.py
"""

import csv
import itertools
import math
import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats import contingency_tables, inter_rater, multitest, proportion

PUBLISHED = pathlib.Path("../../../../main/resources/io/metamer/metrics/nanda2023-observers.csv")
RANDOM = np.random.default_rng(6)


def text(value):
    if isinstance(value, (list, tuple, np.ndarray)):
        return " ".join(text(v) for v in value)
    return repr(float(value)) if isinstance(value, (float, np.floating)) else str(value)


def write(name, header, rows):
    with open(name, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows([text(cell) for cell in row] for row in rows)


def mcnemar(b, c):
    exact = 1.0 if b + c == 0 else contingency_tables.mcnemar([[0, b], [c, 0]], exact=True).pvalue
    # Fagerland et al. (2013): outcomes further from the middle, and half of those as far.
    k = np.arange(b + c + 1)
    probability = stats.binom(b + c, 0.5).pmf(k)
    far, seen = abs(2 * k - b - c), abs(b - c)
    mid = 1.0 if b + c == 0 else probability[far > seen].sum() + probability[far == seen].sum() / 2
    return b, c, float(exact), float(mid)


write("mcnemar.csv", "only_first,only_second,exact,mid",
      [mcnemar(b, c) for b, c in
       [(0, 0), (1, 0), (0, 5), (1, 7), (4, 4), (12, 3), (59, 6), (16, 18), (200, 260), (1000, 1200)]])

# Cohen on categories, and error consistency on right (1) and wrong (0) from its own definition.
cohens, errors = [], []
for n, k in [(5, 2), (12, 3), (40, 2), (200, 3), (1000, 4)]:
    a = RANDOM.integers(k, size=n)
    b = np.where(RANDOM.random(n) < 0.6, a, RANDOM.integers(k, size=n))
    table = np.zeros((k, k))
    np.add.at(table, (a, b), 1)
    cohens.append((a, b, inter_rater.cohens_kappa(table, return_results=False)))
    right_a, right_b = (a > 0).astype(int), (b > 0).astype(int)
    p, q = right_a.mean(), right_b.mean()
    chance = p * q + (1 - p) * (1 - q)
    errors.append((right_a, right_b, ((right_a == right_b).mean() - chance) / (1 - chance)))
write("cohen.csv", "first,second,kappa", cohens)
write("error_consistency.csv", "first,second,kappa", errors)

# Rows of observers, separated by bars; and the table of Fleiss (1971) as Wikipedia has it, kappa 0.210.
fleiss = []
for observers, trials, k in [(2, 6, 2), (3, 20, 3), (14, 10, 5), (50, 100, 2)]:
    truth = RANDOM.integers(k, size=trials)
    rows = [np.where(RANDOM.random(trials) < 0.5, truth, RANDOM.integers(k, size=trials)) for _ in range(observers)]
    counts = np.array([[sum(row[t] == c for row in rows) for c in range(k)] for t in range(trials)])
    fleiss.append(("|".join(text(row) for row in counts), inter_rater.fleiss_kappa(counts)))
known = [[0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
         [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]]
fleiss.append(("|".join(text(row) for row in known), inter_rater.fleiss_kappa(np.array(known))))
write("fleiss.csv", "counts,kappa", fleiss)

write("holm.csv", "p,adjusted",
      [(p, multitest.multipletests(p, method="holm")[1]) for p in
       [[0.2], [0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.9], [0.0, 1.0, 0.02, 0.02, 1e-9],
        list(RANDOM.random(40) ** 3)]])


def interval(r, variance):
    if abs(r) > 1 - 1e-12 or not variance > 0:
        return "", ""
    return stats.norm(math.atanh(r), math.sqrt(variance)).interval(0.95)


def correlation(name, x, y):
    n = len(x)
    rho = stats.spearmanr(x, y).statistic
    tau = stats.kendalltau(x, y).statistic
    rho_ends = interval(rho, (1 + rho**2 / 2) / (n - 3) if n > 3 else -1)
    tau_ends = interval(tau, 0.437 / (n - 4) if n > 4 else -1)
    ends = [e if e == "" else math.tanh(e) for e in [*rho_ends, *tau_ends]]
    return [name, list(map(float, x)), list(map(float, y)), rho, *ends[:2], tau, *ends[2:]]


with open(PUBLISHED) as file:
    published = list(csv.DictReader(line for line in file if not line.startswith("#")))
column = {c: [float(row[c]) for row in published] for c in published[0] if c.startswith(("human", "lpips"))}
x = RANDOM.normal(size=30)
write("correlation.csv", "name,x,y,spearman,spearman_low,spearman_high,kendall,kendall_low,kendall_high", [
    correlation("human 2AFC against LPIPS 2AFC", column["human_2afc"], column["lpips_2afc"]),
    correlation("human clustering against LPIPS clustering", column["human_clustering"], column["lpips_clustering"]),
    correlation("human 2AFC against human clustering", column["human_2afc"], column["human_clustering"]),
    correlation("no ties", x, x + RANDOM.normal(size=30)),
    correlation("ties", RANDOM.integers(4, size=25), RANDOM.integers(5, size=25)),
    correlation("opposite", [1, 2, 3, 5, 4, 6], [6, 5, 4, 2, 1, 1]),
    correlation("perfect", [1, 2, 3, 4, 5], [1, 4, 9, 16, 25]),
    correlation("four", [1, 2, 3, 4], [1, 3, 2, 4]),
    correlation("three", [1, 2, 3], [1, 3, 2]),
])


def signflip(first, second):
    result = stats.permutation_test((np.array(first), np.array(second)), lambda a, b, axis: (a - b).mean(axis=axis),
                                    permutation_type="samples", n_resamples=np.inf, vectorized=True)
    return first, second, float(result.statistic), float(result.pvalue)


def pairs(n, shift):
    base = RANDOM.random(n)
    return list(base + shift + RANDOM.normal(size=n) / 10), list(base)


write("signflip.csv", "first,second,difference,p", [
    signflip([1, 2, 3, 4.0], [1, 2, 3, 4.0]), signflip([0.9, 0.8, 0.7], [0.1, 0.2, 0.3]),
    signflip(*pairs(10, 0.05)), signflip(*pairs(16, 0.05)),
    # Equal sizes, so that many assignments have exactly the observed sum.
    signflip([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.0, 0.1, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9]),
])

# More pairs than are enumerated: differences of whole tenths have sums that can be counted exactly.
many = []
for n, shift in [(25, 1), (60, 0), (100, 1)]:
    d = RANDOM.integers(-5 + shift, 6 + shift, size=n)
    ways = {0: 1}
    for step in d:
        longer = {}
        for total, count in ways.items():
            for sign in (1, -1):
                longer[total + sign * int(step)] = longer.get(total + sign * int(step), 0) + count
        ways = longer
    reached = sum(count for total, count in ways.items() if abs(total) >= abs(int(d.sum())))
    many.append((list(d / 10), reached / 2**n))
write("signflip_many.csv", "differences,p", many)

write("fisher.csv", "n,targets,hits,found,p", [
    (n, t, h, f, float(stats.fisher_exact([[f, t - f], [h - f, n - t - h + f]]).pvalue))
    for n, t, h, f in [(10, 5, 5, 5), (20, 10, 13, 9), (100, 50, 80, 47), (100, 50, 50, 25), (99, 33, 60, 28),
                       (40, 20, 0, 0), (40, 20, 40, 20), (7, 1, 3, 1), (10000, 5000, 9000, 4580)]])


def answers(p, width):
    def wide(n):
        low, high = proportion.proportion_confint(n * p, n, 0.05, method="wilson")
        return high - low > width
    n = 1
    while wide(n):
        n += 1
    return p, width, n


write("sample_size.csv", "proportion,width,answers",
      [answers(p, w) for p in [0.0, 0.3, 0.5, 0.9, 0.95, 1.0] for w in [0.5, 0.2, 0.1, 0.05]])


def ceiling(values):
    people = range(len(values))
    r = []
    for half in itertools.combinations(people, len(values) // 2):
        if len(values) % 2 == 1 or 0 in half:
            rest = [i for i in people if i not in half]
            r.append(stats.pearsonr(values[list(half)].mean(axis=0), values[rest].mean(axis=0)).statistic)
    mean = float(np.mean(r))
    # The last column: standard error of the mean of 1,000 splits.
    return "|".join(text(row) for row in values), len(r), mean, 2 * mean / (1 + mean), float(np.std(r) / math.sqrt(1000))


def table(participants, conditions, noise):
    truth = RANDOM.random(conditions)
    return np.round(truth + noise * RANDOM.normal(size=(participants, conditions)), 6)


write("noise_ceiling.csv", "values,splits,halves,corrected,error",
      [ceiling(table(2, 5, 0.1)), ceiling(table(3, 4, 0.2)), ceiling(table(8, 20, 0.3)), ceiling(table(11, 6, 0.3)),
       ceiling(table(14, 12, 0.5))])

write("spread.csv", "values,mean,population,sample",
      [(v, float(np.mean(v)), float(np.std(v)), float(np.std(v, ddof=1)))
       for v in [[0.93, 0.01, 0.81, 0.56], [0.0, 0.0, 0.0, 0.0], [0.16, 0.0, 0.0], list(RANDOM.random(50))]])
