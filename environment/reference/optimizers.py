"""Parameters under PyTorch's optimizers over ten steps, and its schedules' rates; for tests/Torch/NN/OptimizersTest.cs.

    /usr/bin/python3 environment/reference/optimizers.py > tests/Torch/Golden/optimizers.json

Three parameters begin at sin(1, 2, ...); the loss is the sum of (1 + k / 10) (p - cos k)^2 / 2 over all numbers, k = 0, 1, ...
The third parameter gets no gradient in the steps 3 and 6 (counted from 0).
"""
import json

import torch
from torch import optim
from torch.optim import lr_scheduler as schedules

SHAPES = [(3, 7), (5,), (2, 2, 2)]


def begin(dtype):
    ps, k = [], 1
    for s in SHAPES:
        n = torch.Size(s).numel()
        ps.append(torch.sin(torch.arange(k, k + n, dtype=torch.float64)).reshape(s).to(dtype).requires_grad_())
        k += n
    return ps


def loss(p):
    k = torch.arange(p.numel(), dtype=p.dtype)
    return ((1 + k / 10) * (p.flatten() - torch.cos(k)) ** 2).sum() / 2


class NAdam:
    """By the paper and PyTorch 2: 1.13's own multiplies the momentum into the next step's product once too often."""

    def __init__(self, params, lr, weight_decay):
        self.params, self.lr, self.decay, self.state = params, lr, weight_decay, {}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            s = self.state.setdefault(p, {"t": 0, "product": 1.0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)})
            s["t"] += 1
            mu = 0.9 * (1 - 0.5 * 0.96 ** (s["t"] * 0.004))
            after = 0.9 * (1 - 0.5 * 0.96 ** ((s["t"] + 1) * 0.004))
            s["product"] *= mu
            g = p.grad.add(p, alpha=self.decay)
            s["m"].mul_(0.9).add_(g, alpha=1 - 0.9)
            s["v"].mul_(0.999).addcmul_(g, g, value=1 - 0.999)
            below = s["v"].div(1 - 0.999 ** s["t"]).sqrt().add_(1e-8)
            p.addcdiv_(g, below, value=-self.lr * (1 - mu) / (1 - s["product"]))
            p.addcdiv_(s["m"], below, value=-self.lr * after / (1 - s["product"] * after))


def run(make, dtype):
    torch.set_default_dtype(dtype)  # some states are numbers kept as tensors
    ps = begin(dtype)
    opt = make(ps)
    for step in range(10):
        for p in ps:
            p.grad = None
        for i, p in enumerate(ps):
            if i < 2 or step not in (3, 6):
                loss(p).backward()
        opt.step()
    return [[float(f"{v:.17g}" if dtype == torch.float64 else f"{v:.9g}") for v in p.detach().flatten().tolist()] for p in ps]


def lbfgs(dtype, lr, **settings):
    """Three steps of five iterations on a problem of curved valleys; the loss of each step's start and the parameters."""
    torch.set_default_dtype(dtype)
    ps = begin(dtype)
    opt = optim.LBFGS(ps, lr, max_iter=5, history_size=4, **settings)
    losses = []

    def closure():
        opt.zero_grad()
        k = torch.arange(36, dtype=dtype)
        x = torch.cat([p.flatten() for p in ps])
        total = ((1 + k[:34] / 10) * (x - torch.cos(k[:34])) ** 2).sum() / 2 + (x[1:] - x[:-1] ** 2).pow(2).sum()
        total.backward()
        return total

    for _ in range(3):
        losses.append(opt.step(closure).item())
    return {"losses": losses, "parameters": [p.detach().flatten().tolist() for p in ps]}


makers = {
    "SGD": lambda p: optim.SGD(p, 0.1),
    "SGD momentum": lambda p: optim.SGD(p, 0.05, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "SGD nesterov": lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    "SGD maximize": lambda p: optim.SGD(p, 0.01, maximize=True),
    "Adam": lambda p: optim.Adam(p, 0.03, betas=(0.8, 0.95), foreach=False),
    "Adam decay": lambda p: optim.Adam(p, 0.03, weight_decay=0.1, foreach=False),
    "Adam amsgrad": lambda p: optim.Adam(p, 0.03, amsgrad=True, maximize=True, foreach=False),
    "AdamW": lambda p: optim.AdamW(p, 0.03, weight_decay=0.2, foreach=False),
    "AdamW amsgrad": lambda p: optim.AdamW(p, 0.03, amsgrad=True, foreach=False),
    "RMSProp": lambda p: optim.RMSprop(p, 0.02, weight_decay=0.01, foreach=False),
    "RMSProp centered": lambda p: optim.RMSprop(p, 0.02, alpha=0.9, centered=True, momentum=0.5, foreach=False),
    "Adagrad": lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.2, foreach=False),
    "NAdam": lambda p: NAdam(p, 0.02, weight_decay=0.01),
    "Adamax": lambda p: optim.Adamax(p, 0.02, weight_decay=0.01, foreach=False),
    "Adadelta": lambda p: optim.Adadelta(p, 0.5, weight_decay=0.01, foreach=False),
    "Rprop": lambda p: optim.Rprop(p, 0.05, foreach=False),
    "ASGD": lambda p: optim.ASGD(p, 0.05, lambd=0.01, t0=4, weight_decay=0.01, foreach=False),
    "RAdam": lambda p: optim.RAdam(p, 0.02, weight_decay=0.01, foreach=False),
}

plans = {
    "StepLR": lambda o: schedules.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o: schedules.MultiStepLR(o, [2, 5, 5, 11], 0.5),
    "ExponentialLR": lambda o: schedules.ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: schedules.ConstantLR(o, 0.25, 4),
    "LinearLR": lambda o: schedules.LinearLR(o, 0.2, 0.8, 6),
    "PolynomialLR": lambda o: schedules.PolynomialLR(o, 15, 2.0),
    "CosineAnnealingLR": lambda o: schedules.CosineAnnealingLR(o, 8, 0.01),
    "LambdaLR": lambda o: schedules.LambdaLR(o, lambda e: 1 / (1 + e)),
    "MultiplicativeLR": lambda o: schedules.MultiplicativeLR(o, lambda e: 0.95 if e % 2 else 0.9),
    "CyclicLR": lambda o: schedules.CyclicLR(o, 0.01, 0.1, 3, 5),
    "CyclicLR triangular2": lambda o: schedules.CyclicLR(o, 0.01, 0.1, 3, mode="triangular2"),
    "CyclicLR exp_range": lambda o: schedules.CyclicLR(o, 0.01, 0.1, 4, mode="exp_range", gamma=0.98),
    "OneCycleLR": lambda o: schedules.OneCycleLR(o, 0.3, total_steps=25),
    "OneCycleLR three phases": lambda o: schedules.OneCycleLR(o, 0.3, epochs=5, steps_per_epoch=5, three_phase=True, anneal_strategy="linear"),
    "SequentialLR": lambda o: schedules.SequentialLR(o, [schedules.ConstantLR(o, 0.1, 3), schedules.ExponentialLR(o, 0.9)], [4]),
    "ChainedLR": lambda o: schedules.ChainedScheduler([schedules.ConstantLR(o, 0.1, 3), schedules.ExponentialLR(o, 0.9)]),
}


def rates(make):
    torch.set_default_dtype(torch.float32)
    p = torch.zeros(1, requires_grad=True)
    o = optim.SGD([p], 0.2, momentum=0.9)
    s = make(o)
    out = []
    for _ in range(21):
        out.append([o.param_groups[0]["lr"], o.param_groups[0]["momentum"]])
        o.step()
        s.step()
    return out


def plateau(mode, threshold_mode, values):
    p = torch.zeros(1, requires_grad=True)
    o = optim.SGD([p], 0.2)
    s = schedules.ReduceLROnPlateau(o, mode, 0.5, patience=1, threshold=0.1, threshold_mode=threshold_mode, cooldown=1, min_lr=0.03)
    out = []
    for v in values:
        s.step(v)
        out.append(o.param_groups[0]["lr"])
    return {"values": values, "rates": out}


VALUES = [1.0, 0.95, 0.93, 0.92, 0.7, 0.69, 0.69, 0.69, 0.69, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]
print(json.dumps({
    "optimizers": {n: {"float32": run(m, torch.float32), "float64": run(m, torch.float64)} for n, m in makers.items()},
    "lbfgs": lbfgs(torch.float64, 0.1, tolerance_grad=1e-5),
    "schedules": {n: rates(m) for n, m in plans.items()},
    "plateau": {"min rel": plateau("min", "rel", VALUES), "max abs": plateau("max", "abs", [-v for v in VALUES])},
}, separators=(",", ":")))
