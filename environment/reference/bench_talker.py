#!/usr/bin/env python3
"""The other side of environment/bench.sh, group talker: KDTalker's denoiser and LivePortrait's warping network and decoder written plainly in stock PyTorch.

Lines `CASE N` run CASE N times and are answered with the seconds it took.
"""
import math
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, HEADS, LAYERS, TURNED, MOTION, AUDIO, TIME = 768, 12, 6, 12, 70, 512, 256


class Film(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(TIME + AUDIO, 2 * WIDTH))
        self.first, self.norm, self.second = nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, condition):
        scale, shift = self.mlp(condition).chunk(2, -1)
        # Autocast gives bfloat16, which PyTorch 1.13's norm does not take beside float32 weights.
        u = F.silu(self.norm(self.first(x).float()) * (1 + scale) + shift)
        return F.silu(self.second(u)) + x


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH)
        self.register_buffer("freqs", 10000.0 ** (-torch.arange(0, TURNED, 2) / TURNED))

    def turn(self, x, angles):
        a, b = x[..., :TURNED:2], x[..., 1:TURNED:2]
        turned = torch.stack([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1).flatten(-2)
        return torch.cat([turned, x[..., TURNED:]], -1)

    def forward(self, x, bias):
        B, N, D = x.shape
        q, k, v = self.qkv(self.norm(x.float())).view(B, N, 3, HEADS, D // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        angles = torch.arange(N)[:, None] * self.freqs
        q, k = self.turn(q * (D // HEADS) ** -0.5, angles), self.turn(k, angles)
        weights = (q @ k.transpose(-2, -1) + bias).softmax(-1)
        return x + self.proj((weights @ v).transpose(1, 2).reshape(B, N, D))


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(WIDTH, TIME), nn.SiLU(), nn.Linear(TIME, TIME))
        self.into, self.out = nn.Linear(MOTION, WIDTH), nn.Linear(WIDTH, MOTION)
        self.bias = nn.Embedding(32, HEADS)
        self.layers = nn.ModuleList([nn.ModuleList([Film(), Film(), Attention()]) for _ in range(LAYERS)])

    def forward(self, x, t, audio):
        B, N, _ = x.shape
        half = WIDTH // 2
        angles = t[:, None] * torch.exp(torch.arange(half) * (-math.log(10000) / (half - 1)))
        time = self.time(torch.cat([angles.sin(), angles.cos()], 1))
        condition = torch.cat([time[:, None].expand(B, N, TIME), audio], -1)
        distance = (torch.arange(N)[:, None] - torch.arange(N)).abs().clamp(max=15)
        bias = self.bias(distance).permute(2, 0, 1)
        x = self.into(x)
        for first, second, attention in self.layers:
            x = attention(second(first(x, condition), condition), bias)
        return self.out(x)


class Spade(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.shared = nn.Sequential(nn.Conv2d(256, 128, 3, padding=1), nn.ReLU())
        self.gamma, self.beta = nn.Conv2d(128, width, 3, padding=1), nn.Conv2d(128, width, 3, padding=1)

    def forward(self, x, seen):
        shared = self.shared(F.interpolate(seen, size=x.shape[2:], mode="nearest"))
        return F.instance_norm(x) * (1 + self.gamma(shared)) + self.beta(shared)


class Block(nn.Module):
    def __init__(self, start, end):
        super().__init__()
        middle = min(start, end)
        self.norm_0, self.norm_1 = Spade(start), Spade(middle)
        self.conv_0, self.conv_1 = nn.Conv2d(start, middle, 3, padding=1), nn.Conv2d(middle, end, 3, padding=1)
        self.short = (Spade(start), nn.Conv2d(start, end, 1, bias=False)) if start != end else None

    def forward(self, x, seen):
        y = self.conv_0(F.leaky_relu(self.norm_0(x, seen), 0.2))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, seen), 0.2))
        return y + (x if self.short is None else self.short[1](self.short[0](x, seen)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Conv2d(256, 512, 3, padding=1)
        self.middle = nn.ModuleList([Block(512, 512) for _ in range(6)])
        self.up_0, self.up_1 = Block(512, 256), Block(256, 64)
        self.image = nn.Sequential(nn.Conv2d(64, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, seen):
        x = self.fc(seen)
        for block in self.middle:
            x = block(x, seen)
        x = self.up_1(F.interpolate(self.up_0(F.interpolate(x, scale_factor=2), seen), scale_factor=2), seen)
        return torch.sigmoid(self.image(F.leaky_relu(x, 0.2)))


def layer3d(start, end, kernel=3):
    return nn.Sequential(nn.Conv3d(start, end, kernel, padding=kernel // 2), nn.BatchNorm3d(end), nn.ReLU())


class Warping(nn.Module):
    POINTS, DEPTH = 21, 16

    def __init__(self):
        super().__init__()
        flows, small = self.POINTS + 1, 4
        first, widths = flows * (small + 1), [32, 64, 128, 256, 512, 1024]
        self.compress = layer3d(32, small, 1)
        self.downs = nn.ModuleList([layer3d(first if i == 0 else widths[i], widths[i + 1]) for i in range(5)])
        self.ups = nn.ModuleList([layer3d((1 if i == 4 else 2) * widths[i + 1], widths[i]) for i in reversed(range(5))])
        self.last = layer3d(first + 32, first + 32)
        self.mask, self.occlusion = nn.Conv3d(first + 32, flows, 7, padding=3), nn.Conv2d((first + 32) * self.DEPTH, 1, 7, padding=3)
        self.third = nn.Sequential(nn.Conv2d(512, 256, 3, padding=1), nn.BatchNorm2d(256), nn.LeakyReLU(0.01))
        self.fourth = nn.Conv2d(256, 256, 1)

    def forward(self, features, source, driving):
        B, (D, H, W) = len(driving), features.shape[2:]
        features = features.expand(B, -1, -1, -1, -1)
        z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in (D, H, W)), indexing="ij")
        grid = torch.stack([x, y, z], -1)
        start, end = (k.expand(B, -1, -1)[:, :, None, None, None] for k in (source, driving))
        flows = torch.cat([grid.expand(B, 1, D, H, W, 3), grid - end + start], 1)
        small = self.compress(features)[:, None].expand(-1, self.POINTS + 1, -1, -1, -1, -1).flatten(0, 1)
        deformed = F.grid_sample(small, flows.flatten(0, 1), align_corners=False).view(B, self.POINTS + 1, -1, D, H, W)
        heat = [torch.exp(-0.5 * ((grid - k) ** 2).sum(-1) / 0.01) for k in (end, start)]
        heat = F.pad(heat[0] - heat[1], (0, 0, 0, 0, 0, 0, 1, 0))[:, :, None]
        seen = [torch.cat([heat, deformed], 2).flatten(1, 2)]
        for block in self.downs:
            seen.append(F.avg_pool3d(block(seen[-1]), (1, 2, 2)))
        h = seen.pop()
        for block in self.ups:
            h = torch.cat([block(F.interpolate(h, scale_factor=(1, 2, 2))), seen.pop()], 1)
        h = self.last(h)
        deformation = (flows * self.mask(h).softmax(1)[..., None]).sum(1)
        warped = F.grid_sample(features, deformation, align_corners=False).flatten(1, 2)
        return self.fourth(self.third(warped)) * torch.sigmoid(self.occlusion(h.flatten(1, 2)))


torch.manual_seed(0)
model, decoder, warping = Denoiser(), Decoder().eval(), Warping().eval()
volume, source = torch.rand(1, 32, 16, 32, 32), torch.rand(1, 21, 3) - 0.5
x, audio, noise = torch.randn(1, 66, MOTION), torch.rand(1, 66, AUDIO), torch.randn(4, 66, MOTION)
many, manyAudio = torch.randn(4, 66, MOTION), torch.rand(4, 66, AUDIO)
features = {(side, batch): torch.rand(batch, 256, side, side) for side, batch in ((32, 1), (64, 1), (32, 4))}
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6)


def passes(autocast):
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        model(x, torch.tensor([500.0]), audio)


def train():
    optimizer.zero_grad(set_to_none=True)
    F.mse_loss(model(many, torch.tensor([1.0, 200.0, 500.0, 900.0]), manyAudio)[:, 2:], noise[:, 2:]).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 50)
    optimizer.step()


def ddim():
    with torch.inference_mode():
        y = x
        for step in range(50):
            y = 0.99 * y + 0.01 * model(y, torch.tensor([980.0 - 20 * step]), audio)


def render(side, batch, autocast):
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        decoder(features[side, batch])


def warp(count):
    with torch.inference_mode():
        warping(volume, source, source + 0.05 * torch.rand(count, 21, 3))


cases = {"warping-256-1": lambda: warp(1), "warping-256-4": lambda: warp(4),
         "denoiser-float32": lambda: passes(False), "denoiser-bfloat16": lambda: passes(True), "denoiser-train": train, "ddim-50": ddim,
         **{f"decoder-{8 * side}-{batch}-{name}": (lambda side=side, batch=batch, half=half: render(side, batch, half))
            for side, batch in features for name, half in (("float32", False), ("bfloat16", True))}}
clock = time.process_time if os.environ.get("RETORT_BENCH_CLOCK") == "processor" else time.perf_counter
print(f"torch {torch.__version__}", flush=True)
for line in sys.stdin:
    word, *rest = line.split()
    if word == "threads":
        torch.set_num_threads(int(rest[0]))
        print(0, flush=True)
        continue
    start = clock()
    for _ in range(int(rest[0])):
        cases[word]()
    print(clock() - start, flush=True)
