#!/usr/bin/env python3
"""SyncNet's sound: 13 cepstral coefficients each 10 ms, by the definition of python_speech_features' defaults, in numpy.

The wave is 16-bit: a chirp with a formula's noise, then a piece of silence. Written without a mel library and without scipy: the DCT is its sum.
Usage: /usr/bin/python3 environment/reference/syncnet_mfcc.py > tests/Audio/Golden/syncnet_mfcc.json
"""
import json
import math

import numpy as np

n = np.arange(5000)
hashed = (n * 2654435761 % 2**32) / 2**32 - 0.5
wave = np.round(9000 * np.sin(0.02 * n + 6e-5 * n * n) + 3000 * hashed)
wave[3000:4200] = 0

emphasised = wave.copy()
emphasised[1:] -= 0.97 * wave[:-1]
columns = 1 + math.ceil((len(wave) - 400) / 160)
padded = np.concatenate([emphasised, np.zeros((columns - 1) * 160 + 400 - len(wave))])
rows = np.stack([padded[160 * i:160 * i + 400] for i in range(columns)])
power = np.abs(np.fft.rfft(rows, 512)) ** 2 / 512

mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
bins = np.floor(513 * 700 * (10 ** (mel / 2595) - 1) / 16000).astype(int)
bank = np.zeros((26, 257))
for m in range(26):
    low, middle, high = bins[m:m + 3]
    for i in range(low, middle):
        bank[m, i] = (i - low) / (middle - low)
    for i in range(middle, high):
        bank[m, i] = (high - i) / (high - middle)

eps = np.finfo(float).eps
bands = power @ bank.T
logs = np.log(np.where(bands == 0, eps, bands))
cepstra = np.zeros((columns, 13))
for k in range(13):
    basis = np.cos(np.pi * k * (np.arange(26) + 0.5) / 26) * math.sqrt((1 if k == 0 else 2) / 26)
    cepstra[:, k] = logs @ basis * (1 + 11 * math.sin(math.pi * k / 22))
energy = power.sum(1)
cepstra[:, 0] = np.log(np.where(energy == 0, eps, energy))
print(json.dumps({"bins": bins.tolist(), "mfcc": [[round(float(v), 8) for v in row] for row in cepstra.T], "tolerance": 1e-4}))
