"""Prints tests/Models/Golden/ger/sentence_encoder.json: BERT layers and mean pooling by stock PyTorch's
nn.TransformerEncoderLayer (post-norm, exact GELU), with weights by the formula of tests/Models/FormulaWeights.cs."""
import json
import math
import zlib

import torch

D, HEADS, HIDDEN, DEPTH, VOCABULARY, POSITIONS = 12, 3, 20, 2, 30, 16
M32 = 0xFFFFFFFF


def unit(key, i):
    h = (i * 2654435761 + zlib.crc32(key.encode())) & M32
    h ^= h >> 16
    h = h * 0x85EBCA6B & M32
    h ^= h >> 13
    h = h * 0xC2B2AE35 & M32
    h ^= h >> 16
    return h / 2**32 - 0.5


def weight(key, *shape):
    count = math.prod(shape)
    if key.endswith("weight") and len(shape) == 1:
        values = [1 + 0.2 * unit(key, i) for i in range(count)]
    elif len(shape) == 1:
        values = [0.1 * unit(key, i) for i in range(count)]
    else:
        scale = 2 * math.sqrt(3) / math.sqrt(math.prod(shape[1:]))
        values = [unit(key, i) * scale for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).float().view(*shape)


pieces = torch.tensor([[2, 7, 9, 4, 3, 0], [2, 11, 3, 0, 0, 0], [2, 5, 6, 28, 17, 3]])
lengths = torch.tensor([5, 3, 6])
x = (weight("embeddings.word_embeddings.weight", VOCABULARY, D)[pieces]
     + weight("embeddings.position_embeddings.weight", POSITIONS, D)[:6]
     + weight("embeddings.token_type_embeddings.weight", 2, D)[0])
x = torch.nn.functional.layer_norm(x, (D,), weight("embeddings.LayerNorm.weight", D), weight("embeddings.LayerNorm.bias", D), 1e-12)
padded = torch.arange(6)[None] >= lengths[:, None]
for i in range(DEPTH):
    p = f"encoder.layer.{i}."
    layer = torch.nn.TransformerEncoderLayer(D, HEADS, HIDDEN, dropout=0.0, activation="gelu", layer_norm_eps=1e-12, batch_first=True)
    parts = [p + f"attention.self.{n}" for n in ("query", "key", "value")]
    state = {
        "self_attn.in_proj_weight": torch.cat([weight(n + ".weight", D, D) for n in parts]),
        "self_attn.in_proj_bias": torch.cat([weight(n + ".bias", D) for n in parts]),
        "self_attn.out_proj.weight": weight(p + "attention.output.dense.weight", D, D),
        "self_attn.out_proj.bias": weight(p + "attention.output.dense.bias", D),
        "norm1.weight": weight(p + "attention.output.LayerNorm.weight", D),
        "norm1.bias": weight(p + "attention.output.LayerNorm.bias", D),
        "linear1.weight": weight(p + "intermediate.dense.weight", HIDDEN, D),
        "linear1.bias": weight(p + "intermediate.dense.bias", HIDDEN),
        "linear2.weight": weight(p + "output.dense.weight", D, HIDDEN),
        "linear2.bias": weight(p + "output.dense.bias", D),
        "norm2.weight": weight(p + "output.LayerNorm.weight", D),
        "norm2.bias": weight(p + "output.LayerNorm.bias", D),
    }
    layer.load_state_dict(state)
    x = layer(x, src_key_padding_mask=padded)
mean = (x * ~padded[..., None]).sum(1) / lengths[:, None]
mean = mean / mean.norm(dim=1, keepdim=True)
print(json.dumps({"made_by": "environment/reference/sentence_encoder.py", "tolerance": 1e-5, "pieces": pieces.tolist(), "lengths": lengths.tolist(),
                  "first": x[2].tolist(), "vectors": mean.tolist()}))
