"""Learning rates of CED's schedule, computed the slow way: a warm-up segment joined to a cosine scheduler.

The published code joins a linear warm-up of W events, whose last event already has the full rate, to a cosine that
starts on that event and has the length D of the whole run. Written here as a walk over events, not as the formula.
Usage: /usr/bin/python3 environment/reference/schedule.py > tests/Training/Golden/schedule.json
"""
import json
import math


def walk(rate, warm_up, steps, floor):
    events = []
    # Warm-up: W points from 0 to rate, both ends included; its last point is the cosine's first.
    points = [rate * j / (warm_up - 1) for j in range(warm_up - 1)] if warm_up > 1 else []
    events.extend(points)
    position = 0
    while len(events) < steps:
        share = 0.5 * (1.0 + math.cos(math.pi * position / steps))
        events.append(rate * (floor + (1.0 - floor) * share))
        position += 1
    return events


cases = []
for rate, warm_up, steps, floor in [(1e-3, 5, 20, 0.1), (3e-4, 300, 4000, 0.1), (1e-3, 1, 10, 0.1), (1e-3, 0, 10, 0.1), (2.0, 2, 7, 0.0)]:
    rates = walk(rate, warm_up, steps, floor)
    at = sorted({0, 1, 2, warm_up - 2, warm_up - 1, warm_up, steps // 2, steps - 1} & set(range(steps)))
    cases.append({"rate": rate, "warm_up": warm_up, "steps": steps, "floor": floor, "at": at, "rates": [rates[i] for i in at]})
print(json.dumps({"cases": cases, "tolerance": 1e-15}, indent=1))
