using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.distributions;

namespace Retort.Tests.Torch;

/// <summary>PyTorch's distributions, number for number (environment/reference/distributions.py), and the draws' moments.</summary>
public class DistributionsTest
{
    private static readonly JsonNode golden = JsonNode.Parse(File.ReadAllText(Golden.File("Torch", "distributions.json")))!;

    private static Tensor x => tensor(new[] { -0.5, 0.25, 2.0 });
    private static Tensor q => tensor(new[] { 0.1, 0.5, 0.9 });
    private static Tensor loc => tensor(new[] { 0.0, 1.0, -1.0 });
    private static Tensor scale => tensor(new[] { 1.0, 0.5, 3.0 });
    private static Tensor above => tensor(new[] { 0.3, 1.0, 2.5 });
    private static Tensor counts => tensor(new[] { 0.0, 2, 5 });
    private static Tensor inside => tensor(new[] { 0.2, 0.5, 0.9 });
    private static Tensor five => tensor(new[] { 5.0, 5, 5 });
    private static Tensor warm => tensor(0.7);
    private static Tensor rows => tensor(new[,] { { 1.0, 2, 1 }, { 0.2, 0.1, 0.7 } });
    private static Tensor shares => tensor(new[,] { { 0.2, 0.5, 0.3 }, { 0.1, 0.1, 0.8 } });
    private static Tensor covariance => tensor(new[,] { { 2.0, 0.5 }, { 0.5, 1.0 } });
    private static Tensor point => tensor(new[] { 0.5, 0.25 });

    /// <summary>The distribution of that name in the reference's script, and the values whose probabilities are asked for.</summary>
    private static (Distribution One, Tensor At) Case(string name, Generator? g = null) => name switch
    {
        "Normal" => (Normal(loc, scale, g), x),
        "Laplace" => (Laplace(loc, scale, g), x),
        "Uniform" => (Uniform(loc - 1, loc + 3, g), x),
        "Cauchy" => (Cauchy(loc, scale, g), x),
        "Exponential" => (Exponential(scale, g), above),
        "Gamma" => (Gamma(scale, above, g), above),
        "Chi2" => (Chi2(scale, g), above),
        "Beta" => (Beta(scale + 1, above + 1, g), inside),
        "Dirichlet" => (Dirichlet(rows + 0.5, g), shares),
        "FisherSnedecor" => (FisherSnedecor(scale + 2, above + 4, g), above),
        "Bernoulli" => (Bernoulli(q, generator: g), tensor(new[] { 1.0, 0, 1 })),
        "Categorical" => (Categorical(rows, generator: g), tensor(new long[] { 1, 2 })),
        "OneHotCategorical" => (OneHotCategorical(rows, generator: g), tensor(new[,] { { 0.0, 1, 0 }, { 0, 0, 1 } })),
        "Multinomial" => (Multinomial(4, rows, generator: g), tensor(new[,] { { 1.0, 2, 1 }, { 0, 0, 4 } })),
        "Binomial" => (Binomial(five, q, generator: g), counts),
        "BinomialOfLogits" => (Binomial(five, logits: x, generator: g), counts),
        "NegativeBinomial" => (NegativeBinomial(five, q, generator: g), counts),
        "Geometric" => (Geometric(q, generator: g), counts),
        "Poisson" => (Poisson(above, g), counts),
        "MultivariateNormal" => (MultivariateNormal(tensor(new[,] { { 1.0, -1 }, { 0, 0.5 } }), covariance, generator: g), point),
        "MultivariateNormalOfPrecision" => (MultivariateNormal(tensor(new[] { 1.0, -1 }), precision_matrix: covariance, generator: g), point),
        "Independent" => (Independent(Normal(rows, rows, g), 1), shares),
        "LogNormal" => (LogNormal(loc, scale, g), above),
        "HalfNormal" => (HalfNormal(scale, g), above),
        "HalfCauchy" => (HalfCauchy(scale, g), above),
        "Gumbel" => (Gumbel(loc, scale, g), x),
        "Weibull" => (Weibull(scale, above + 1, g), above),
        "Pareto" => (Pareto(tensor(new[] { 0.2, 0.5, 1.0 }), scale + 2, g), above),
        "Kumaraswamy" => (Kumaraswamy(scale + 1, above + 1, g), inside),
        "RelaxedBernoulli" => (RelaxedBernoulli(warm, q, generator: g), inside),
        "RelaxedOneHotCategorical" => (RelaxedOneHotCategorical(warm, rows, generator: g), shares),
        "Transformed" => (new TorchSharp.Modules.TransformedDistribution(Normal(loc, scale, g), [new transforms.TanhTransform(), new transforms.AffineTransform(1, -2)]),
            tensor(new[] { 0.5, 1.0, 2.5 })),
        _ => throw new ArgumentException(name),
    };

    public static TheoryData<string> Names => [.. golden.AsObject().Select(p => p.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Distribution_AtPoints_GivesPyTorchsNumbers(string name)
    {
        using var scope = NewDisposeScope();
        var (one, at) = Case(name);
        foreach (var (what, numbers) in golden[name]!.AsObject())
        {
            var actual = what switch
            {
                "log_prob" => one.log_prob(at),
                "cdf" => one.cdf(at),
                "icdf" => one.icdf(q),
                "entropy" => one.entropy(),
                "mean" => one.mean,
                "variance" => one.variance,
                _ => one.mode,
            };
            double[] expected = [.. numbers!.AsArray().Select(n => n!.GetValueKind() == System.Text.Json.JsonValueKind.String ? n.GetValue<string>() switch
            {
                "inf" => double.PositiveInfinity,
                "-inf" => double.NegativeInfinity,
                _ => double.NaN,
            } : n.GetValue<double>())];
            var values = actual.to(float64).flatten().contiguous().data<double>().ToArray();
            Assert.Equal(expected.Length, values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                var near = double.IsFinite(expected[i]) ? Math.Abs(values[i] - expected[i]) <= 1e-7 * Math.Max(1, Math.Abs(expected[i])) : values[i].Equals(expected[i]);
                Assert.True(near, $"{name}.{what}[{i}] is {values[i]}, PyTorch's is {expected[i]}");
            }
        }
        // A grown batch has the same probabilities, and draws of its shape.
        var grown = one.expand(new Size([4, .. one.batch_shape.Shape]));
        Assert.True(grown.log_prob(at)[2].allclose(one.log_prob(at)));
        Assert.Equal([2L, 4, .. one.batch_shape.Shape, .. one.event_shape.Shape], grown.sample(2).shape);
    }

    // Those without a variance, and Categorical, whose classes are no numbers, are left out; a relaxed draw's mean is in no closed form.
    [Theory]
    [MemberData(nameof(Names))]
    public void Draws_OfAGenerator_RepeatAndHaveTheMoments(string name)
    {
        const int Count = 40_000;
        using var scope = NewDisposeScope();
        var (one, _) = Case(name, new Generator(3));
        var drawn = one.sample(Count);
        Assert.True(drawn.Equals(Case(name, new Generator(3)).One.sample(Count)));
        Assert.False(drawn.Equals(one.sample(Count)));
        Assert.False(drawn.requires_grad);
        if (name is "Cauchy" or "HalfCauchy" or "Categorical" or "RelaxedBernoulli" or "RelaxedOneHotCategorical" or "Transformed" or "FisherSnedecor") return;
        var off = (drawn.mean([0]) - one.mean).abs() / (one.variance / Count).sqrt();
        Assert.True(off.lt(5).all().item<bool>(), $"means are off by {off.max().item<double>()} deviations");
        // Of heavy tails, the variance of 40,000 draws says little.
        if (name is "LogNormal" or "Pareto") return;
        var ratio = drawn.var([0]) / one.variance;
        Assert.True((ratio - 1).abs().lt(0.1).all().item<bool>(), $"variances are off by {(ratio - 1).abs().max().item<double>()}");
    }

    [Fact]
    public void Draws_OfThoseWithoutMoments_FollowTheDistributionFunction()
    {
        using var scope = NewDisposeScope();
        foreach (var name in new[] { "Cauchy", "HalfCauchy", "Pareto", "LogNormal", "Transformed" })
        {
            var (one, _) = Case(name, new Generator(5));
            // Uniform on (0, 1): the mean's deviation is 1 / sqrt(12 n).
            var below = one.cdf(one.sample(20_000));
            Assert.True((below.mean([0]) - 0.5).abs().lt(5 / Math.Sqrt(12 * 20_000)).all().item<bool>(), name);
            Assert.True((below.var([0]) * 12 - 1).abs().lt(0.05).all().item<bool>(), name);
            Assert.True(one.cdf(one.icdf(q)).allclose(q), name);
        }
        // The shares of relaxed draws that are largest follow the classes' probabilities.
        var relaxed = RelaxedOneHotCategorical(warm, rows, generator: new Generator(5)).sample(20_000);
        var first = relaxed.argmax(-1).eq(0).to(float64).mean([0]);
        Assert.True((first - tensor(new[] { 0.25, 0.2 })).abs().lt(0.016).all().item<bool>());
        Assert.True(relaxed.sum(-1).allclose(ones([20_000, 2], float64)));
        var ratios = FisherSnedecor(scale + 2, above + 4, new Generator(5)).sample(20_000);
        // One over F has the degrees of freedom the other way round.
        Assert.True((FisherSnedecor(above + 4, scale + 2).log_prob(1 / ratios) - 2 * ratios.log()).allclose(FisherSnedecor(scale + 2, above + 4).log_prob(ratios)));
    }

    [Fact]
    public void Rsample_OfAReparameterisedOne_LetsGradientsThrough()
    {
        using var scope = NewDisposeScope();
        var mean = zeros([3], float64, requires_grad: true);
        Normal(mean, scale).rsample(7).sum().backward();
        Assert.Equal([7.0, 7, 7], mean.grad!.data<double>().ToArray());
        foreach (var make in new Func<Tensor, Distribution>[]
        {
            t => Gamma(t, scale), t => Beta(t, scale), t => Dirichlet(t), t => FisherSnedecor(t, scale), t => Weibull(t, scale), t => Gumbel(t, scale),
            t => Exponential(t), t => Cauchy(t, scale), t => MultivariateNormal(t, eye(3, dtype: float64)), t => RelaxedBernoulli(warm, null, t), t => Kumaraswamy(t, scale),
        })
        {
            var parameter = tensor(new[] { 1.5, 2.0, 3.0 }, requires_grad: true);
            make(parameter).rsample(5).pow(2).sum().backward();
            Assert.True(parameter.grad!.isfinite().all().item<bool>());
            Assert.True(parameter.grad.ne(0).all().item<bool>());
        }
    }

    [Fact]
    public void Mode_OfKumaraswamy_IsTheDensitysHighestPlace()
    {
        using var scope = NewDisposeScope();
        var one = Kumaraswamy(scale + 1, above + 1);
        Assert.True(one.log_prob(one.mode).gt(one.log_prob(one.mode - 0.01)).all().item<bool>());
        Assert.True(one.log_prob(one.mode).gt(one.log_prob(one.mode + 0.01)).all().item<bool>());
    }

    [Fact]
    public void Transforms_ForthAndBack_GiveTheSameAndTheirSlopes()
    {
        using var scope = NewDisposeScope();
        var at = tensor(new[,] { { 0.2, 0.5, 0.9 }, { 0.3, 0.6, 0.7 } });
        foreach (var one in new transforms.Transform[]
        {
            new transforms.ExpTransform(), new transforms.LogTransform(), new transforms.PowerTransform(tensor(2.5)), new transforms.SigmoidTransform(),
            new transforms.TanhTransform(), new transforms.SoftplusTransform(), new transforms.AffineTransform(tensor(1.0), tensor(-2.0)),
            new transforms.ComposeTransform([new transforms.TanhTransform(), new transforms.ExpTransform()]),
        })
        {
            var x = at.clone().requires_grad_();
            var y = one.forward(x);
            Assert.True(one.inv.forward(y).allclose(x), one.GetType().Name);
            // One standard normal seen through the transform: its density is the normal's over the slope.
            var slope = autograd.grad([y.sum()], [x])[0];
            var through = new TorchSharp.Modules.TransformedDistribution(Normal(tensor(0.0), tensor(1.0)), one).log_prob(y);
            Assert.True(through.allclose(Normal(tensor(0.0), tensor(1.0)).log_prob(x) - slope.abs().log()), one.GetType().Name);
            Assert.Equal(slope.mean().sign().item<double>(), one.sign.to(float64).item<double>());
            Assert.True(one.domain.check(x).all().item<bool>() && one.codomain.check(y).all().item<bool>(), one.GetType().Name);
            Assert.Equal(one.domain.ToString(), one.inv.codomain.ToString());
        }
        Assert.True(new transforms.SoftmaxTransform().forward(at).sum(-1).allclose(ones([2], float64)));
        var rowsOf = new transforms.IndepdenentTransform(new transforms.ExpTransform(), 1);
        Assert.True(new TorchSharp.Modules.TransformedDistribution(Normal(at, at), rowsOf).log_prob(at.exp()).allclose((Normal(at, at).log_prob(at) - at).sum(-1)));
        var square = new transforms.ReshapeTransform([3], [3, 1]);
        Assert.Equal([2L, 3, 1], square.forward(at).shape);
        Assert.Equal([2L, 3], square.inv.forward(square.forward(at)).shape);
        Assert.Throws<ArgumentException>(() => new transforms.ReshapeTransform([3], [2, 2]));
        Assert.Throws<NotSupportedException>(() => new TorchSharp.Modules.TransformedDistribution(Normal(at, at), new transforms.AbsTransform()).log_prob(at));
    }

    [Fact]
    public void Constraints_OfAllKinds_HoldWhereTheyDoInPyTorch()
    {
        using var scope = NewDisposeScope();
        var numbers = tensor(new[] { -2, -0.5, 0, 0.5, 1, 2, 3.5, double.NaN, double.PositiveInfinity });
        var rows = tensor(new[,] { { 0.2, 0.3, 0.5 }, { 0, 1, 0 }, { -0.5, 1, 0.5 }, { 2, 1, 0 }, { 0.2, 0.2, 0.2 } });
        var squares = tensor(new[] { 1, 0, 0.6, 0.8, 1, 0, 0.6, -0.8, 2, 0, 0.5, 1, 2, 0.5, 0.5, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 0.3, 0.2, 1, 0, 0, 0, 0 }, [8, 2, 2]);
        var all = JsonNode.Parse(File.ReadAllText(Golden.File("Torch", "constraints.json")))!;
        var seen = 0;
        foreach (var (name, one) in new (string, constraints.Constraint)[]
        {
            ("boolean", constraints.boolean), ("real", constraints.real), ("positive", constraints.positive), ("nonnegative", constraints.nonnegative),
            ("positive_integer", constraints.positive_integer), ("nonnegative_integer", constraints.nonnegative_integer), ("unit_interval", constraints.unit_interval),
            ("integer_interval", constraints.integer_interval(0, 2)), ("greater_than", constraints.greater_than(0.5)), ("greater_than_eq", constraints.greater_than_eq(0.5)),
            ("less_than", constraints.less_than(0.5)), ("interval", constraints.interval(-0.5, 0.5)), ("half_open_interval", constraints.half_open_interval(-0.5, 0.5)),
            ("simplex", constraints.simplex), ("one_hot", constraints.one_hot), ("multinomial", constraints.multinomial(3)), ("real_vector", constraints.real_vector),
            ("independent", constraints.independent(constraints.positive, 1)), ("cat", constraints.cat([constraints.positive, constraints.unit_interval], 1, [1, 2])),
            ("stack", constraints.stack([constraints.positive, constraints.unit_interval, constraints.nonnegative], 1)),
            ("lower_triangular", constraints.lower_triangular), ("lower_cholesky", constraints.lower_cholesky), ("corr_cholesky", constraints.corr_cholesky),
            ("square", constraints.square), ("symmetric", constraints.symmetric), ("positive_semidefinite", constraints.positive_semidefinite),
            ("positive_definite", constraints.positive_definite),
        })
        {
            var group = all.AsObject().Single(g => g.Value![name] is not null);
            var expected = group.Value![name]!.AsArray().SelectMany(v => v is JsonArray row ? row.Select(r => r!.GetValue<bool>()) : [v!.GetValue<bool>()]).ToArray();
            var found = group.Key switch
            {
                "numbers" => one.check(numbers),
                "rows" => one.check(rows),
                _ => stack([.. Enumerable.Range(0, 8).Select(i => one.check(squares[i]))]),
            };
            Assert.True(expected.SequenceEqual(found.flatten().contiguous().data<bool>().ToArray()), $"{name}: {string.Join(' ', found.flatten().contiguous().data<bool>().ToArray())}");
            seen++;
        }
        Assert.Equal(all.AsObject().Sum(g => g.Value!.AsObject().Count), seen);
        Assert.Equal("Interval(lower_bound=-0.5, upper_bound=0.5)", constraints.interval(-0.5, 0.5).ToString());
        Assert.Equal(1, constraints.real_vector.event_dim);
        Assert.True(constraints.cat([constraints.boolean, constraints.real]).is_discrete);
        Assert.False(constraints.square.check(zeros(2, 3)).item<bool>());
        Assert.Throws<ArgumentException>(() => constraints.dependent.check(numbers));
        Assert.Throws<ArgumentException>(() => constraints.independent(constraints.real, 2).check(numbers));
    }

    [Fact]
    public void Support_OfADiscreteOne_SumsToOne()
    {
        using var scope = NewDisposeScope();
        foreach (var one in new Distribution[] { Bernoulli(q), Binomial(five, q), Categorical(rows) })
        {
            var all = one.enumerate_support();
            Assert.Equal(one.batch_shape.Shape, all.shape[1..]);
            Assert.True(one.log_prob(all).exp().sum([0L]).allclose(ones(one.batch_shape.Shape, float64)));
            Assert.Equal(all.shape[0], one.enumerate_support(false).numel());
        }
        Assert.Throws<NotSupportedException>(() => Binomial(counts, q).enumerate_support());
        var poisson = Poisson(above);
        Assert.True(poisson.cdf(counts).allclose(stack([.. Enumerable.Range(0, 6).Select(k => poisson.log_prob(full([3], k, float64)).exp().where(counts.ge(k), zeros(3, float64)))]).sum([0L])));
    }

    [Fact]
    public void Distribution_OfWhatIsNotThere_SaysWhat()
    {
        using var scope = NewDisposeScope();
        Assert.Equal("Gamma has no icdf", Assert.Throws<NotSupportedException>(() => Gamma(scale, above).icdf(q)).Message);
        Assert.Equal("Multinomial has no mode", Assert.Throws<NotSupportedException>(() => Multinomial(4, rows).mode).Message);
        Assert.Equal("Categorical has no cdf", Assert.Throws<NotSupportedException>(() => Categorical(rows).cdf(q)).Message);
        Assert.Throws<ArgumentException>(() => Bernoulli(q, x));
        Assert.Throws<ArgumentException>(() => MultivariateNormal(loc, covariance));
        Assert.Throws<ArgumentException>(() => MultivariateNormal(loc));
        Assert.Throws<ArgumentException>(() => Independent(Normal(loc, scale), 2));
    }
}
