# Stock PyTorch's nn.Transformer with weights that anyone can compute: the numbers of tests/Torch/NN/TransformerTest.cs.
# Weight i of the tensor with key k is 0.2 sin(0.37 i + c), c the sum of the key's characters, plus 1 for a norm's weight.
import math
import torch

torch.set_default_dtype(torch.float64)


def fill(module):
    for key, value in module.state_dict().items():
        i = torch.arange(value.numel(), dtype=torch.float64)
        one = 1 if "norm" in key and key.endswith("weight") else 0
        value.copy_((0.2 * torch.sin(0.37 * i + sum(map(ord, key)))).reshape(value.shape) + one)


def sequence(shape, k):
    return torch.sin(0.1 * k + 0.7 * torch.arange(math.prod(shape), dtype=torch.float64)).reshape(shape)


with torch.no_grad():
    net = torch.nn.Transformer(8, 2, 2, 1, 16, dropout=0.0, activation="gelu").eval()
    fill(net)
    source, target = sequence((5, 2, 8), 1), sequence((3, 2, 8), 2)
    mask = torch.triu(torch.full((3, 3), float("-inf")), 1)
    pad = torch.tensor([[False] * 5, [False] * 4 + [True]])
    y = net(source, target, tgt_mask=mask, src_key_padding_mask=pad, memory_key_padding_mask=pad)
    print("transformer", [round(v, 12) for v in y.flatten()[::5].tolist()])
    layer = torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0).eval()
    fill(layer)
    print("layer", [round(v, 12) for v in layer(source).flatten()[::9].tolist()])
    print(list(net.state_dict()))
