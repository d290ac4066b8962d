"""Coverage of intervals for a clustering score: what Clustering's Javadoc states.

Rows of a grid are right with a probability drawn per grid (beta-binomial with mean p and intraclass
correlation rho). Compared: the bootstrap of grids, Wilson's interval of rows, and the narrowest
interval that holds both. Then the size of the binomial test for one who guesses with each column
given to one row. Run with NumPy and SciPy 1.17.1: python3 clustering_interval.py
"""

import numpy as np
from scipy.stats import binom, norm

REPETITIONS, RESAMPLES = 4000, 2000
z = norm.ppf(0.975)
rng = np.random.default_rng(1)


def wilson(k, n):
    p, shrink = k / n, 1 + z * z / n
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / shrink
    centre = (p + z * z / (2 * n)) / shrink
    return centre - half, centre + half


def bootstrap(right):
    grids = len(right)
    drawn = np.sort(right[rng.integers(0, grids, (RESAMPLES, grids))].sum(1) / (3 * grids))
    outside = int(RESAMPLES * 0.025)
    return drawn[outside], drawn[-1 - outside]


def draw(grids, p, rho):
    if rho == 0:
        return rng.binomial(3, p, grids)
    return rng.binomial(3, rng.beta(p * (1 - rho) / rho, (1 - p) * (1 - rho) / rho, grids))


print("grids p rho: bootstrap wilson both")
for grids in (4, 12, 33):
    for p in (1 / 3, 0.7, 0.95):
        for rho in (0, 0.2, 0.5):
            covered = np.zeros(3)
            for _ in range(REPETITIONS):
                right = draw(grids, p, rho)
                b, w = bootstrap(right), wilson(right.sum(), 3 * grids)
                both = min(b[0], w[0]), max(b[1], w[1])
                covered += [low - 1e-12 <= p <= high + 1e-12 for low, high in (b, w, both)]
            print(f"{grids} {p:.2f} {rho}:", *(f"{c:.3f}" for c in covered / REPETITIONS))

print("grids: P(p <= 0.05) for a one-to-one guess")
for grids in (4, 12, 33):
    # 0, 1 or 3 of three rows are right, as a random permutation has fixed points.
    total = np.array([1.0])
    for _ in range(grids):
        total = np.convolve(total, [1 / 3, 1 / 2, 0, 1 / 6])
    critical = next(k for k in range(3 * grids + 1) if binom.sf(k - 1, 3 * grids, 1 / 3) <= 0.05)
    print(f"{grids}: {total[critical:].sum():.3f}")
