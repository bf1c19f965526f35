"""Herding and nearest-mean selection stated again in numpy: python3 herding.py > tests/Data/Golden/herding.json"""
import json

import numpy as np


def herding(features, count):
    d = np.array(features, dtype=np.float64).T
    d = d / (np.linalg.norm(d, axis=0) + 1e-8)
    mu = d.mean(axis=1)
    w, order = mu.copy(), []
    for _ in range(1000):
        if len(order) == count:
            break
        best = int(np.argmax(w @ d))
        if best not in order:
            order.append(best)
        w = w + mu - d[:, best]
    return order + [i for i in range(d.shape[1]) if i not in order][:count - len(order)]


def nearest(features, count):
    x = np.array(features, dtype=np.float64)
    return np.argsort(((x - x.mean(axis=0)) ** 2).sum(axis=1), kind="stable")[:count].tolist()


rng = np.random.default_rng(3)
cases = []
for samples, width, count in ((12, 3, 5), (40, 6, 40), (30, 16, 12)):
    # Eighths, so that float32 holds them exactly.
    features = (np.round(rng.normal(0.5, 1, (samples, width)) * 8) / 8).tolist()
    cases.append({"count": count, "features": features, "herding": herding(features, count), "nearest": nearest(features, count)})
print(json.dumps({"cases": cases}))
