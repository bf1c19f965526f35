# Five steps of stock PyTorch's optimizers on complex parameters: the numbers of tests/Torch/NN/ComplexOptimizersTest.cs.
import torch

start = torch.tensor([1 + 2j, -0.5 + 0.25j, 3 - 1j], dtype=torch.complex128)
weights = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
rules = {
    "Adam": lambda p: torch.optim.Adam([p], lr=0.1),
    "AdamW": lambda p: torch.optim.AdamW([p], lr=0.1, weight_decay=0.1),
    "RMSProp": lambda p: torch.optim.RMSprop([p], lr=0.1, momentum=0.5),
    "SGD": lambda p: torch.optim.SGD([p], lr=0.01, momentum=0.9),
}
for name, make in rules.items():
    p = torch.nn.Parameter(start.clone())
    optimizer = make(p)
    for step in range(1, 6):
        optimizer.zero_grad()
        (((p - (0.3 + 0.7j) * step).abs() ** 2) * weights).sum().backward()
        optimizer.step()
    print(name, [f"{v!r}" for z in p.detach().tolist() for v in (z.real, z.imag)])
