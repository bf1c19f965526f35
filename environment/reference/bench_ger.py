#!/usr/bin/env python3
"""The other side of environment/bench.sh, group ger: the adapted LLaMA-family model written plainly in stock PyTorch.

Usage: bench_ger.py WEIGHTS OUTPUTS. WEIGHTS (safetensors) holds the model's state under its published names and the inputs; decoded
tokens are written to OUTPUTS. Lines `CASE N` run CASE N times and are answered with the seconds it took.
"""
import json
import math
import os
import struct
import sys
import time

import torch
import torch.nn.functional as F

clock = time.process_time if os.environ.get("RETORT_BENCH_CLOCK") == "processor" else time.perf_counter
torch.set_num_threads(1)


def read_safetensors(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        body = bytearray(file.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(body[slice(*entry["data_offsets"])], dtype=types[entry["dtype"]]).view(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


W = read_safetensors(sys.argv[1])
D, DEPTH, HEADS, ROWS, END, MOST, START = 128, 4, 4, 20, 3, 16, 1
H = D // HEADS
frozen = {k: v for k, v in W.items() if not k.startswith("bench.")}
adapter = {k: v.clone().requires_grad_() for k, v in frozen.items() if any(n in k for n in ("adapter_wte", "gating_factor", "projection_rms", ".ef_"))}
initial = {k: v.detach().clone() for k, v in adapter.items()}  # what is decoded with, however much was trained before
frozen.update(adapter)
angle = torch.arange(256)[:, None] * 10000.0 ** (-torch.arange(0, H, 2) / H)
COS, SIN = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)


def norm(x, w):
    return x * (x.square().mean(-1, keepdim=True) + 1e-5).rsqrt() * w


def rope(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def split(x):  # (B, T, heads * 3 * h) to q, k, v of (B, heads, T, h)
    B, T, _ = x.shape
    return x.view(B, T, HEADS, 3, H).permute(3, 0, 2, 1, 4).unbind(0)


def prompts(p, noise):
    _, k, v = split(F.linear(frozen[p + "adapter_wte.weight"][None], frozen[p + "attn.weight"]))
    def by_head(x, w):
        return norm(x, frozen[w]).view(len(noise), ROWS, HEADS, H).transpose(1, 2)
    k = k + by_head(F.linear(noise, frozen[p + "ef_key.weight"]), p + "projection_rms_key.weight") * frozen[p + "key_gating_factor"]
    v = v + by_head(F.linear(noise, frozen[p + "ef_value.weight"], frozen[p + "ef_value.bias"]), p + "projection_rms_value.weight") * frozen[p + "value_gating_factor"]
    return k, v


def run(tokens, mask, cos, sin, adapted, cache):
    x = frozen["transformer.wte.weight"][tokens]
    for i in range(DEPTH):
        p = f"transformer.h.{i}."
        q, k, v = split(F.linear(norm(x, frozen[p + "norm_1.weight"]), frozen[p + "attn.attn.weight"]))
        q, k = rope(q, cos, sin), rope(k, cos, sin)
        if cache is not None:
            if cache[i] is not None:
                k, v = torch.cat([cache[i][0], k], 2), torch.cat([cache[i][1], v], 2)
            cache[i] = k, v
        scores = q @ k.transpose(-2, -1) / math.sqrt(H)
        y = (scores if mask is None else scores + mask).softmax(-1) @ v
        if i >= START:
            ka, va = adapted[i]
            y = y + (q @ ka.transpose(-2, -1) / math.sqrt(H)).softmax(-1) @ va * frozen[p + "attn.gating_factor"].view(1, HEADS, 1, 1)
        x = x + F.linear(y.transpose(1, 2).reshape(x.shape), frozen[p + "attn.proj.weight"])
        n = norm(x, frozen[p + "norm_2.weight"])
        x = x + F.linear(F.silu(F.linear(n, frozen[p + "mlp.fc_1.weight"])) * F.linear(n, frozen[p + "mlp.fc_2.weight"]), frozen[p + "mlp.proj.weight"])
    return norm(x, frozen["transformer.ln_f.weight"])


def adapt(noise):
    return {i: prompts(f"transformer.h.{i}.attn.", noise) for i in range(START, DEPTH)}


tokens, targets, noise = W["bench.tokens"], W["bench.targets"], W["bench.noise"]
optimizer = torch.optim.AdamW(adapter.values(), 1e-4)


def train():
    frozen.update(adapter)
    T = tokens.shape[1]
    mask = torch.full((T, T), -math.inf).triu(1)
    hidden = run(tokens, mask, COS[:T], SIN[:T], adapt(noise), None).reshape(-1, D)
    flat = targets.reshape(-1)
    places = flat.ge(0).nonzero().squeeze(1)
    loss = F.cross_entropy(F.linear(hidden[places], frozen["lm_head.weight"]), flat[places])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def decode():
    frozen.update(initial)
    test, test_noise = W["bench.test"], W["bench.testnoise"]
    rows, found = torch.arange(len(test)), [[] for _ in test]
    cache, adapted = [None] * DEPTH, adapt(test_noise)
    T = test.shape[1]
    now, mask, place = test, torch.full((T, T), -math.inf).triu(1), 0
    for _ in range(MOST):
        n = now.shape[1]
        x = run(now, mask, COS[place:place + n], SIN[place:place + n], adapted, cache)[:, -1]
        place, mask = place + n, None
        best = F.linear(x, frozen["lm_head.weight"]).argmax(-1)
        live = (best != END).nonzero().squeeze(1)
        for r in live.tolist():
            found[rows[r]].append(int(best[r]))
        if len(live) == 0:
            break
        if len(live) < len(rows):
            rows = rows[live]
            cache = [(k[live], v[live]) for k, v in cache]
            adapted = {i: (k[live], v[live]) for i, (k, v) in adapted.items()}
        now = best[live][:, None]
    with open(sys.argv[2], "w") as file:
        json.dump(found, file)


cases = {"ger-train": train, "ger-decode": decode}
print(f"PyTorch {torch.__version__}", flush=True)
for line in sys.stdin:
    name, count = line.split()
    start = clock()
    for _ in range(int(count)):
        cases[name]()
    print(clock() - start, flush=True)
