# Oracle numbers for tests/Statistics: two-way analysis of variance of seeds x items and Fieller's interval, from their
# textbook formulas, with Python's standard library only.
#   /usr/bin/python3 environment/reference/paired_effect.py > tests/Statistics/Golden/paired_effect.json
import sys

sys.path.pop(0)

import json
import math
import random


def t_tail(t, df):
    """P(T > t), t >= 0: Simpson's rule on the density after the substitution x = t + u / (1 - u)."""
    constant = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    n, total = 20000, 0.0
    for k in range(n):
        u = k / n
        x = t + u / (1 - u)
        total += (1 if k == 0 else 4 if k % 2 else 2) * constant * (1 + x * x / df) ** (-(df + 1) / 2) / (1 - u) ** 2
    return total / (3 * n)


def t_quantile(df):
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, df) > 0.025 else (low, middle)
    return low


def parts(d):
    """Standard errors of the grand mean: mean squares of seeds, of items and of their interaction."""
    seeds, items = len(d), len(d[0])
    grand = sum(map(sum, d)) / (seeds * items)
    of_seed = [sum(row) / items for row in d]
    of_item = [sum(row[i] for row in d) / seeds for i in range(items)]
    ms_seeds = items * sum((m - grand) ** 2 for m in of_seed) / (seeds - 1)
    ms_items = seeds * sum((m - grand) ** 2 for m in of_item) / (items - 1)
    ms_both = sum((d[s][i] - of_seed[s] - of_item[i] + grand) ** 2 for s in range(seeds) for i in range(items)) / ((seeds - 1) * (items - 1))
    v_seeds = max(ms_seeds, ms_both) / (seeds * items)
    v_items = max(0.0, ms_items - ms_both) / (seeds * items)
    spread, told = ms_seeds / (seeds * items), ms_both / (seeds * items)
    satterthwaite = (v_seeds + v_items) ** 2 / (spread ** 2 / (seeds - 1) + (told + v_items) ** 2 / (items - 1))
    return grand, v_seeds, v_items, max(min(seeds, items) - 1, min(items - 1, satterthwaite - 2))


def case(name, number, seeds, items, effect, by_seed, by_item, by_both):
    rng = random.Random(number)
    item = [rng.gauss(0, by_item) for _ in range(items)]
    d = []
    for _ in range(seeds):
        shift = effect + rng.gauss(0, by_seed)
        d.append([round(shift + b + rng.gauss(0, by_both), 4) for b in item])
    mean, v_seeds, v_items, df = parts(d)
    error = math.sqrt(v_seeds + v_items)
    half = t_quantile(df) * error
    return {"name": name, "d": d, "estimate": mean, "seeds": math.sqrt(v_seeds), "items": math.sqrt(v_items), "df": df,
            "low": mean - half, "high": mean + half, "p": 2 * t_tail(abs(mean) / error, df)}


def share(number, seeds, items):
    """Part and whole on the same seeds and items; Fieller's interval by a fine grid over the share."""
    rng = random.Random(number)
    easy = [rng.gauss(0, 2) for _ in range(items)]
    whole, part = [], []
    for _ in range(seeds):
        a = rng.gauss(0, 0.5)
        whole.append([round(8 + a + e + rng.gauss(0, 2), 4) for e in easy])
        b = 0.6 * a + rng.gauss(0, 0.4)
        part.append([round(5 + b + 0.6 * e + rng.gauss(0, 2), 4) for e in easy])
    inside = []
    for k in range(0, 2001):
        r = k / 1000
        mean, v_seeds, v_items, df = parts([[p - r * w for p, w in zip(*rows)] for rows in zip(part, whole)])
        t = abs(mean) / math.sqrt(v_seeds + v_items)
        # A coarse test before the integral.
        if t < 1.9 or (t < 15 and 2 * t_tail(t, df) > 0.05):
            inside.append(r)
    return {"part": part, "whole": whole, "estimate": parts(part)[0] / parts(whole)[0], "low": inside[0], "high": inside[-1]}


print(json.dumps({"cases": [
    case("three seeds that differ much", 1, 3, 40, 0.5, 0.6, 1.0, 0.5),
    case("five seeds that differ little", 2, 5, 60, 0.2, 0.05, 1.0, 0.4),
    case("mostly interaction", 3, 4, 50, 0.1, 0.0, 0.1, 2.0),
], "share": share(4, 4, 50)}))
