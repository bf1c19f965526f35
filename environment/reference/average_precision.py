# Oracle numbers for tests/Metrics: scikit-learn's average_precision_score and roc_auc_score.
#   /usr/bin/python3 environment/reference/average_precision.py > tests/Metrics/Golden/average_precision.json
import json
import warnings

import numpy as np
from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

warnings.filterwarnings("ignore")


def case(name, items, classes, rate, levels, seed, empty=0):
    rng = np.random.RandomState(seed)
    targets = rng.rand(items, classes) < rate
    targets[:, :empty] = False
    scores = (rng.randn(items, classes) + 1.2 * targets).astype(np.float32)
    if levels:  # few distinct scores: many ties
        scores = np.round(scores * levels).astype(np.float32) / np.float32(levels)
    weights = rng.multinomial(items, [1.0 / items] * items)
    kept = [c for c in range(classes) if targets[:, c].any()]
    ap = [average_precision_score(targets[:, c], scores[:, c]) for c in kept]
    auc = [roc_auc_score(targets[:, c], scores[:, c]) for c in kept]
    weighted = [c for c in kept if targets[weights > 0, c].any() and not targets[weights > 0, c].all()]
    return {
        "name": name, "items": items, "classes": classes,
        "scores": [float(s) for s in scores.ravel()],
        "labels": [[int(c) for c in np.flatnonzero(row)] for row in targets],
        "weights": [int(w) for w in weights],
        "ap": ap, "mean_ap": float(np.mean(ap)), "undefined": classes - len(kept),
        "micro_ap": average_precision_score(targets, scores, average="micro"),
        "auc": auc, "mean_auc": float(np.mean(auc)), "d_prime": float(np.sqrt(2) * norm.ppf(np.mean(auc))),
        "weighted_mean_ap": float(np.mean([average_precision_score(targets[:, c], scores[:, c], sample_weight=weights) for c in weighted])),
        "weighted_mean_auc": float(np.mean([roc_auc_score(targets[:, c], scores[:, c], sample_weight=weights) for c in weighted])),
    }


print(json.dumps({
    "tolerance": 1e-12,
    "cases": [
        case("no ties", 60, 5, 0.2, 0, 1),
        case("many ties", 80, 4, 0.3, 2, 2),
        case("classes without positives", 50, 6, 0.1, 0, 3, empty=2),
    ],
}))
