#!/usr/bin/env python3
"""The other side of environment/bench.sh: the same models written plainly in stock PyTorch.

Reads lines `CASE N` from standard input, runs CASE N times and answers with the seconds it took. The first line of
output names the version and the forms in which the model can be run. `try CASE FORM` answers with the seconds of one run of that form, the
best of three (nan where it does not work here; why is written to standard error), `use CASE FORM` makes it the one that CASE runs. `threads K` sets
the intra-op threads; `peak` answers the process's peak memory in MiB.
"""
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    sdpa = False  # by PyTorch's own fused attention, where it has one

    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, D = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if self.sdpa:
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = ((q @ k.transpose(-2, -1)) * self.scale).softmax(-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(B, N, D))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


def filters(bins=257, mels=64, top=8000.0):
    mel = lambda f: 2595.0 * torch.log10(1.0 + f / 700.0)
    freqs = torch.linspace(0, top, bins)
    points = 700.0 * (10.0 ** (torch.linspace(0, float(mel(torch.tensor(top))), mels + 2) / 2595.0) - 1.0)
    width = points[1:] - points[:-1]
    slopes = points[None] - freqs[:, None]
    return torch.clamp(torch.min(-slopes[:, :-2] / width[:-1], slopes[:, 2:] / width[1:]), min=0)


class Tagger(nn.Module):
    """CED's audio transformer: log-mel, batch norm, 16 x 16 patches, pre-norm blocks, mean pooling, logits."""

    def __init__(self, dim=192, depth=12, heads=3, classes=527, frames=1012):
        super().__init__()
        self.register_buffer("window", torch.hann_window(512))
        self.register_buffer("fb", filters())
        self.bn = nn.BatchNorm2d(64, momentum=0.01)
        self.patch = nn.Conv2d(1, dim, 16, 16)
        self.time = nn.Parameter(torch.randn(1, dim, 1, frames // 16) * 0.02)
        self.freq = nn.Parameter(torch.randn(1, dim, 4, 1) * 0.02)
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))

    @torch.no_grad()
    def mel(self, x):
        with torch.autocast("cpu", enabled=False):
            s = torch.stft(x, 512, 160, 512, self.window, center=True, pad_mode="reflect", return_complex=True)
            power = s.real ** 2 + s.imag ** 2
            db = 10 * torch.log10(torch.clamp(power.transpose(1, 2) @ self.fb, min=1e-10)).transpose(1, 2)
            return torch.maximum(db, db.amax((1, 2), keepdim=True) - 120)

    def forward(self, x):
        x = self.bn(self.mel(x).unsqueeze(2).contiguous()).transpose(1, 2)
        x = self.patch(x)
        x = (x + self.time[..., : x.shape[-1]] + self.freq).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(x)).mean(1))


torch.manual_seed(0)
a, b = torch.rand(4, 4), torch.rand(4, 4)
wave = torch.rand(8, 160000) * 2 - 1
target = torch.rand(8, 527)
model = Tagger()


def overhead():
    for _ in range(100000):
        torch.mul(a, b)


def adam(fused):
    return torch.optim.Adam(model.parameters(), lr=1e-3, **({"fused": True} if fused else {}))


def training(form, autocast):
    forward = torch.compile(model) if "compile" in form else model
    optimizer = adam("fused" in form)

    def step():
        model.train()
        Attention.sdpa = "sdpa" in form
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            logits = forward(wave)
        F.binary_cross_entropy_with_logits(logits.float(), target).backward()
        optimizer.step()

    return step


def inference(form, autocast):
    model.eval()
    Attention.sdpa = "sdpa" in form
    forward = model
    if "frozen" in form and "compile" not in form:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast, cache_enabled=False):
            forward = torch.jit.freeze(torch.jit.trace(model, wave, check_trace=False))
    elif "compile" in form:
        from torch._inductor import config
        config.freezing = "frozen" in form
        forward = torch.compile(model)

    def run():
        model.eval()
        Attention.sdpa = "sdpa" in form
        with torch.no_grad() if forward is not model else torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            forward(wave)

    return run


# torch.compile looks at Attention.sdpa once; a form is made anew when it is tried, and what was compiled before is thrown away.
has_sdpa, has_compile = hasattr(F, "scaled_dot_product_attention"), hasattr(torch, "compile")
forms = ["eager", "frozen"]
if has_sdpa:
    forms += ["sdpa"]
if has_compile:
    forms += ["compile", "compile+sdpa", "compile+frozen"]
try:
    adam(True)
    forms += ["fused", "sdpa+fused"] + (["compile+sdpa+fused"] if has_compile else [])
except (TypeError, RuntimeError):
    pass
if os.environ.get("RETORT_BENCH_FORMS"):
    forms = [form for form in forms if form == "eager" or form in os.environ["RETORT_BENCH_FORMS"].split(",")]


def made(case, form):
    kind, kept = case.split("-")[0], "frozen" if case.startswith("train") else "fused"
    if kept in form:
        raise ValueError(f"{form} is no form of {kind}")
    if has_compile:
        torch._dynamo.reset()
    return (training if kind == "train" else inference)(form, case.endswith("bfloat16"))


cases = {"overhead": overhead}
for case in ("train-float32", "train-bfloat16", "infer-float32", "infer-bfloat16"):
    cases[case] = made(case, "eager")

clock = time.process_time if os.environ.get("RETORT_BENCH_CLOCK") == "processor" else time.perf_counter
print(f"torch {torch.__version__}", *forms, flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "threads":
        torch.set_num_threads(int(rest[0]))
        print(0, flush=True)
    elif word == "peak":
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
    elif word == "use":
        cases[rest[0]] = made(*rest)
        cases[rest[0]]()
        print(0, flush=True)
    elif word == "try":
        try:
            run, best = made(*rest), float("inf")
            for _ in range(4):
                start = clock()
                run()
                best = min(best, clock() - start) if _ else best
            print(best, flush=True)
        except Exception as e:  # whatever a compiler throws
            if not isinstance(e, ValueError):
                print(f"bench.py: {rest}: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}", file=sys.stderr)
            print("nan", flush=True)
    else:
        start = clock()
        for _ in range(int(rest[0])):
            cases[word]()
        print(clock() - start, flush=True)
