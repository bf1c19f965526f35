"""A tiny checkpoint laid out as the published CED ones ({'model': state dict, 'config': ...}), for tests/Models.

Its values follow from a key's name and an element's place: 0.5 sin(0.37 i + 0.11 len(key)).

    python3 environment/reference/ced_checkpoint.py > tests/Models/Golden/ced_toy.pt.base64.txt
"""
import base64
import io
import math
from collections import OrderedDict

import torch

D, CLASSES, COLUMNS = 4, 5, 7
shapes = OrderedDict()
shapes["time_pos_embed"] = (1, D, 1, COLUMNS)
shapes["freq_pos_embed"] = (1, D, 4, 1)
for name in ("weight", "bias", "running_mean", "running_var"):
    shapes[f"init_bn.1.{name}"] = (64,)
shapes["patch_embed.proj.weight"] = (D, 1, 16, 16)
shapes["patch_embed.proj.bias"] = (D,)
for part, rows, columns in (("attn.qkv", 3 * D, D), ("attn.proj", D, D), ("mlp.fc1", 4 * D, D), ("mlp.fc2", D, 4 * D)):
    shapes[f"blocks.0.{part}.weight"] = (rows, columns)
    shapes[f"blocks.0.{part}.bias"] = (rows,)
for norm in ("blocks.0.norm1", "blocks.0.norm2", "norm", "outputlayer.0"):
    shapes[f"{norm}.weight"] = (D,)
    shapes[f"{norm}.bias"] = (D,)
shapes["outputlayer.1.weight"] = (CLASSES, D)
shapes["outputlayer.1.bias"] = (CLASSES,)

state = OrderedDict()
for key, shape in shapes.items():
    values = [0.5 * math.sin(0.37 * i + 0.11 * len(key)) for i in range(math.prod(shape))]
    state[key] = torch.tensor(values, dtype=torch.float64).float().view(shape)
state["init_bn.1.num_batches_tracked"] = torch.tensor(12)

buffer = io.BytesIO()
torch.save({"model": state, "config": {"embed_dim": D, "pooling": "mean"}}, buffer)
print(base64.b64encode(buffer.getvalue()).decode())
