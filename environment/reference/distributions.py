# Stock PyTorch's torch.distributions, for tests/Torch/Engine/DistributionsTest.cs:
#   /usr/bin/python3 environment/reference/distributions.py > tests/Torch/Golden/distributions.json
#   /usr/bin/python3 environment/reference/distributions.py constraints > tests/Torch/Golden/constraints.json
# What PyTorch has no formula for is left out, and Kumaraswamy's mode, which is not a number there.
import json
import sys

import torch
from torch import distributions as d

torch.set_default_dtype(torch.float64)
tensor = torch.tensor

if sys.argv[1:] == ["constraints"]:
    c = d.constraints
    numbers = tensor([-2.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.5, float("nan"), float("inf")])
    rows = tensor([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0], [-0.5, 1.0, 0.5], [2.0, 1.0, 0.0], [0.2, 0.2, 0.2]])
    squares = tensor([
        [[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.6, -0.8]], [[2.0, 0.0], [0.5, 1.0]], [[2.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]],
        [[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.3], [0.2, 1.0]], [[0.0, 0.0], [0.0, 0.0]],
    ])
    checks = {
        "numbers": {
            "boolean": c.boolean, "real": c.real, "positive": c.positive, "nonnegative": c.nonnegative, "positive_integer": c.positive_integer,
            "nonnegative_integer": c.nonnegative_integer, "unit_interval": c.unit_interval, "integer_interval": c.integer_interval(0, 2),
            "greater_than": c.greater_than(0.5), "greater_than_eq": c.greater_than_eq(0.5), "less_than": c.less_than(0.5),
            "interval": c.interval(-0.5, 0.5), "half_open_interval": c.half_open_interval(-0.5, 0.5),
        },
        "rows": {
            "simplex": c.simplex, "one_hot": c.one_hot, "multinomial": c.multinomial(3), "real_vector": c.real_vector, "independent": c.independent(c.positive, 1),
            "cat": c.cat([c.positive, c.unit_interval], dim=1, lengths=[1, 2]), "stack": c.stack([c.positive, c.unit_interval, c.nonnegative], dim=1),
        },
        "squares": {
            "lower_triangular": c.lower_triangular, "lower_cholesky": c.lower_cholesky, "corr_cholesky": c.corr_cholesky, "square": c.square,
            "symmetric": c.symmetric, "positive_semidefinite": c.positive_semidefinite, "positive_definite": c.positive_definite,
        },
    }
    # One matrix at a time: of a batch with one that is not symmetric PyTorch looks no further at the others.
    each = {"numbers": numbers, "rows": rows, "squares": squares}
    print(json.dumps({
        name: {k: torch.stack([v.check(m) for m in squares]).tolist() if name == "squares" else v.check(each[name]).tolist() for k, v in group.items()}
        for name, group in checks.items()
    }, indent=1))
    sys.exit()
x, q = tensor([-0.5, 0.25, 2.0]), tensor([0.1, 0.5, 0.9])
loc, scale = tensor([0.0, 1.0, -1.0]), tensor([1.0, 0.5, 3.0])
above, counts, inside = tensor([0.3, 1.0, 2.5]), tensor([0.0, 2.0, 5.0]), tensor([0.2, 0.5, 0.9])
rows = tensor([[1.0, 2.0, 1.0], [0.2, 0.1, 0.7]])
shares = tensor([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
covariance = tensor([[2.0, 0.5], [0.5, 1.0]])
five, warm = tensor([5.0, 5.0, 5.0]), tensor(0.7)

cases = {
    "Normal": (d.Normal(loc, scale), x),
    "Laplace": (d.Laplace(loc, scale), x),
    "Uniform": (d.Uniform(loc - 1, loc + 3, validate_args=False), x),
    "Cauchy": (d.Cauchy(loc, scale), x),
    "Exponential": (d.Exponential(scale), above),
    "Gamma": (d.Gamma(scale, above), above),
    "Chi2": (d.Chi2(scale), above),
    "Beta": (d.Beta(scale + 1, above + 1), inside),
    "Dirichlet": (d.Dirichlet(rows + 0.5), shares),
    "FisherSnedecor": (d.FisherSnedecor(scale + 2, above + 4), above),
    "Bernoulli": (d.Bernoulli(q), tensor([1.0, 0.0, 1.0])),
    "Categorical": (d.Categorical(rows), tensor([1, 2])),
    "OneHotCategorical": (d.OneHotCategorical(rows), tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])),
    "Multinomial": (d.Multinomial(4, rows), tensor([[1.0, 2.0, 1.0], [0.0, 0.0, 4.0]])),
    "Binomial": (d.Binomial(five, q), counts),
    "BinomialOfLogits": (d.Binomial(five, logits=x), counts),
    "NegativeBinomial": (d.NegativeBinomial(five, q), counts),
    "Geometric": (d.Geometric(q), counts),
    "Poisson": (d.Poisson(above), counts),
    "MultivariateNormal": (d.MultivariateNormal(tensor([[1.0, -1.0], [0.0, 0.5]]), covariance), tensor([0.5, 0.25])),
    "MultivariateNormalOfPrecision": (d.MultivariateNormal(tensor([1.0, -1.0]), precision_matrix=covariance), tensor([0.5, 0.25])),
    "Independent": (d.Independent(d.Normal(rows, rows), 1), shares),
    "LogNormal": (d.LogNormal(loc, scale), above),
    "HalfNormal": (d.HalfNormal(scale), above),
    "HalfCauchy": (d.HalfCauchy(scale), above),
    "Gumbel": (d.Gumbel(loc, scale), x),
    "Weibull": (d.Weibull(scale, above + 1), above),
    "Pareto": (d.Pareto(tensor([0.2, 0.5, 1.0]), scale + 2), above),
    "Kumaraswamy": (d.Kumaraswamy(scale + 1, above + 1), inside),
    "RelaxedBernoulli": (d.RelaxedBernoulli(warm, q), inside),
    "RelaxedOneHotCategorical": (d.RelaxedOneHotCategorical(warm, rows), shares),
    "Transformed": (d.TransformedDistribution(d.Normal(loc, scale), [d.TanhTransform(), d.AffineTransform(1.0, -2.0)]), tensor([0.5, 1.0, 2.5])),
}


def numbers(value):
    return [str(v) if v != v or abs(v) == float("inf") else v for v in value.flatten().tolist()]


result = {}
for name, (one, at) in cases.items():
    result[name] = found = {}
    for what, argument in (("log_prob", at), ("cdf", at), ("icdf", q), ("entropy", None), ("mean", None), ("variance", None), ("mode", None)):
        try:
            value = getattr(one, what)
            value = value(argument) if argument is not None else value() if what == "entropy" else value
        except NotImplementedError:
            continue
        if isinstance(value, torch.Tensor) and (name, what) != ("Kumaraswamy", "mode"):
            found[what] = numbers(value.double())
print(json.dumps(result, indent=1))
