#!/usr/bin/python3
"""Prints tests/Layers/Golden/token_decoder.json: PyTorch's pre-norm nn.TransformerDecoder with embedding, sine positions and head."""

import json
import math

import torch
from torch import nn

WIDTH, HEADS, HIDDEN, DEPTH, VOCABULARY = 8, 2, 12, 2, 11


def numbers(t):
    return {"shape": list(t.shape), "values": [round(v, 7) for v in t.flatten().tolist()]}


torch.manual_seed(1)
torch.set_num_threads(1)
layer = nn.TransformerDecoderLayer(WIDTH, HEADS, HIDDEN, 0.1, batch_first=True, norm_first=True)
model = nn.ModuleDict({
    "decoder": nn.TransformerDecoder(layer, DEPTH, nn.LayerNorm(WIDTH)),
    "token_embedding": nn.Embedding(VOCABULARY, WIDTH),
    "classif_dec": nn.Linear(WIDTH, VOCABULARY),
}).eval()
with torch.no_grad():
    for p in model.parameters():
        p.copy_((p + 0.2 * torch.randn_like(p)).mul(1e5).round().div(1e5))
tokens = torch.tensor([[2, 5, 7, 1, 4], [2, 9, 3, 0, 0]])
memory = torch.randn(2, 6, WIDTH).mul(1e4).round().div(1e4)
lengths = torch.tensor([6, 4])
angle = torch.arange(5).unsqueeze(1) * torch.exp(torch.arange(0, WIDTH, 2) * (-math.log(10000.0) / WIDTH))
positions = torch.stack([angle.sin(), angle.cos()], -1).view(5, WIDTH)
x = model["token_embedding"](tokens) * math.sqrt(WIDTH) + positions
causal = torch.full((5, 5), float("-inf")).triu(1)


def run(memory_mask):
    y = model["decoder"](x, memory, tgt_mask=causal, tgt_key_padding_mask=tokens == 0, memory_key_padding_mask=memory_mask)
    return model["classif_dec"](y)


masked = run(torch.arange(6).unsqueeze(0) >= lengths.unsqueeze(1))
loss = nn.functional.cross_entropy(masked[:, :3].reshape(-1, VOCABULARY), torch.tensor([5, 7, 1, 9, 3, 3]))
loss.backward()
print(json.dumps({
    "weights": {k.replace("decoder.", "", 1) if k.startswith("decoder.") else k: numbers(v) for k, v in model.state_dict().items()},
    "grads": {k.replace("decoder.", "", 1) if k.startswith("decoder.") else k: numbers(p.grad) for k, p in model.named_parameters()},
    "tokens": tokens.tolist(), "memory": numbers(memory), "lengths": lengths.tolist(), "targets": [5, 7, 1, 9, 3, 3],
    "loss": loss.item(), "masked": numbers(masked), "unmasked": numbers(run(None)),
}))
