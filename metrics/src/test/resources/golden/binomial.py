"""Writes binomial.csv: Wilson's 95 % interval and the exact one-sided binomial test, by SciPy.

Run with SciPy 1.17.1: python3 binomial.py > binomial.csv
"""

from scipy.stats import binomtest

CASES = [
    (0, 1, 2), (1, 1, 2), (0, 12, 2), (6, 12, 2), (12, 12, 2), (1, 12, 3), (11, 12, 3),
    (83, 100, 2), (0, 100, 3), (33, 100, 3), (50, 100, 2), (100, 100, 2), (181, 198, 3),
    (61, 198, 3), (397, 600, 2), (5000, 10000, 2), (5200, 10000, 2), (9999, 10000, 2),
]

print("correct,n,alternatives,low,high,p")
for correct, n, k in CASES:
    test = binomtest(correct, n, 1 / k, alternative="greater")
    # The interval of a one-sided test is one-sided, so this one is taken from the two-sided test.
    interval = binomtest(correct, n, 1 / k).proportion_ci(0.95, method="wilson")
    print(f"{correct},{n},{k},{float(interval.low)!r},{float(interval.high)!r},{float(test.pvalue)!r}")
