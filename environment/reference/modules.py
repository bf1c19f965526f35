"""Outputs and gradients of PyTorch's modules and losses, for tests/Torch/NN/ModulesTest.cs.

    /usr/bin/python3 environment/reference/modules.py > tests/Torch/Golden/modules.json

The scalar that is differentiated is the sum over all outputs of output * cos(0, 1, 2, ...).
"""
import json
import zlib

import torch
from torch import nn
from torch.nn import functional as F

cases = []


def numbers(t):
    if t.dtype in (torch.int64, torch.bool):
        return [int(v) for v in t.flatten().tolist()]
    return [float(f"{v:.8g}") for v in t.detach().flatten().tolist()]


def pack(t):
    kind = {torch.int64: "long", torch.bool: "bool"}.get(t.dtype, "float")
    return {"shape": list(t.shape), "type": kind, "data": numbers(t)}


def case(name, module, *inputs, train=True, call=None):
    torch.manual_seed(zlib.crc32(name.encode()))
    made = [i() if callable(i) else i for i in inputs]
    for t in made:
        if t.dtype == torch.float32:
            t.requires_grad_()
    state = {}
    if isinstance(module, nn.Module):
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(torch.randn_like(p) * 0.5)
        module.train(train)
        state = {k: pack(v) for k, v in module.state_dict().items()}
    out = call(module, *made) if call else module(*made)
    outs = [o for o in (out if isinstance(out, (tuple, list)) else [out])]
    total = 0
    for o in outs:
        if o.dtype == torch.float32:
            total = total + (o.flatten() * torch.cos(torch.arange(o.numel(), dtype=torch.float32))).sum()
    if total.requires_grad:
        total.backward()
    entry = {"name": name, "state": state, "inputs": [pack(i) for i in made], "outputs": [pack(o) for o in outs],
             "inputGrads": [pack(i.grad) if i.grad is not None else None for i in made]}
    if isinstance(module, nn.Module):
        entry["grads"] = {k: pack(p.grad) for k, p in module.named_parameters() if p.grad is not None}
        after = {k: pack(b) for k, b in module.named_buffers()}
        if after:
            entry["buffersAfter"] = after
    cases.append(entry)


def r(*shape, scale=1.5):
    return lambda: (torch.randn(*shape) * scale)


def u(*shape):
    return lambda: torch.rand(*shape) * 0.9 + 0.05


def ints(high, *shape):
    return lambda: torch.randint(high, shape)


for name, module in {
    "ReLU": nn.ReLU(), "ReLU6": nn.ReLU6(), "GELU": nn.GELU(), "GELU tanh": nn.GELU(approximate="tanh"), "SiLU": nn.SiLU(),
    "Mish": nn.Mish(), "Hardswish": nn.Hardswish(), "Hardsigmoid": nn.Hardsigmoid(), "Sigmoid": nn.Sigmoid(), "Tanh": nn.Tanh(),
    "Tanhshrink": nn.Tanhshrink(), "Softsign": nn.Softsign(), "SELU": nn.SELU(), "ELU": nn.ELU(0.7), "CELU": nn.CELU(0.7),
    "LeakyReLU": nn.LeakyReLU(0.2), "Hardtanh": nn.Hardtanh(-0.5, 0.8), "Threshold": nn.Threshold(0.3, -2.0),
    "Softplus": nn.Softplus(2.0, 3.0), "Hardshrink": nn.Hardshrink(0.6), "Softshrink": nn.Softshrink(0.6),
    "LogSigmoid": nn.LogSigmoid(), "GLU": nn.GLU(1), "Softmax": nn.Softmax(1), "LogSoftmax": nn.LogSoftmax(1), "Softmin": nn.Softmin(1),
    "PReLU": nn.PReLU(4),
}.items():
    case(name, module, r(3, 4))
case("RReLU eval", nn.RReLU(), r(3, 4), train=False)
case("Softmax2d", nn.Softmax2d(), r(2, 3, 2, 2))

case("Linear", nn.Linear(5, 3), r(2, 4, 5))
case("Linear without bias", nn.Linear(5, 3, bias=False), r(2, 5))
case("Bilinear", nn.Bilinear(3, 4, 2), r(5, 3), r(5, 4))
case("LayerNorm", nn.LayerNorm(6), r(2, 3, 6))
case("LayerNorm two axes", nn.LayerNorm([3, 4], eps=1e-3), r(2, 3, 4))
case("GroupNorm", nn.GroupNorm(2, 4), r(2, 4, 5))
case("BatchNorm1d", nn.BatchNorm1d(3), r(4, 3))
case("BatchNorm1d eval", nn.BatchNorm1d(3), r(4, 3, 2), train=False)
case("BatchNorm2d", nn.BatchNorm2d(3, momentum=0.3), r(2, 3, 2, 2))
case("BatchNorm2d untracked", nn.BatchNorm2d(3, track_running_stats=False), r(2, 3, 2, 2), train=False)
case("BatchNorm3d", nn.BatchNorm3d(2, affine=False), r(2, 2, 2, 2, 2))
case("InstanceNorm1d", nn.InstanceNorm1d(3, affine=True), r(2, 3, 5))
case("InstanceNorm1d tracked", nn.InstanceNorm1d(3, track_running_stats=True), r(2, 3, 5))
case("InstanceNorm2d", nn.InstanceNorm2d(3), r(2, 3, 2, 3))
case("LocalResponseNorm", nn.LocalResponseNorm(3, alpha=0.1), r(2, 5, 3, 2))
case("Embedding", nn.Embedding(6, 3, padding_idx=2), ints(6, 2, 4))
case("EmbeddingBag", nn.EmbeddingBag(6, 3), ints(6, 3, 2))
case("EmbeddingBag offsets", nn.EmbeddingBag(6, 3, mode="sum"), ints(6, 5), torch.tensor([0, 2]))

case("Conv1d", nn.Conv1d(3, 4, 3, stride=2, padding=1), r(2, 3, 7))
case("Conv1d same", nn.Conv1d(2, 3, 4, padding="same", dilation=2), r(2, 2, 7))
case("Conv1d reflect", nn.Conv1d(2, 3, 3, padding=2, padding_mode="reflect"), r(2, 2, 6))
case("Conv1d same circular", nn.Conv1d(2, 3, 4, padding="same", padding_mode="circular"), r(1, 2, 6))
case("Conv2d", nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0)), r(2, 2, 5, 4))
case("Conv2d depthwise", nn.Conv2d(4, 4, 3, groups=4, bias=False), r(1, 4, 4, 4))
case("Conv2d one sample", nn.Conv2d(2, 3, 2), r(2, 3, 3))
case("Conv3d", nn.Conv3d(2, 2, 2, dilation=(1, 2, 1)), r(1, 2, 3, 4, 3))
case("ConvTranspose1d", nn.ConvTranspose1d(3, 2, 3, stride=2, padding=1, output_padding=1), r(2, 3, 4))
case("ConvTranspose2d", nn.ConvTranspose2d(2, 4, (2, 3), stride=2, groups=2), r(1, 2, 3, 2))
case("ConvTranspose2d size", nn.ConvTranspose2d(2, 2, 3, stride=2), r(1, 2, 3, 3), call=lambda m, x: m(x, output_size=[8, 7]))
case("ConvTranspose3d", nn.ConvTranspose3d(2, 2, 2), r(1, 2, 2, 2, 2))

case("MaxPool1d", nn.MaxPool1d(3, 2, 1), r(2, 2, 7))
case("MaxPool1d indices", nn.MaxPool1d(2, return_indices=True), r(2, 2, 6))
case("MaxPool2d", nn.MaxPool2d((2, 3), ceil_mode=True), r(1, 2, 5, 5))
case("MaxPool3d", nn.MaxPool3d(2), r(1, 2, 4, 4, 2))
case("AvgPool1d", nn.AvgPool1d(3, 2, 1, count_include_pad=False), r(2, 2, 7))
case("AvgPool2d", nn.AvgPool2d((2, 3), divisor_override=5), r(1, 2, 4, 6))
case("AvgPool3d", nn.AvgPool3d(2), r(1, 2, 4, 4, 2))
case("AdaptiveAvgPool1d", nn.AdaptiveAvgPool1d(3), r(2, 2, 7))
case("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d((2, 3)), r(1, 2, 5, 7))
case("AdaptiveAvgPool3d", nn.AdaptiveAvgPool3d(2), r(1, 2, 3, 4, 5))
case("AdaptiveMaxPool1d", nn.AdaptiveMaxPool1d(3), r(2, 2, 7))
case("AdaptiveMaxPool2d", nn.AdaptiveMaxPool2d((2, 3)), r(1, 2, 5, 7))
case("AdaptiveMaxPool3d", nn.AdaptiveMaxPool3d(2), r(1, 2, 3, 4, 5))
case("LPPool1d", nn.LPPool1d(2, 3), u(2, 2, 6))
case("LPPool2d", nn.LPPool2d(3, 2), u(1, 2, 4, 4))
case("MaxUnpool1d", nn.MaxUnpool1d(2), r(1, 2, 3), torch.tensor([[[1, 2, 5], [0, 3, 4]]]))
case("MaxUnpool2d", nn.MaxUnpool2d(2), r(1, 1, 2, 2), torch.tensor([[[[0, 3], [9, 15]]]]))
case("ConstantPad1d", nn.ConstantPad1d((1, 2), 0.5), r(1, 2, 3))
case("ConstantPad3d", nn.ConstantPad3d(1, -1.0), r(1, 1, 1, 2, 2))
case("ReflectionPad1d", nn.ReflectionPad1d(2), r(1, 2, 4))
case("ReflectionPad2d", nn.ReflectionPad2d((1, 2, 0, 1)), r(1, 1, 3, 4))
case("ReplicationPad1d", nn.ReplicationPad1d((2, 0)), r(1, 2, 4))
case("ReplicationPad2d", nn.ReplicationPad2d(1), r(1, 1, 3, 2))
case("ReplicationPad3d", nn.ReplicationPad3d(1), r(1, 1, 2, 2, 2))
case("ZeroPad2d", nn.ZeroPad2d((1, 0, 2, 1)), r(1, 1, 2, 2))

case("Flatten", nn.Flatten(), r(2, 3, 2))
case("Unflatten", nn.Unflatten(1, (2, 3)), r(2, 6))
case("PixelShuffle", nn.PixelShuffle(2), r(1, 4, 2, 3))
case("PixelUnshuffle", nn.PixelUnshuffle(2), r(1, 1, 4, 2))
case("ChannelShuffle", lambda x: x.reshape(1, 2, 2, 2).transpose(1, 2).reshape(1, 4, 2), r(1, 4, 2))  # channel_shuffle has no gradient in 1.13
case("Unfold", nn.Unfold((2, 3), padding=1, stride=2), r(1, 2, 4, 5))
case("Fold", nn.Fold((4, 5), (2, 3)), r(1, 12, 9))
case("Upsample nearest", nn.Upsample(scale_factor=2), r(1, 2, 3))
case("Upsample size", nn.Upsample(size=(5, 3), mode="bilinear", align_corners=True), r(1, 1, 3, 2))
case("Upsample bilinear", nn.Upsample(scale_factor=1.7, mode="bilinear"), r(1, 1, 3, 4))
case("Upsample bicubic", nn.Upsample(scale_factor=2, mode="bicubic"), r(1, 1, 3, 3))
case("Upsample trilinear", nn.Upsample(scale_factor=2, mode="trilinear"), r(1, 1, 2, 2, 2))
case("interpolate linear", lambda x: F.interpolate(x, scale_factor=1.5, mode="linear", recompute_scale_factor=True), r(1, 2, 5))
case("interpolate area", lambda x: F.interpolate(x, size=(2, 3), mode="area"), r(1, 1, 5, 6))
case("interpolate exact", lambda x: F.interpolate(x, size=4, mode="nearest-exact"), r(1, 1, 6))
case("interpolate smooth", lambda x: F.interpolate(x, size=(2, 3), mode="bilinear", antialias=True), r(1, 1, 6, 7))
case("grid_sample", lambda x, g: F.grid_sample(x, g, padding_mode="border", align_corners=False), r(1, 2, 3, 3), u(1, 2, 2, 2))
case("grid_sample reflection", lambda x, g: F.grid_sample(x, g, mode="bilinear", padding_mode="reflection", align_corners=True), r(1, 2, 3, 3), r(1, 2, 2, 2))
case("affine_grid", lambda t: F.affine_grid(t, [1, 1, 2, 3], align_corners=False), r(1, 2, 3))
case("normalize", lambda x: F.normalize(x, dim=1), r(2, 5))
case("CosineSimilarity", nn.CosineSimilarity(), r(3, 4), r(3, 4))
case("PairwiseDistance", nn.PairwiseDistance(), r(3, 4), r(3, 4))

case("RNN", nn.RNN(3, 4, 2, bidirectional=True), r(5, 2, 3))
case("RNN relu", nn.RNN(3, 4, nonlinearity="relu", bias=False, batch_first=True), r(2, 5, 3))
case("GRU", nn.GRU(3, 4, 2, batch_first=True, bidirectional=True), r(2, 5, 3))
case("GRU state", nn.GRU(3, 4), r(5, 2, 3), r(1, 2, 4))
case("GRU one sample", nn.GRU(3, 4), r(5, 3))
flat = lambda o: (o[0], o[1][0], o[1][1])
case("LSTM", nn.LSTM(3, 4, 2, bidirectional=True), r(5, 2, 3), call=lambda m, x: flat(m(x)))
case("LSTM state", nn.LSTM(3, 4, batch_first=True), r(2, 5, 3), r(1, 2, 4), r(1, 2, 4), call=lambda m, x, h, c: flat(m(x, (h, c))))
case("LSTM one sample", nn.LSTM(3, 4, batch_first=True), r(5, 3), call=lambda m, x: flat(m(x)))
case("RNNCell", nn.RNNCell(3, 4), r(2, 3), r(2, 4))
case("GRUCell", nn.GRUCell(3, 4), r(2, 3))
case("LSTMCell", nn.LSTMCell(3, 4), r(2, 3), r(2, 4), r(2, 4), call=lambda m, x, h, c: m(x, (h, c)))


def packed(m, x):
    p = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([2, 5, 3]), batch_first=True, enforce_sorted=False)
    out, h = m(p)
    padded, lengths = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
    return padded, h, lengths


case("GRU packed", nn.GRU(3, 4, bidirectional=True, batch_first=True), r(3, 5, 3), call=packed)
case("pad_sequence", lambda a, b: nn.utils.rnn.pad_sequence([a, b], batch_first=True, padding_value=0.5), r(2, 3), r(4, 3))

case("MultiheadAttention", nn.MultiheadAttention(6, 2), r(3, 2, 6), r(4, 2, 6), r(4, 2, 6))
case("MultiheadAttention masks", nn.MultiheadAttention(6, 3), r(3, 2, 6), torch.tensor([[0, 0, 1], [0, 0, 0]]).bool(),
     torch.ones(3, 3).triu(1).bool(), call=lambda m, x, pad, mask: m(x, x, x, key_padding_mask=pad, attn_mask=mask))
case("MultiheadAttention other widths", nn.MultiheadAttention(6, 2, kdim=4, vdim=5, add_bias_kv=True, add_zero_attn=True),
     r(3, 2, 6), r(4, 2, 4), r(4, 2, 5))


def plain_attention(q, k, v, mask=None, causal=False):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones(q.shape[-2], k.shape[-2]).triu(1).bool(), float("-inf"))
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    return scores.softmax(-1) @ v


case("attention", plain_attention, r(2, 3, 4), r(2, 5, 4), r(2, 5, 3))
case("attention causal", lambda q, k, v: plain_attention(q, k, v, causal=True), r(1, 2, 3, 4), r(1, 2, 3, 4), r(1, 2, 3, 4))
case("attention mask", plain_attention, r(2, 3, 4), r(2, 5, 4), r(2, 5, 3), torch.tensor([[1, 1, 0, 1, 0]] * 3).bool())
case("attention bias", plain_attention, r(2, 3, 4), r(2, 5, 4), r(2, 5, 3), r(3, 5))

w3 = torch.tensor([0.5, 2.0, 1.0])
case("CrossEntropyLoss", nn.CrossEntropyLoss(), r(4, 3), ints(3, 4))
case("CrossEntropyLoss all", nn.CrossEntropyLoss(weight=w3, ignore_index=1, label_smoothing=0.1, reduction="sum"), r(5, 3), torch.tensor([0, 1, 2, 2, 0]))
case("CrossEntropyLoss soft", nn.CrossEntropyLoss(), r(4, 3), u(4, 3))
case("NLLLoss", nn.NLLLoss(weight=w3), r(4, 3), ints(3, 4))
case("BCELoss", nn.BCELoss(), u(4, 3), u(4, 3))
case("BCEWithLogitsLoss", nn.BCEWithLogitsLoss(reduction="none"), r(4, 3), u(4, 3))
case("BCEWithLogitsLoss weights", nn.BCEWithLogitsLoss(weight=w3, pos_weight=w3), r(4, 3), u(4, 3))
case("MSELoss", nn.MSELoss(), r(4, 3), r(4, 3))
case("L1Loss", nn.L1Loss(reduction="sum"), r(4, 3), r(4, 3))
case("SmoothL1Loss", nn.SmoothL1Loss(beta=0.5), r(4, 3), r(4, 3))
case("HuberLoss", nn.HuberLoss(delta=0.5), r(4, 3), r(4, 3))
case("KLDivLoss log", nn.KLDivLoss(log_target=True, reduction="mean"), r(4, 3), r(4, 3))
case("KLDivLoss", nn.KLDivLoss(log_target=False, reduction="sum"), r(4, 3), u(4, 3))
case("PoissonNLLLoss", nn.PoissonNLLLoss(full=True), r(4, 3), lambda: torch.rand(4, 3) * 4)
case("GaussianNLLLoss", nn.GaussianNLLLoss(full=True, eps=0.1), r(4, 3), r(4, 3), u(4, 3))
case("CTCLoss", nn.CTCLoss(), lambda: torch.randn(6, 2, 4).log_softmax(-1), torch.tensor([[1, 2, 2], [3, 1, 0]]), torch.tensor([6, 5]), torch.tensor([3, 2]))
case("CosineEmbeddingLoss", nn.CosineEmbeddingLoss(margin=0.2), r(4, 3), r(4, 3), torch.tensor([1, -1, 1, -1]))
case("HingeEmbeddingLoss", nn.HingeEmbeddingLoss(margin=1.5), r(4), torch.tensor([1, -1, 1, -1]))
case("MarginRankingLoss", nn.MarginRankingLoss(margin=0.3), r(4), r(4), torch.tensor([1, -1, 1, -1]))
case("MultiMarginLoss", nn.MultiMarginLoss(p=2, margin=0.7, weight=w3), r(4, 3), ints(3, 4))
case("MultiLabelMarginLoss", nn.MultiLabelMarginLoss(), r(2, 4), torch.tensor([[3, 0, -1, 1], [1, -1, 0, 2]]))
case("MultiLabelSoftMarginLoss", nn.MultiLabelSoftMarginLoss(weight=w3), r(4, 3), lambda: torch.randint(2, (4, 3)))
case("SoftMarginLoss", nn.SoftMarginLoss(), r(4), torch.tensor([1, -1, 1, -1]))
case("TripletMarginLoss", nn.TripletMarginLoss(margin=2.0, swap=True), r(4, 3), r(4, 3), r(4, 3))
case("TripletMarginWithDistanceLoss", nn.TripletMarginWithDistanceLoss(margin=3.0), r(4, 3), r(4, 3), r(4, 3))

print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
