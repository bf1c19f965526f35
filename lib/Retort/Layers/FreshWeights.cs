using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Fills a model's weights as a function of the run's seed and each weight's name.</summary>
public static class FreshWeights
{
    /// <summary>Fills all parameters.</summary>
    /// <param name="module">the model</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="part">which of several models of a run this is; part of each draw's purpose</param>
    /// <param name="rule">name, shape and draw of a parameter to its values one by one; null for PyTorch's constant start: 1 in a weight, 0 elsewhere</param>
    public static void Fill(nn.Module module, long seed, string part, Func<string, long[], RandomStream, Func<double>?> rule)
    {
        using var noGrad = no_grad();
        foreach (var (name, parameter) in module.named_parameters())
        {
            if (rule(name, parameter.shape, RandomStream.Of(seed, $"init {part}", name)) is not { } next)
            {
                parameter.fill_(name.EndsWith(".weight") ? 1 : 0);
                continue;
            }
            var values = new float[parameter.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)next();
            }
            using var fresh = tensor(values, parameter.shape);
            parameter.copy_(fresh);
        }
    }

    /// <summary>Uniform within 1 / sqrt(fan in), PyTorch's start of linear layers and convolutions.</summary>
    /// <param name="draw">where values come from</param>
    /// <param name="fanIn">values that go into one output</param>
    public static Func<double> Uniform(RandomStream draw, long fanIn)
    {
        var bound = 1 / Math.Sqrt(fanIn);
        return () => draw.Uniform(-bound, bound);
    }

    /// <summary>Uniform within sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010).</summary>
    /// <param name="draw">where values come from</param>
    /// <param name="fanOut">outputs</param>
    /// <param name="fanIn">inputs</param>
    public static Func<double> Xavier(RandomStream draw, long fanOut, long fanIn)
    {
        var bound = Math.Sqrt(6.0 / (fanIn + fanOut));
        return () => draw.Uniform(-bound, bound);
    }
}
