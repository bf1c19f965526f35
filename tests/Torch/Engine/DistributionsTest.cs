using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.distributions;

namespace Retort.Tests.Torch;

/// <summary>PyTorch's distributions, number for number (environment/reference/distributions.py), and the draws' moments.</summary>
public class DistributionsTest
{
    private static Tensor x => tensor(new[] { -0.5, 0.25, 2.0 });
    private static Tensor q => tensor(new[] { 0.1, 0.5, 0.9 });
    private static Tensor loc => tensor(new[] { 0.0, 1.0, -1.0 });
    private static Tensor scale => tensor(new[] { 1.0, 0.5, 3.0 });

    private static void Near(double[] expected, Tensor actual)
    {
        var values = actual.flatten().data<double>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsInfinity(expected[i])) Assert.Equal(expected[i], values[i]);
            else Assert.Equal(expected[i], values[i], 1e-7);
        }
    }

    [Theory]
    [InlineData("Normal")]
    [InlineData("Laplace")]
    [InlineData("Uniform")]
    public void Continuous_AtPoints_GivesPyTorchsNumbers(string name)
    {
        using var scope = NewDisposeScope();
        var (one, expected) = name switch
        {
            "Normal" => ((Distribution)Normal(loc, scale), new double[][]
            {
                [-1.043938533205, -1.350791352645, -2.517550821873],
                [0.308537538726, 0.066807201269, 0.841344746069],
                [-1.281551565545, 1.0, 2.844654696634],
                [1.418938533205, 0.725791352645, 2.517550821873],
                [0.0, 1.0, -1.0],
                [1.0, 0.25, 9.0],
            }),
            "Laplace" => ((Distribution)Laplace(loc, scale), new double[][]
            {
                [-1.19314718056, -1.5, -2.791759469228],
                [0.303265329856, 0.111565080074, 0.816060279414],
                [-1.609437912434, 1.0, 3.828313737302],
                [1.69314718056, 1.0, 2.791759469228],
                [0.0, 1.0, -1.0],
                [2.0, 0.5, 18.0],
            }),
            _ => ((Distribution)Uniform(loc - 1, loc + 3), new double[][]
            {
                [-1.38629436112, -1.38629436112, double.NegativeInfinity],
                [0.125, 0.0625, 1.0],
                [-0.6, 2.0, 1.6],
                [1.38629436112, 1.38629436112, 1.38629436112],
                [1.0, 2.0, 0.0],
                [1.333333333333, 1.333333333333, 1.333333333333],
            }),
        };
        Tensor[] actual = [one.log_prob(x), one.cdf(x), one.icdf(q), one.entropy(), one.mean, one.variance];
        for (var i = 0; i < actual.Length; i++) Near(expected[i], actual[i]);
        Assert.Equal([2L, 3], one.sample(2).shape);
        Assert.Equal([4L, 3], one.expand(new Size([4, 3])).sample().shape);
    }

    [Fact]
    public void Discrete_AtPoints_GivesPyTorchsNumbers()
    {
        using var scope = NewDisposeScope();
        var b = Bernoulli(q);
        Near([-2.302585092994, -0.69314718056, -0.105360515658], b.log_prob(tensor(new[] { 1.0, 0, 1 })));
        Near([0.325082973391, 0.69314718056, 0.325082973391], b.entropy());
        Near([0.09, 0.25, 0.09], b.variance);
        Near([0.377540668798, 0.562176500886, 0.880797077978], Bernoulli(null, x).probs);
        var c = Categorical(tensor(new double[,] { { 1, 2, 1 }, { 0.2, 0, 0.8 } }));
        Near([-0.69314718056, -0.223143551314], c.log_prob(tensor(new long[] { 1, 2 })));
        Near([1.03972077084, 0.500402423538], c.entropy());
        Near([0.25, 0.5, 0.25, 0.2, 0.0, 0.8], c.probs);
        Near([-2.727819754473, -0.227819754473], Categorical(null, x).log_prob(tensor(new long[] { 0, 2 })));
        Assert.Equal([5L, 2], c.sample(5).shape);
        Assert.Throws<ArgumentException>(() => Bernoulli(q, x));
    }

    [Fact]
    public void Draws_OfAGenerator_HaveTheMomentsAndRepeat()
    {
        using var scope = NewDisposeScope();
        foreach (var make in new Func<Generator, Distribution>[]
        {
            g => Normal(loc, scale, g), g => Laplace(loc, scale, g), g => Uniform(loc - 1, loc + 3, g), g => Bernoulli(q, generator: g),
        })
        {
            var drawn = make(new Generator(3)).sample(20_000);
            Assert.True(drawn.Equals(make(new Generator(3)).sample(20_000)));
            var one = make(new Generator(3));
            var deviation = one.variance.sqrt() / Math.Sqrt(20_000);
            Assert.True((drawn.mean([0]) - one.mean).abs().lt(5 * deviation).all().item<bool>());
            Assert.True((drawn.var([0]) / one.variance - 1).abs().lt(0.1).all().item<bool>());
        }
        var classes = Categorical(tensor(new[] { 0.2, 0.0, 0.8 }), generator: new Generator(3)).sample(20_000);
        Assert.Equal(0, classes.eq(1).sum().item<long>());
        Assert.InRange(classes.eq(2).sum().item<long>(), 15_700, 16_300);
    }

    [Fact]
    public void Rsample_OfANormal_LetsGradientsThrough()
    {
        using var scope = NewDisposeScope();
        var mean = zeros([3], float64, requires_grad: true);
        Normal(mean, scale).rsample(7).sum().backward();
        Near([7, 7, 7], mean.grad!);
    }
}
