"""Weights after steps of PyTorch's Adam and AdamW, with gradients and rates that anyone can compute.

Weight i starts at cos(i); its gradient at step t is sin(1.3 i + 0.7 t) / (1 + i % 3); the rate at step t is 0.01 (t + 1).
Usage: /usr/bin/python3 environment/reference/adam.py > tests/Training/Golden/adam.json
"""
import json
import torch


def run(kind, count, steps, clip=None, **settings):
    i = torch.arange(count, dtype=torch.float64)
    weight = torch.nn.Parameter(torch.cos(i).float())
    optimizer = kind([weight], lr=1.0, **settings)
    norms = []
    for t in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (t + 1)
        weight.grad = (torch.sin(1.3 * i + 0.7 * t) / (1 + i % 3)).float()
        if clip is not None:
            norms.append(torch.nn.utils.clip_grad_norm_([weight], clip).item())
        optimizer.step()
    state = optimizer.state[weight]
    return {"weights": weight.tolist(), "exp_avg": state["exp_avg"].tolist(), "exp_avg_sq": state["exp_avg_sq"].tolist(), "norms": norms}


cases = []
for name, kind, settings in [
    ("adam", torch.optim.Adam, {}),
    ("adam_decay", torch.optim.Adam, {"weight_decay": 0.1}),
    ("adamw", torch.optim.AdamW, {"weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-6}),
    ("clipped", torch.optim.Adam, {"clip": 1.0}),
]:
    cases.append({"name": name, "count": 37, "steps": 6, **run(kind, 37, 6, **settings)})
print(json.dumps({"cases": cases, "tolerance": 2e-6}))
