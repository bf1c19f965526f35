"""Loss, targets and gradients of a small masked autoencoder from stock PyTorch, for tests/Models. Prints JSON.

Weights follow from a key's name and an element's place, as in the test: 0.2 sin(0.37 i + 0.11 len(key)), plus 1 for the
weights of norms.

    python3 environment/reference/masked_autoencoder.py > tests/Models/Golden/masked_autoencoder.json
"""
import json
import math

import torch
import torch.nn.functional as F

D, HEADS, COLUMNS, P = 16, 2, 4, 16  # encoder: one block, four columns of positions
W, DECODER_HEADS = 12, 3  # decoder: one block
ORDERS = [[7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4], [4, 0, 8, 3, 7, 11, 2, 6, 10, 1, 5, 9]]
VISIBLE = 3
FRAMES = 50  # three columns, two frames left over
store = {}


def w(name, *shape):
    if name not in store:
        one = "norm" in name and name.endswith(".weight") or name == "encoder.init_bn.1.weight"
        values = [0.2 * math.sin(0.37 * i + 0.11 * len(name)) + one for i in range(math.prod(shape))]
        store[name] = torch.tensor(values, dtype=torch.float64).float().view(shape).requires_grad_()
    return store[name]


def linear(x, name, outputs):
    return F.linear(x, w(name + ".weight", outputs, x.shape[-1]), w(name + ".bias", outputs))


def norm(x, name):
    d = x.shape[-1]
    return F.layer_norm(x, (d,), w(name + ".weight", d), w(name + ".bias", d), 1e-6)


def block(x, name, heads):
    b, t, d = x.shape
    q, k, v = linear(norm(x, name + ".norm1"), name + ".attn.qkv", 3 * d).view(b, t, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
    a = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(d // heads), -1) @ v
    x = x + linear(a.transpose(1, 2).reshape(b, t, d), name + ".attn.proj", d)
    return x + linear(F.gelu(linear(norm(x, name + ".norm2"), name + ".mlp.fc1", 4 * d)), name + ".mlp.fc2", d)


def patches(mel):
    # (B, 64, T) to (B, 12, 256), a loop over patches on purpose.
    cut = [[mel[:, r * P:(r + 1) * P, c * P:(c + 1) * P].reshape(len(mel), -1) for c in range(mel.shape[2] // P)] for r in range(4)]
    return torch.stack([p for row in cut for p in row], 1)


def targets(mel):
    p = patches(mel)
    return (p - p.mean(-1, keepdim=True)) / (p.var(-1, keepdim=True, unbiased=True) + 1e-6) ** 0.5


def predictions(mel, training):
    mean, var = torch.full((64,), -20.0), torch.full((64,), 400.0)
    x = F.batch_norm(mel, mean, var, w("encoder.init_bn.1.weight", 64), w("encoder.init_bn.1.bias", 64), training, 0.01, 1e-5)
    x = F.conv2d(x.unsqueeze(1), w("encoder.patch_embed.proj.weight", D, 1, P, P), w("encoder.patch_embed.proj.bias", D), stride=P)
    x = x + w("encoder.time_pos_embed", 1, D, 1, COLUMNS)[..., :x.shape[3]] + w("encoder.freq_pos_embed", 1, D, 4, 1)
    x = x.flatten(2).transpose(1, 2)
    x = torch.stack([x[b, o[:VISIBLE]] for b, o in enumerate(ORDERS)])
    x = norm(block(x, "encoder.blocks.0", HEADS), "encoder.norm")
    x = linear(x, "decoder_embed", W)
    positions = w("decoder_pos_embed", 1, 4 * COLUMNS, W)
    clips = []
    for b, o in enumerate(ORDERS):
        place = {patch: i for i, patch in enumerate(o[:VISIBLE])}
        rows = []
        for patch in range(12):
            token = x[b, place[patch]] if patch in place else w("mask_token", 1, 1, W)[0, 0]
            rows.append(token + positions[0, patch // 3 * COLUMNS + patch % 3])
        clips.append(torch.stack(rows))
    y = norm(block(torch.stack(clips), "decoder_blocks.0", DECODER_HEADS), "decoder_norm")
    return linear(y, "decoder_pred", P * P)


def masked(x):
    return torch.stack([x[b, o[VISIBLE:]] for b, o in enumerate(ORDERS)])


def numbers(t, every=1):
    return [float(f"{x:.9g}") for x in t.detach().flatten()[::every].tolist()]


n = torch.arange(2 * 64 * FRAMES, dtype=torch.float64)
mel = (-30 + 25 * torch.sin(0.05 * n) * torch.cos(0.0131 * n) + 5 * torch.sin(2.3 * n)).float().view(2, 64, FRAMES)
out = {"torch": torch.__version__, "frames": FRAMES, "orders": ORDERS, "targets_every_61": numbers(targets(mel), 61)}
for mode in ("eval", "train"):
    prediction = masked(predictions(mel, mode == "train"))
    loss = ((prediction - masked(targets(mel))) ** 2).mean()
    out[mode] = {"loss": float(f"{loss.item():.9g}"), "predictions_every_61": numbers(prediction, 61)}
loss.backward()
out["train"]["gradient_norms"] = {k: float(f"{v.grad.double().norm().item():.9g}") for k, v in store.items()}
print("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in out.items()) + "\n}")
