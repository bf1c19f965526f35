# Stock PyTorch's torch.distributions: the numbers of tests/Torch/Engine/DistributionsTest.cs.
import torch
from torch import distributions as d

torch.set_default_dtype(torch.float64)
x, q = torch.tensor([-0.5, 0.25, 2.0]), torch.tensor([0.1, 0.5, 0.9])
loc, scale = torch.tensor([0.0, 1.0, -1.0]), torch.tensor([1.0, 0.5, 3.0])
for one in (d.Normal(loc, scale), d.Laplace(loc, scale), d.Uniform(loc - 1, loc + 3, validate_args=False)):
    for values in (one.log_prob(x), one.cdf(x), one.icdf(q), one.entropy(), one.mean, one.variance):
        print(type(one).__name__, [round(v, 12) for v in values.tolist()])
b = d.Bernoulli(probs=q)
for values in (b.log_prob(torch.tensor([1.0, 0.0, 1.0])), b.entropy(), b.variance, d.Bernoulli(logits=x).probs):
    print("Bernoulli", [round(v, 12) for v in values.tolist()])
c = d.Categorical(probs=torch.tensor([[1.0, 2.0, 1.0], [0.2, 0.0, 0.8]]))
for values in (c.log_prob(torch.tensor([1, 2])), c.entropy(), c.probs.flatten(), d.Categorical(logits=x).log_prob(torch.tensor([0, 2]))):
    print("Categorical", [round(v, 12) for v in values.tolist()])
