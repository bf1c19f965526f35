"""Prints tests/Torch/Golden/operators.json: inputs, outputs and gradients of operators, from stock PyTorch.

    /usr/bin/python3 environment/reference/operators.py > tests/Torch/Golden/operators.json

Everything is float64. The gradients are those of sum(output * w), w_k = cos(k + 1), with respect to every float input, so
that no element can hide behind another. OperatorParityTest computes the same through Retort.Torch.
"""
import json
import math

import numpy
import torch
import torch.nn.functional as F

rng = numpy.random.RandomState(7)


def normal(*shape):
    return torch.tensor(numpy.round(rng.randn(*shape), 3))


def unit(*shape):
    return torch.tensor(numpy.round(rng.uniform(0.1, 0.9, shape), 3))


def ints(high, *shape):
    return torch.tensor(rng.randint(0, high, shape))


def perm(n):
    return torch.tensor(rng.permutation(n))


A, B, V = (2, 3, 4), (3, 4), (5,)
CASES = []


def case(name, inputs, compute):
    CASES.append((name, inputs, compute))


for f in ("abs acosh asinh atan ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac neg rad2deg relu relu6 round selu "
          "sgn sigmoid sign silu sin sinc sinh square tan tanh trunc softplus celu hardswish hardsigmoid gelu log_sigmoid").split():
    g = {"log_sigmoid": F.logsigmoid, "gelu": F.gelu, "softplus": F.softplus, "silu": F.silu, "relu6": F.relu6, "hardswish": F.hardswish,
         "hardsigmoid": F.hardsigmoid}.get(f) or getattr(torch, f)
    case(f, [unit(*B) + 1.2 if f == "acosh" else normal(*B)], g)
for f in "acos asin atanh digamma erfinv lgamma log log10 log1p log2 logit reciprocal rsqrt sqrt".split():
    case(f, [unit(*B)], getattr(torch, f))
for f in "add sub mul div atan2 maximum minimum fmax fmin logaddexp hypot copysign".split():
    case(f, [normal(*A), normal(*B)], getattr(torch, f))
case("pow", [unit(*A), normal(*B)], torch.pow)
case("pow_scalar", [unit(*A)], lambda x: x.pow(2.5))
case("xlogy", [unit(*A), unit(*B)], torch.xlogy)
case("rsub", [normal(*B)], lambda x: 2.5 - x)
case("rdiv", [unit(*B)], lambda x: 2.5 / x)
case("remainder", [normal(*B)], lambda x: x % 0.7)
case("add_alpha", [normal(*B), normal(*B)], lambda x, y: x.add(y, alpha=0.3))
case("sub_scalar", [normal(*B)], lambda x: x - 1.5)
case("div_floor", [normal(*B), unit(*B)], lambda x, y: torch.div(x, y, rounding_mode="floor"))
case("lerp", [normal(*B), normal(*B), unit(*B)], torch.lerp)
case("addcmul", [normal(*B), normal(*B), normal(*B)], lambda a, b, c: torch.addcmul(a, b, c, value=0.5))
case("addcdiv", [normal(*B), normal(*B), unit(*B)], lambda a, b, c: torch.addcdiv(a, b, c, value=0.5))
case("clamp", [normal(*A)], lambda x: x.clamp(-0.5, 0.7))
case("clamp_min", [normal(*A)], lambda x: x.clamp_min(0.1))
case("leaky_relu", [normal(*A)], lambda x: F.leaky_relu(x, 0.2))
case("elu", [normal(*A)], lambda x: F.elu(x, 0.8))
case("hardtanh", [normal(*A)], lambda x: F.hardtanh(x, -0.5, 0.5))
case("threshold", [normal(*A)], lambda x: F.threshold(x, 0.1, 2.0))
case("prelu", [normal(2, 3, 4), unit(3)], F.prelu)
case("glu", [normal(2, 6)], lambda x: F.glu(x, -1))

case("sum", [normal(*A)], torch.sum)
case("sum_dim", [normal(*A)], lambda x: x.sum(1, keepdim=True))
case("sum_dims", [normal(*A)], lambda x: x.sum((0, 2)))
case("mean", [normal(*A)], torch.mean)
case("mean_dim", [normal(*A)], lambda x: x.mean((1,), keepdim=True))
case("prod", [normal(*A)], lambda x: x.prod(1))
case("var", [normal(*A)], lambda x: x.var(1))
case("var_biased", [normal(*A)], lambda x: x.var((0, 2), unbiased=False, keepdim=True))
case("std", [normal(*A)], lambda x: x.std((1, 2)))
case("var_mean", [normal(*A)], lambda x: torch.var_mean(x, (1,), unbiased=False))
case("norm", [normal(*A)], torch.norm)
case("norm_dim", [normal(*A)], lambda x: x.norm(2, dim=1))
case("logsumexp", [normal(*A)], lambda x: x.logsumexp(-1))
case("softmax", [normal(*A)], lambda x: x.softmax(1))
case("log_softmax", [normal(*A)], lambda x: x.log_softmax(-1))
case("cumsum", [normal(*A)], lambda x: x.cumsum(1))
case("cumprod", [normal(*A)], lambda x: x.cumprod(2))
case("logcumsumexp", [normal(*A)], lambda x: x.logcumsumexp(1))
case("amax", [normal(*A)], lambda x: x.amax((1, 2)))
case("amin", [normal(*A)], lambda x: x.amin((0,), keepdim=True))
case("max_dim", [normal(*A)], lambda x: x.max(1))
case("min_dim", [normal(*A)], lambda x: x.min(2, keepdim=True))
case("median", [normal(5)], torch.median)
case("mode", [ints(3, 2, 5)], lambda x: x.mode(1)[0])
case("argmax", [normal(*A)], lambda x: x.argmax(1))
case("argmin", [normal(*A)], lambda x: x.argmin())
case("all", [ints(2, 3, 4)], lambda x: x.bool().all(1))
case("any", [ints(2, 3, 4)], lambda x: x.bool().any(1))
case("quantile", [normal(3, 8)], lambda x: x.quantile(torch.tensor([0.25, 0.9], dtype=torch.float64), 1))
case("diff", [normal(3, 6)], lambda x: x.diff(n=2, dim=1))
case("trace", [normal(4, 4)], torch.trace)

case("matmul", [normal(2, 3, 4), normal(4, 5)], torch.matmul)
case("mm", [normal(3, 4), normal(4, 2)], torch.mm)
case("bmm", [normal(2, 3, 4), normal(2, 4, 2)], torch.bmm)
case("mv", [normal(3, 4), normal(4)], torch.mv)
case("dot", [normal(5), normal(5)], torch.dot)
case("outer", [normal(3), normal(4)], torch.outer)
case("addmm", [normal(3, 2), normal(3, 4), normal(4, 2)], lambda a, b, c: torch.addmm(a, b, c, beta=0.5, alpha=2))
case("baddbmm", [normal(2, 3, 2), normal(2, 3, 4), normal(2, 4, 2)], torch.baddbmm)
case("einsum", [normal(2, 3, 4), normal(2, 5, 4)], lambda a, b: torch.einsum("bic,bjc->bij", a, b))
case("tensordot", [normal(2, 3, 4), normal(3, 4, 5)], lambda a, b: torch.tensordot(a, b, 2))
case("kron", [normal(2, 2), normal(2, 3)], torch.kron)
case("cdist", [normal(3, 4), normal(5, 4)], torch.cdist)
case("inverse", [normal(3, 3)], torch.inverse)
case("det", [normal(3, 3)], torch.det)
case("solve", [normal(3, 3), normal(3, 2)], torch.linalg.solve)
case("cholesky", [torch.eye(3, dtype=torch.float64) * 3 + 0.1], torch.linalg.cholesky)
case("svdvals", [normal(3, 4)], torch.linalg.svdvals)
case("vector_norm", [normal(3, 4)], lambda x: torch.linalg.vector_norm(x, 3.0, (1,)))
case("matrix_exp", [normal(3, 3)], torch.matrix_exp)

case("reshape", [normal(*A)], lambda x: x.reshape(6, -1))
case("permute", [normal(*A)], lambda x: x.permute(2, 0, 1))
case("transpose", [normal(*A)], lambda x: x.transpose(0, 2))
case("squeeze", [normal(2, 1, 3)], lambda x: x.squeeze(1))
case("unsqueeze", [normal(2, 3)], lambda x: x.unsqueeze(-1))
case("expand", [normal(3, 1)], lambda x: x.expand(2, 3, 4))
case("repeat", [normal(2, 3)], lambda x: x.repeat(2, 2))
case("repeat_interleave", [normal(2, 3)], lambda x: x.repeat_interleave(2, 1))
case("flatten", [normal(*A)], lambda x: x.flatten(1))
case("flip", [normal(*A)], lambda x: x.flip(0, 2))
case("roll", [normal(*A)], lambda x: x.roll(1, 2))
case("rot90", [normal(3, 4)], lambda x: x.rot90(1, (0, 1)))
case("narrow", [normal(*A)], lambda x: x.narrow(2, 1, 2))
case("unfold", [normal(2, 8)], lambda x: x.unfold(1, 4, 2))
case("diagonal", [normal(3, 3)], torch.diagonal)
case("diag_embed", [normal(2, 3)], torch.diag_embed)
case("tril", [normal(4, 4)], lambda x: x.tril(-1))
case("triu", [normal(4, 4)], lambda x: x.triu(1))
case("cat", [normal(2, 3), normal(2, 2)], lambda a, b: torch.cat([a, b], 1))
case("stack", [normal(2, 3), normal(2, 3)], lambda a, b: torch.stack([a, b], 1))
case("split", [normal(7, 2)], lambda x: x.split([3, 4]))
case("chunk", [normal(6, 2)], lambda x: x.chunk(3))
case("unbind", [normal(3, 2)], lambda x: x.unbind(1))
case("meshgrid", [normal(3), normal(2)], lambda a, b: torch.meshgrid(a, b, indexing="ij"))
case("movedim", [normal(*A)], lambda x: x.movedim((0,), (2,)))
case("pad_reflect", [normal(2, 3, 6)], lambda x: F.pad(x, (2, 1), "reflect"))

case("gather", [normal(3, 4), ints(4, 3, 2)], lambda x, i: x.gather(1, i))
case("scatter", [normal(3, 4), ints(4, 3, 1), normal(3, 1)], lambda x, i, s: x.scatter(1, i, s))
case("scatter_add", [normal(3, 4), ints(4, 3, 4), normal(3, 4)], lambda x, i, s: x.scatter_add(1, i, s))
case("index_select", [normal(3, 4), ints(4, 5)], lambda x, i: x.index_select(1, i))
case("index_add", [normal(3, 4), ints(3, 5), normal(5, 4)], lambda x, i, s: x.index_add(0, i, s, alpha=0.5))
case("index_copy", [normal(4, 3), perm(4), normal(4, 3)], lambda x, i, s: x.index_copy(0, i, s))
case("index_fill", [normal(3, 4), ints(4, 2)], lambda x, i: x.index_fill(1, i, 2.0))
case("masked_fill", [normal(3, 4), ints(2, 3, 4)], lambda x, m: x.masked_fill(m.bool(), -3.0))
case("masked_select", [normal(3, 4), ints(2, 3, 4)], lambda x, m: x.masked_select(m.bool()))
case("masked_scatter", [normal(3, 4), ints(2, 3, 4), normal(12)], lambda x, m, s: x.masked_scatter(m.bool(), s))
case("where", [ints(2, 3, 4), normal(3, 4), normal(3, 4)], lambda m, x, y: torch.where(m.bool(), x, y))
case("take_along_dim", [normal(3, 4), ints(4, 3, 2)], lambda x, i: x.take_along_dim(i, 1))
case("index_tensor", [normal(3, 4), ints(3, 5)], lambda x, i: x[i])
case("index_pair", [normal(3, 4), ints(3, 5), ints(4, 5)], lambda x, i, j: x[i, j])
case("index_slice", [normal(3, 4, 5)], lambda x: x[1:, ..., ::2])
case("topk", [normal(3, 6)], lambda x: x.topk(2, 1))
case("sort", [normal(3, 6)], lambda x: x.sort(1, descending=True))
case("argsort", [normal(3, 6)], lambda x: x.argsort(1))
case("kthvalue", [normal(3, 6)], lambda x: x.kthvalue(2, 1))
case("nonzero", [ints(2, 3, 4)], torch.nonzero)
case("searchsorted", [unit(6).sort()[0], unit(4)], torch.searchsorted)
case("bincount", [ints(5, 12)], torch.bincount)
case("unique", [ints(5, 12)], lambda x: x.unique(return_inverse=True, return_counts=True))

for f in "eq ne lt le gt ge".split():
    case(f, [ints(3, 3, 4), ints(3, 3, 4)], getattr(torch, f))
case("logical_and", [ints(2, 3, 4), ints(2, 3, 4)], torch.logical_and)
case("bitwise_xor", [ints(9, 3, 4), ints(9, 3, 4)], torch.bitwise_xor)
case("isfinite", [normal(3) / 0], torch.isfinite)
case("nan_to_num", [torch.tensor([1.5, math.nan, math.inf, -math.inf], dtype=torch.float64)], lambda x: x.nan_to_num(0.5, 9.0, -9.0))

case("rfft", [normal(2, 8)], lambda x: torch.view_as_real(torch.fft.rfft(x)))
case("irfft", [normal(2, 5, 2)], lambda x: torch.fft.irfft(torch.view_as_complex(x), 8))
case("fft2", [normal(4, 4, 2)], lambda x: torch.view_as_real(torch.fft.fft2(torch.view_as_complex(x))))
case("fftshift", [normal(6)], torch.fft.fftshift)
case("stft", [normal(64)], lambda x: torch.view_as_real(torch.stft(x, 16, 8, window=torch.hann_window(16, dtype=torch.float64), return_complex=True)))
case("istft", [normal(9, 9, 2)], lambda x: torch.istft(torch.view_as_complex(x), 16, 8, window=torch.hann_window(16, dtype=torch.float64)))
case("hamming_window", [normal(1)], lambda x: x * torch.hamming_window(9, dtype=torch.float64))
case("complex_abs", [normal(5, 2)], lambda x: torch.view_as_complex(x).abs())
case("angle", [normal(5, 2)], lambda x: torch.view_as_complex(x).angle())
case("special_entr", [unit(5)], torch.special.entr)
case("special_log1p", [unit(5), unit(5)], torch.special.xlog1py)
case("ndtri", [unit(5)], torch.special.ndtri)


def tensor_json(t):
    kind = "double" if t.dtype == torch.float64 else "bool" if t.dtype == torch.bool else "long"
    return {"kind": kind, "shape": list(t.shape), "data": [x if kind != "bool" else bool(x) for x in number_list(t)]}


def number_list(t):
    return ["NaN" if x != x else "Infinity" if x == math.inf else "-Infinity" if x == -math.inf else x for x in t.flatten().tolist()]


def main():
    out = []
    for name, inputs, compute in CASES:
        inputs = [x.detach().clone().requires_grad_(x.dtype == torch.float64) for x in inputs]
        result = compute(*inputs)
        results = [result] if isinstance(result, torch.Tensor) else list(result)
        loss = sum((r * torch.cos(torch.arange(r.numel(), dtype=torch.float64) + 1).reshape(r.shape)).sum()
                   for r in results if r.dtype == torch.float64 and r.requires_grad)
        grads = [None] * len(inputs)
        if isinstance(loss, torch.Tensor):
            loss.backward()
            grads = [None if x.grad is None else number_list(torch.zeros_like(x) + x.grad) for x in inputs]
        out.append({"name": name, "inputs": [tensor_json(x.detach()) for x in inputs],
                    "outputs": [tensor_json(r.detach()) for r in results], "grads": grads})
    print("[" + ",\n".join(json.dumps(o, separators=(",", ":")) for o in out) + "]")


main()
