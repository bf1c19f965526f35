"""Numbers of the distillation losses from stock PyTorch, for tests/Losses. Prints JSON.

    python3 environment/reference/losses.py > tests/Losses/Golden/losses.json
"""
import json

import torch
import torch.nn.functional as F


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().flatten().tolist()]


def case(loss, x):
    x = x.clone().requires_grad_()
    value = loss(x)
    value.backward()
    return {"loss": float(f"{value.item():.9g}"), "grad": numbers(x.grad)}


torch.manual_seed(1)
B, C = 4, 6
student = torch.randn(B, C) * 2
teacher = torch.randn(B, C) * 2
soft = torch.rand(B, C)
soft[0, 0], soft[1, 2] = 0, 1
simplex = torch.softmax(torch.randn(B, C), -1)
simplex[2] = torch.tensor([1.0, 0, 0, 0, 0, 0])
weights = torch.tensor([0.9, 0.25, 0.5, 0.03])
mask = torch.tensor([1.0, 0, 1, 1])
labels = torch.tensor([0, 5, 2, 2])
probabilities = torch.sigmoid(student)
T = 3.0


def kl_rows(s, t):
    return F.kl_div(F.log_softmax(s / T, -1), F.softmax(t / T, -1), reduction="none").sum(-1) * T * T


def mixed(z):
    # As published: two losses, weighted clip by clip.
    each = lambda t: F.binary_cross_entropy_with_logits(z, t, reduction="none").mean(-1)
    return (weights * each(soft.flip(0)) + (1 - weights) * each(soft)).mean()


def bernoulli(z):
    p, q = torch.sigmoid(teacher / T), torch.sigmoid(z / T)
    return T * T * (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).mean()


out = {
    "torch": torch.__version__, "rows": B, "classes": C, "temperature": T,
    "student": numbers(student), "teacher": numbers(teacher), "soft": numbers(soft), "simplex": numbers(simplex),
    "weights": numbers(weights), "mask": numbers(mask), "labels": labels.tolist(), "probabilities": numbers(probabilities),
    "cases": {
        "bce": case(lambda z: F.binary_cross_entropy_with_logits(z, soft), student),
        "bce_of_probabilities": case(lambda p: F.binary_cross_entropy(p, soft), probabilities),
        "bce_mixed": case(mixed, student),
        "kl": case(lambda z: F.kl_div(F.log_softmax(z / T, -1), F.softmax(teacher / T, -1), reduction="batchmean") * T * T, student),
        "kl_masked": case(lambda z: (kl_rows(z, teacher) * mask).sum() / mask.sum(), student),
        "kl_of_probabilities": case(lambda z: F.kl_div(F.log_softmax(z, -1), simplex, reduction="batchmean"), student),
        "cross_entropy": case(lambda z: F.cross_entropy(z, simplex), student),
        "with_labels": case(lambda z: 0.1 * F.cross_entropy(z, labels) + 0.9 * kl_rows(z, teacher).mean(), student),
        "bernoulli_kl": case(bernoulli, student),
        "mean_square": case(lambda z: F.mse_loss(z, teacher), student),
        "cosine": case(lambda z: (1 - F.cosine_similarity(z, teacher, dim=-1)).mean(), student),
    },
}
lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items() if k != "cases"]
cases = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out["cases"].items()]
print("{\n" + ",\n".join(lines + ["\"cases\": {\n" + ",\n".join(cases) + "\n}"]) + "\n}")
