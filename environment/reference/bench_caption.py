"""The PyTorch side of the captioning bench: the student of efficient audio captioning at its full size, random weights, built from
stock layers. Asked "NAME RUNS" it answers seconds: captioning as the released code's kind does it (clip by clip, batch norms not folded,
the prefix and the memory anew at each word, beam 3), the same with kept keys and values in a batch, and a training step.
"""
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
torch.manual_seed(1)
V, D, HEADS, LENGTH = 4981, 256, 4, 20
STAGES = [(2, 16, 3, 1, 1), (3, 24, 3, 2, 6), (3, 48, 5, 2, 6), (4, 88, 3, 2, 6), (4, 120, 5, 1, 6), (5, 208, 5, 2, 6), (2, 352, 3, 1, 6)]


class Block(nn.Module):
    def __init__(self, cin, cout, k, s, e):
        super().__init__()
        inner = cin * e
        self.expand = nn.Sequential(nn.Conv2d(cin, inner, 1, bias=False), nn.BatchNorm2d(inner, 1e-3, 0.01), nn.SiLU()) if e > 1 else nn.Identity()
        self.depth = nn.Sequential(nn.Conv2d(inner, inner, k, s, k // 2, groups=inner, bias=False), nn.BatchNorm2d(inner, 1e-3, 0.01), nn.SiLU())
        gate = max(1, int(cin * 0.25))
        self.reduce, self.widen = nn.Conv2d(inner, gate, 1), nn.Conv2d(gate, inner, 1)
        self.project = nn.Sequential(nn.Conv2d(inner, cout, 1, bias=False), nn.BatchNorm2d(cout, 1e-3, 0.01))
        self.residual = s == 1 and cin == cout

    def forward(self, x):
        y = self.depth(self.expand(x))
        y = y * torch.sigmoid(self.widen(F.silu(self.reduce(y.mean((2, 3), keepdim=True)))))
        y = self.project(y)
        return y + x if self.residual else y


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32, 1e-3, 0.01), nn.SiLU())
        blocks, cin = [], 32
        for n, cout, k, s, e in STAGES:
            for i in range(n):
                blocks.append(Block(cin, cout, k, s if i == 0 else 1, e))
                cin = cout
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(nn.Conv2d(352, 1408, 1, bias=False), nn.BatchNorm2d(1408, 1e-3, 0.01), nn.SiLU())
        self.embedding = nn.Embedding(V, D)
        self.read, self.normed = nn.Sequential(nn.Linear(1408, D), nn.ReLU(), nn.Dropout(0.2)), nn.LayerNorm(D)
        self.layers = nn.ModuleList([nn.TransformerDecoderLayer(D, HEADS, 1024, 0.2, batch_first=True) for _ in range(2)])

    def encode(self, mel):
        return self.head(self.blocks(self.stem(mel))).mean(2).transpose(1, 2)

    def project(self, frames):
        return self.normed(self.read(frames).float())  # under autocast LayerNorm takes no bfloat16 beside float32 weights

    def decode(self, tokens, frames):
        memory = self.project(frames)
        x = self.embedding(tokens) * math.sqrt(D)
        mask = torch.full((tokens.shape[1],) * 2, float("-inf")).triu(1)
        for layer in self.layers:
            x = layer(x, memory, tgt_mask=mask)
        return x @ self.embedding.weight.t()

    def step(self, token, cache, cross):
        """One word of each row, with kept keys and values."""
        x = self.embedding(token)[:, None] * math.sqrt(D)
        for i, layer in enumerate(self.layers):
            a = layer.self_attn
            q, k, v = F.linear(x, a.in_proj_weight, a.in_proj_bias).chunk(3, -1)
            if cache[i] is not None:
                k, v = torch.cat([cache[i][0], k], 1), torch.cat([cache[i][1], v], 1)
            cache[i] = (k, v)
            x = layer.norm1(x + a.out_proj(attend(q, k, v)))
            c = layer.multihead_attn
            x = layer.norm2(x + c.out_proj(attend(F.linear(x, c.in_proj_weight[:D], c.in_proj_bias[:D]), *cross[i])))
            x = layer.norm3(x + layer.linear2(F.relu(layer.linear1(x))))
        return x[:, 0] @ self.embedding.weight.t()


def attend(q, k, v):
    q, k, v = (t.view(t.shape[0], t.shape[1], HEADS, -1).transpose(1, 2) for t in (q, k, v))
    w = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    return (w @ v).transpose(1, 2).flatten(2)


student = Student()
mels = torch.randn(8, 1, 64, 1001) * 20 - 40


def uncached():
    """Each clip for itself; every word re-reads the whole prefix and projects the memory again; no end, so that lengths are equal."""
    student.eval()
    with torch.no_grad():
        for mel in mels:
            frames = student.encode(mel[None]).expand(3, -1, -1)
            prefix, sums = torch.ones(3, 1, dtype=torch.long), torch.zeros(3)
            for t in range(LENGTH):
                logp = torch.log_softmax(student.decode(prefix, frames)[:, -1], -1)
                total = (sums[:, None] + logp)[: 1 if t == 0 else 3].flatten()
                sums, place = total.topk(3)
                prefix = torch.cat([prefix[place // V], (place % V)[:, None]], 1)


def cached():
    student.eval()
    with torch.no_grad():
        memory = student.project(student.encode(mels)).repeat_interleave(3, 0)
        cross = [F.linear(memory, l.multihead_attn.in_proj_weight[D:], l.multihead_attn.in_proj_bias[D:]).chunk(2, -1) for l in student.layers]
        cache, token, sums = [None, None], torch.ones(24, dtype=torch.long), torch.zeros(8, 3)
        sums[:, 1:] = -1e9
        for _ in range(LENGTH):
            logp = torch.log_softmax(student.step(token, cache, cross), -1).view(8, 3, V)
            sums, place = (sums[..., None] + logp).flatten(1).topk(3, 1)
            rows = (place // V + torch.arange(8)[:, None] * 3).flatten()
            cache = [(k[rows], v[rows]) for k, v in cache]
            token = (place % V).flatten()


adam = torch.optim.Adam(student.parameters(), lr=5e-4)
words = torch.randint(4, V, (8, 20))


def train(autocast=False):
    student.train()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = student.decode(words[:, :-1], student.encode(mels))
    loss = F.cross_entropy(logits.float().flatten(0, 1), words[:, 1:].flatten(), label_smoothing=0.1)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    adam.step()
    adam.zero_grad()


KNOWN = {"caption-uncached": uncached, "caption-cached": cached, "caption-train": train, "caption-train-bfloat16": lambda: train(True)}
clock = time.process_time if len(sys.argv) > 2 and sys.argv[2] == "processor" else time.perf_counter
print(torch.__version__, flush=True)
for line in sys.stdin:
    name, runs = line.split()
    start = clock()
    for _ in range(int(runs)):
        KNOWN[name]()
    print(clock() - start, flush=True)
