"""Prints what torchaudio.functional.resample gives for a short chirp, for tests/Audio/Golden/resample.json.

Run with a stock PyTorch and torchaudio: python3 environment/reference/resample.py > tests/Audio/Golden/resample.json
The input is made by the same formula in the test: 0.5 sin(0.01 i + 0.00005 i^2) + 0.25 cos(0.7 i), float64.
"""
import json

import torch
import torchaudio

CASES = [(44100, 16000, 700), (16000, 44100, 300), (48000, 16000, 601), (8000, 16000, 250), (22050, 16000, 450),
         (32000, 48000, 200), (16000, 15999, 60), (11025, 16000, 5), (16000, 8000, 1)]


def chirp(n):
    i = torch.arange(n, dtype=torch.float64)
    return 0.5 * torch.sin(0.01 * i + 0.00005 * i * i) + 0.25 * torch.cos(0.7 * i)


print(json.dumps({
    "torch": torch.__version__,
    "torchaudio": torchaudio.__version__,
    "cases": [{"from": a, "to": b, "length": n,
               "y": [round(v, 9) for v in torchaudio.functional.resample(chirp(n), a, b).tolist()]} for a, b, n in CASES],
}))
