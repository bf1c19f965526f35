"""Numbers of a small BART (Lewis et al. 2020) for tests/Models/Golden/bart.json, composed of stock PyTorch layers.

Weights follow from their Hugging Face names by the formula of the tests (FormulaWeights); biases of matrices too. Post-norm
layers with GELU, learned positions whose table begins with two unused rows, a norm after the embeddings, a head tied to the
embedding. Run with Debian's python3-torch: python3 environment/reference/bart.py > tests/Models/Golden/bart.json
"""
import json
import math
import zlib

import torch
from torch import nn

V, D, H, F, L, P = 23, 16, 2, 24, 2, 40


def formula(key, shape):
    count = math.prod(shape)
    i = torch.arange(count, dtype=torch.int64)
    mask = 0xFFFFFFFF
    h = (i * 2654435761 + zlib.crc32(key.encode())) & mask
    h = h ^ (h >> 16)
    h = (h * 0x85EBCA6B) & mask
    h = h ^ (h >> 13)
    h = (h * 0xC2B2AE35) & mask
    h = h ^ (h >> 16)
    u = h.double() / 2 ** 32 - 0.5
    last = key.rsplit(".", 1)[-1]
    if last == "weight" and len(shape) == 1:
        v = 1 + 0.1 * u * 2
    elif len(shape) == 1 or last.endswith("bias"):
        v = 0.1 * u
    else:
        v = u * 2 * math.sqrt(3) / math.sqrt(count / shape[0])
    return v.float().view(*shape)


def attention(module, key):
    module.in_proj_weight.data = torch.cat([formula(f"{key}.{p}_proj.weight", (D, D)) for p in "qkv"])
    module.in_proj_bias.data = torch.cat([formula(f"{key}.{p}_proj.bias", (D,)) for p in "qkv"])
    linear(module.out_proj, f"{key}.out_proj")


def linear(module, key):
    module.weight.data = formula(f"{key}.weight", tuple(module.weight.shape))
    module.bias.data = formula(f"{key}.bias", tuple(module.bias.shape))


def run():
    shared = formula("model.shared.weight", (V, D))
    source = formula("in.source", (2, 7, D))
    lengths = [7, 4]
    padding = torch.tensor([[t >= n for t in range(7)] for n in lengths])
    x = source + formula("model.encoder.embed_positions.weight", (P + 2, D))[2:9]
    norm = nn.LayerNorm(D)
    linear(norm, "model.encoder.layernorm_embedding")
    x = norm(x)
    for i in range(L):
        layer = nn.TransformerEncoderLayer(D, H, F, 0.0, "gelu", batch_first=True)
        key = f"model.encoder.layers.{i}"
        attention(layer.self_attn, f"{key}.self_attn")
        linear(layer.norm1, f"{key}.self_attn_layer_norm")
        linear(layer.linear1, f"{key}.fc1")
        linear(layer.linear2, f"{key}.fc2")
        linear(layer.norm2, f"{key}.final_layer_norm")
        layer.train()
        x = layer(x, src_key_padding_mask=padding)
    memory = x
    tokens = torch.tensor([[2, 0, 7, 9, 3, 11], [2, 0, 5, 5, 1, 21]])
    y = shared[tokens] + formula("model.decoder.embed_positions.weight", (P + 2, D))[2:8]
    norm = nn.LayerNorm(D)
    linear(norm, "model.decoder.layernorm_embedding")
    y = norm(y)
    causal = torch.full((6, 6), float("-inf")).triu(1)
    for i in range(L):
        layer = nn.TransformerDecoderLayer(D, H, F, 0.0, "gelu", batch_first=True)
        key = f"model.decoder.layers.{i}"
        attention(layer.self_attn, f"{key}.self_attn")
        attention(layer.multihead_attn, f"{key}.encoder_attn")
        linear(layer.norm1, f"{key}.self_attn_layer_norm")
        linear(layer.norm2, f"{key}.encoder_attn_layer_norm")
        linear(layer.linear1, f"{key}.fc1")
        linear(layer.linear2, f"{key}.fc2")
        linear(layer.norm3, f"{key}.final_layer_norm")
        layer.train()
        y = layer(y, memory, tgt_mask=causal, memory_key_padding_mask=padding)
    logits = y @ shared.t() + formula("final_logits_bias", (1, V))
    round_ = lambda t: [float(f"{v:.7g}") for v in t.flatten().tolist()]
    memory = memory.masked_fill(padding[..., None], 0)
    return {"note": "valid encoder frames (others 0) and logits", "lengths": lengths, "tokens": tokens.tolist(),
            "memory": round_(memory), "logits": round_(logits)}


with torch.no_grad():
    print(json.dumps(run()))
