using Retort.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Tests.Child;

/// <summary>A small network with everything that has state: weights, running statistics, dropout from a generator. (B, 8) to (B, 3).</summary>
public sealed class TinyNet : nn.Module<Tensor, Tensor>
{
    private readonly Linear first, second;
    private readonly BatchNorm1d norm;
    private readonly Generator generator;

    /// <param name="seed">of the weights</param>
    /// <param name="width">of the hidden layer</param>
    /// <param name="generator">of the dropout</param>
    /// <param name="ballast">numbers that are stored and not used: they make writing a checkpoint take its time</param>
    public TinyNet(long seed, int width, Generator generator, int ballast = 0) : base(nameof(TinyNet))
    {
        first = nn.Linear(8, width);
        norm = nn.BatchNorm1d(width);
        second = nn.Linear(width, 3);
        this.generator = generator;
        RegisterComponents();
        if (ballast > 0)
        {
            register_buffer("ballast", zeros(ballast));
        }
        using var none = no_grad();
        foreach (var (name, parameter) in named_parameters())
        {
            var draw = RandomStream.Of(seed, "init", name);
            var values = Enumerable.Range(0, (int)parameter.numel()).Select(_ => (float)draw.Normal(parameter.shape.Length > 1 ? 0 : 0.5, 0.3)).ToArray();
            using var start = tensor(values);
            parameter.copy_(start.view(parameter.shape));
        }
    }

    public override Tensor forward(Tensor input)
    {
        var hidden = nn.functional.relu(norm.call(first.call(input)));
        if (training)
        {
            hidden = hidden * rand(hidden.shape, generator: generator).gt(0.2).to_type(ScalarType.Float32) / 0.8;
        }
        return second.call(hidden);
    }
}
