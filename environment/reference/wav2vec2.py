#!/usr/bin/python3
"""Prints tests/Models/Golden/wav2vec2.json: torchaudio's wav2vec 2.0 in tiny settings, outputs with and without lengths."""

import json

import torch
from torchaudio.models import wav2vec2_model

CONV = [[6, 10, 5], [6, 3, 2], [6, 3, 2], [6, 2, 2]]


def numbers(t):
    return {"shape": list(t.shape), "values": [round(v, 7) for v in t.flatten().tolist()]}


def case(mode, bias, first):
    config = {"extractor_mode": mode, "conv": CONV, "conv_bias": bias, "dim": 8, "pos_conv_kernel": 6, "pos_conv_groups": 2,
              "layers": 2, "heads": 2, "ff": 12, "layer_norm_first": first}
    model = wav2vec2_model(mode, CONV, bias, 8, 0.0, 6, 2, 2, 2, 0.0, 12, 0.0, 0.0, first, 0.0, None).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_((p + 0.2 * torch.randn_like(p)).mul(1e5).round().div(1e5))
        x = (0.5 * torch.randn(2, 1200)).mul(1e4).round().div(1e4)
        lengths = torch.tensor([1200, 777])
        unmasked, _ = model(x)
        masked, _ = model(x, lengths)
    return {"config": config, "weights": {k: numbers(v) for k, v in model.state_dict().items()}, "x": numbers(x),
            "lengths": lengths.tolist(), "unmasked": numbers(unmasked), "masked": numbers(masked)}


torch.manual_seed(0)
torch.set_num_threads(1)
print(json.dumps({"group_norm": case("group_norm", False, False), "layer_norm": case("layer_norm", True, True)}))
