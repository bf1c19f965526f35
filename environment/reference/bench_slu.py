#!/usr/bin/env python3
"""The other side of environment/bench.sh, group slu: the speech models written plainly in stock PyTorch.

Usage: bench_slu.py WEIGHTS OUTPUTS. WEIGHTS (safetensors) holds the small model's state, so that both sides decode alike;
decoded tokens are written to OUTPUTS. Lines `CASE N` run CASE N times and are answered with the seconds it took.
"""
import json
import math
import os
import struct
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

WIDTH, HEADS, HIDDEN, VOCABULARY, START, END, BEAMS, LONGEST = 128, 4, 512, 300, 2, 3, 5, 40


def read_safetensors(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        body = bytearray(file.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(body[slice(*entry["data_offsets"])], dtype=types[entry["dtype"]]).view(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def sines(length, width):
    angle = torch.arange(length).unsqueeze(1) * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([angle.sin(), angle.cos()], -1).view(length, width)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x, mask):
        B, N, D = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * (D // self.heads) ** -0.5 + mask).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(B, N, D))


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, hidden, p):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim), Attention(dim, heads)
        self.norm2, self.mlp = nn.LayerNorm(dim), Mlp(dim, hidden)
        self.dropout = nn.Dropout(p)

    def forward(self, x, mask):
        x = x + self.dropout(self.attn(self.norm1(x), mask))
        return x + self.dropout(self.mlp(self.norm2(x)))


class Subsample(nn.Module):
    """Convolutions that put four frames together, and two that are added to what they see; batch norm is frozen."""

    def __init__(self, mels=40, halvings=2, count=4):
        super().__init__()
        self.halvings = halvings
        self.convs = nn.ModuleList(nn.Conv1d(WIDTH if i else mels, WIDTH, 5, 2 if i < halvings else 1, 2, bias=False) for i in range(count))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) for _ in range(count))

    def train(self, mode=True):
        return super().train(False)

    def forward(self, x, padding):
        x = x.transpose(1, 2)
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            y = F.relu(norm(conv(x)))
            x = y if i < self.halvings else x + y
            x = x.masked_fill(padding.repeat_interleave(x.shape[2] // padding.shape[1], 1).unsqueeze(1), 0)
        return x.transpose(1, 2).contiguous()


class Encoder(nn.Module):
    def __init__(self, depth=3, p=0.1):
        super().__init__()
        self.subsample = Subsample()
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS, HIDDEN, p) for _ in range(depth))
        self.norm = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(p)
        self.register_buffer("positions", sines(512, WIDTH), persistent=False)

    def forward(self, features, padding):
        mask = torch.zeros(padding.shape).masked_fill(padding, float("-inf"))[:, None, None]
        x = self.subsample(features.reshape(len(features), 4 * features.shape[1], -1), padding)
        x = self.dropout(x + self.positions[: features.shape[1]])
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class Decoder(nn.Module):
    """PyTorch's own decoder layers. `step` takes one more token of each row with kept keys and values."""

    def __init__(self, depth=2, p=0.1):
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, p, batch_first=True, norm_first=True) for _ in range(depth))
        self.norm = nn.LayerNorm(WIDTH)
        self.classif_dec = nn.Linear(WIDTH, VOCABULARY)
        self.dropout = nn.Dropout(p)
        self.register_buffer("positions", sines(512, WIDTH), persistent=False)

    def forward(self, tokens, memory, padding):
        L = tokens.shape[1]
        causal = torch.full((L, L), float("-inf")).triu(1)
        x = self.dropout(self.token_embedding(tokens) * math.sqrt(WIDTH) + self.positions[:L])
        for layer in self.layers:
            x = layer(x, memory, tgt_mask=causal, memory_key_padding_mask=padding)
        return self.classif_dec(self.norm(x))

    def start(self, memory):
        """Keys and values of the memory, (B, heads, S, d) of each layer."""
        B, S, _ = memory.shape
        cross = []
        for layer in self.layers:
            a = layer.multihead_attn
            kv = F.linear(memory, a.in_proj_weight[WIDTH:], a.in_proj_bias[WIDTH:])
            cross.append(tuple(t.reshape(B, S, HEADS, -1).transpose(1, 2).contiguous() for t in kv.chunk(2, -1)))
        return cross

    def step(self, tokens, at, own, cross, mask):
        """tokens (B K), at: their position, own: keys and values (B K, heads, at, d) or None, cross: (B, heads, S, d)."""
        N, B = tokens.shape[0], cross[0][0].shape[0]
        x = self.token_embedding(tokens) * math.sqrt(WIDTH) + self.positions[at]
        kept = []
        for layer, past, (keys, values) in zip(self.layers, own or [None] * len(self.layers), cross):
            a = layer.self_attn
            q, k, v = (t.view(N, HEADS, 1, -1) for t in F.linear(layer.norm1(x), a.in_proj_weight, a.in_proj_bias).chunk(3, -1))
            if past is not None:
                k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
            kept.append((k, v))
            weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
            x = x + a.out_proj((weights @ v).reshape(N, WIDTH))
            a = layer.multihead_attn
            q = F.linear(layer.norm2(x), a.in_proj_weight[:WIDTH], a.in_proj_bias[:WIDTH]).view(B, N // B, HEADS, -1).transpose(1, 2)
            weights = (q @ keys.transpose(-2, -1) * q.shape[-1] ** -0.5 + mask).softmax(-1)
            x = x + a.out_proj((weights @ values).transpose(1, 2).reshape(N, WIDTH))
            x = x + layer.linear2(F.relu(layer.linear1(layer.norm3(x))))
        return self.classif_dec(self.norm(x)), kept


def penalty(tokens):
    return ((5 + tokens) / 6) ** 0.6


def decode_published(decoder, memory, lengths):
    """One utterance at a time, the whole prefix of each hypothesis through the decoder at each step; nothing is kept."""
    results = []
    for b, frames in enumerate(lengths):
        own = memory[b: b + 1, :frames]
        live, sums, finished = torch.tensor([[START]]), torch.zeros(1, dtype=torch.float64), []
        for step in range(1, LONGEST + 1):
            logits = decoder(live, own.expand(len(live), -1, -1), None)[:, -1]
            candidates = (sums[:, None] + F.log_softmax(logits, -1).double()).flatten()
            values, places = candidates.topk(BEAMS - len(finished))
            parents, tokens = places // VOCABULARY, places % VOCABULARY
            ended = tokens == END
            finished += [(value.item() / penalty(step), live[parent, 1:].tolist()) for value, parent in zip(values[ended], parents[ended])]
            live, sums = torch.cat([live[parents], tokens[:, None]], 1)[~ended], values[~ended]
            if len(finished) == BEAMS:
                break
        finished += [(value.item() / penalty(len(tokens) - 1), tokens[1:].tolist()) for value, tokens in zip(sums, live)]
        results.append([tokens for _, tokens in sorted(finished, key=lambda entry: -entry[0])])
    return results


def decode_cached(decoder, memory, lengths):
    """All utterances at once with kept keys and values; the memory's are made once and read by all hypotheses of an utterance."""
    B, S, _ = memory.shape
    cross = decoder.start(memory)
    mask = torch.zeros(B, S).masked_fill(torch.arange(S) >= torch.tensor(lengths)[:, None], float("-inf"))[:, None, None]
    utterances = list(range(B))
    finished = [[] for _ in range(B)]
    prefixes = [[[]] for _ in range(B)]
    tokens, sums, own = torch.full((B,), START), torch.zeros(B, 1, dtype=torch.float64), None
    for step in range(1, LONGEST + 1):
        logits, own = decoder.step(tokens, step - 1, own, cross, mask)
        rows = sums.shape[1]
        candidates = (sums[:, :, None] + F.log_softmax(logits, -1).double().view(len(utterances), rows, -1)).flatten(1)
        values, places = candidates.topk(min(BEAMS, candidates.shape[1]), 1)
        values, places = values.tolist(), places.tolist()
        going, next_live = [], []
        for i, u in enumerate(utterances):
            live = []
            for value, place in zip(values[i], places[i]):
                if len(live) + len(finished[u]) == BEAMS or value == float("-inf"):
                    break
                parent, token = divmod(place, VOCABULARY)
                if token == END:
                    finished[u].append((value / penalty(step), prefixes[u][parent]))
                else:
                    live.append((value, parent, token))
            prefixes[u] = [prefixes[u][parent] + [token] for _, parent, token in live]
            if step == LONGEST:
                finished[u] += [(value / penalty(step), prefix) for (value, _, _), prefix in zip(live, prefixes[u])]
            elif live:
                going.append(i)
                next_live.append(live)
        if not going:
            break
        width = max(map(len, next_live))
        next_live = [live + [(float("-inf"), *live[0][1:])] * (width - len(live)) for live in next_live]
        chosen = torch.tensor([i * rows + parent for i, live in zip(going, next_live) for _, parent, _ in live])
        own = [(keys[chosen], values[chosen]) for keys, values in own]
        if len(going) < len(utterances):
            kept = torch.tensor(going)
            cross, mask = [(keys[kept], values[kept]) for keys, values in cross], mask[kept]
            utterances = [utterances[i] for i in going]
        tokens = torch.tensor([token for live in next_live for _, _, token in live])
        sums = torch.tensor([[value for value, _, _ in live] for live in next_live], dtype=torch.float64)
    return [[tokens for _, tokens in sorted(entries, key=lambda entry: -entry[0])] for entries in finished]


class Wav2Vec2(nn.Module):
    """wav2vec 2.0 base without leaving out layers: convolutions, projection, positions by convolution, norms behind the parts."""

    class Layer(nn.Module):
        def __init__(self, dim=768, heads=12, hidden=3072, p=0.1):
            super().__init__()
            self.heads = heads
            self.q, self.k, self.v, self.out = (nn.Linear(dim, dim) for _ in range(4))
            self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
            self.fc1, self.fc2, self.dropout = nn.Linear(dim, hidden), nn.Linear(hidden, dim), nn.Dropout(p)

        def forward(self, x, mask):
            B, N, D = x.shape
            q, k, v = (f(x).view(B, N, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
            weights = self.dropout((q @ k.transpose(-2, -1) * (D // self.heads) ** -0.5 + mask).softmax(-1))
            x = self.norm1(x + self.dropout(self.out((weights @ v).transpose(1, 2).reshape(B, N, D))))
            return self.norm2(x + self.dropout(self.fc2(self.dropout(F.gelu(self.fc1(x))))))

    def __init__(self, depth=12):
        super().__init__()
        shapes = [(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] * 2
        self.convolutions = nn.ModuleList(nn.Conv1d(1 if i == 0 else 512, *shape, bias=False) for i, shape in enumerate(shapes))
        self.group_norm, self.norm, self.project = nn.GroupNorm(512, 512), nn.LayerNorm(512), nn.Linear(512, 768)
        self.position = nn.utils.weight_norm(nn.Conv1d(768, 768, 128, padding=64, groups=16), dim=2)
        self.first_norm, self.dropout = nn.LayerNorm(768), nn.Dropout(0.1)
        self.layers = nn.ModuleList(self.Layer() for _ in range(depth))
        for p in [*self.convolutions.parameters(), *self.group_norm.parameters()]:
            p.requires_grad_(False)

    @torch.no_grad()
    def features(self, waves):
        x = waves.unsqueeze(1)
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x)
            x = F.gelu(self.group_norm(x) if i == 0 else x)
        return x.transpose(1, 2)

    def forward(self, features, padding):
        mask = torch.zeros(padding.shape).masked_fill(padding, float("-inf"))[:, None, None]
        x = self.dropout(self.project(self.norm(features)))
        x = x.masked_fill(padding.unsqueeze(-1), 0)
        x = x + F.gelu(self.position(x.transpose(1, 2))[..., :-1]).transpose(1, 2)
        x = self.dropout(self.first_norm(x))
        for layer in self.layers:
            x = layer(x, mask)
        return x


torch.manual_seed(0)
state = read_safetensors(sys.argv[1])
features, lengths, tokens, targets = (state.pop("bench." + name) for name in ("features", "lengths", "tokens", "targets"))
encoder, decoder = Encoder(), Decoder()
encoder.load_state_dict({k[8:]: v for k, v in state.items() if k.startswith("encoder.") and "front_end" not in k})
decoder.load_state_dict({k[8:]: v for k, v in state.items() if k.startswith("decoder.")})
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-4)
with torch.no_grad():
    test_encoder, test_decoder = Encoder().eval(), Decoder().eval()
    test_encoder.load_state_dict(encoder.state_dict())
    test_decoder.load_state_dict(decoder.state_dict())
    test = [(test_encoder(f, torch.arange(f.shape[1]) >= n[:, None]), n.tolist()) for f, n in zip(state["test.features"].split(32), state["test.lengths"].split(32))]


def train(autocast):
    encoder.train()
    decoder.train()
    optimizer.zero_grad(set_to_none=True)
    padding = torch.arange(features.shape[1]) >= lengths[:, None]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = decoder(tokens, encoder(features, padding), padding)
    F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=-100).backward()
    optimizer.step()


def decode(search):
    with torch.inference_mode():
        results = [best for memory, frames in test for best in search(test_decoder, memory, frames)]
    with open(sys.argv[2], "w") as file:
        json.dump(results, file)


big = {}


def wav2vec2(cached):
    if not big:
        big["model"] = Wav2Vec2()
        big["optimizer"] = torch.optim.Adam([p for p in big["model"].parameters() if p.requires_grad], lr=1e-5)
        big["waves"] = torch.randn(4, 32000)
        big["features"] = big["model"].features(big["waves"])
        big["padding"] = torch.arange(big["features"].shape[1]) >= torch.tensor([99, 90, 80, 70])[:, None]
    model = big["model"]
    model.train()
    big["optimizer"].zero_grad(set_to_none=True)
    x = big["features"] if cached else model.features(big["waves"])
    model(x, big["padding"]).square().mean().backward()
    big["optimizer"].step()


cases = {
    "train-float32": lambda: train(False),
    "train-bfloat16": lambda: train(True),
    "decode-published": lambda: decode(decode_published),
    "decode-cached": lambda: decode(decode_cached),
    "wav2vec2": lambda: wav2vec2(False),
    "wav2vec2-cached": lambda: wav2vec2(True),
}

clock = time.process_time if os.environ.get("RETORT_BENCH_CLOCK") == "processor" else time.perf_counter
torch.set_num_threads(1)
print(f"torch {torch.__version__}", flush=True)
for line in sys.stdin:
    word, count = line.split()
    start = clock()
    for _ in range(int(count)):
        cases[word]()
    print(clock() - start, flush=True)
