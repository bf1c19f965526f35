using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Dropout (Srivastava et al. 2014) that draws from a generator of the model's own, so that a run's bits do not depend on
/// what else draws beside it. In training each value is 0 with probability p and else divided by 1 - p.
/// </summary>
public sealed class SeededDropout : nn.Module<Tensor, Tensor>
{
    private readonly double p;
    private readonly Generator generator;

    /// <param name="p">probability of 0, in [0, 1)</param>
    /// <param name="generator">a generator of the CPU; the run seeds it before each step</param>
    public SeededDropout(double p, Generator generator) : base(nameof(SeededDropout))
    {
        if (p is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "a dropout probability is at least 0 and less than 1");
        }
        this.p = p;
        this.generator = generator;
    }

    /// <summary>(...) to (...); the same tensor's alias outside training. Masks are drawn on the CPU, whatever the device.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (!training || p == 0)
        {
            return x.alias().MoveToOuterDisposeScope();
        }
        var keep = rand(x.shape, generator: generator).ge(p).to(x.dtype).div_(1 - p).to(x.device);
        return (x * keep).MoveToOuterDisposeScope();
    }
}
