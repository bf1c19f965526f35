# Oracle numbers for tests/Statistics: SciPy.
#   /usr/bin/python3 environment/reference/intervals.py > tests/Statistics/Golden/statistics.json
import json

import numpy as np
from scipy import stats

rng = np.random.RandomState(7)


def pair(n, shift, digits=None):
    b = rng.randn(n)
    a = b + shift + 0.7 * rng.randn(n)
    if digits is not None:
        a, b = np.round(a, digits), np.round(b, digits)
    return a, b


def case(name, a, b):
    d = a - b
    mean, error = d.mean(), stats.sem(d)
    low, high = stats.t.interval(0.95, len(d) - 1, loc=mean, scale=error)
    return {"name": name, "a": a.tolist(), "b": b.tolist(), "mean": mean, "sd": d.std(ddof=1), "low": low, "high": high}


print(json.dumps({"cases": [
    case("five pairs", *pair(5, 0.8)),
    case("twelve pairs", *pair(12, 0.4)),
    case("forty pairs", *pair(40, 0.2)),
    case("ties", *pair(14, 0.3, 0 + 1)),
]}))
