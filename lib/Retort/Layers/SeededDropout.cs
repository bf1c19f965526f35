using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Dropout (Srivastava et al. 2014) that draws from a generator of the model's own, so that a run's bits do not depend on
/// what else draws beside it. In training each value is 0 with probability p and else divided by 1 - p. The generator gives one
/// number a call; the mask is a hash of it and of each value's place, the same by kernel, by plain operators and on each device.
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

    /// <summary>Whether anything would be dropped now: in training, and with a probability above 0.</summary>
    public bool Acts => training && p > 0;

    /// <summary>(...) to (...); the same tensor's alias outside training.</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (!Acts)
        {
            return x.alias().MoveToOuterDisposeScope();
        }
        var seed = randint(long.MaxValue, [1], ScalarType.Int64, generator: generator).item<long>();
        var result = Fused.Dropout(x, p, seed) ?? (x * (float)(1 / (1 - p))).masked_fill(Dropped(x, seed), 0);
        return result.MoveToOuterDisposeScope();
    }

    // The hash of the fused kernel ("lowbias32", Wellons 2018, with the seed's halves), on 32 bits held in 64.
    private Tensor Dropped(Tensor x, long seed)
    {
        const long Bits = uint.MaxValue;
        using var scope = NewDisposeScope();
        Tensor Number(long value) => tensor(value, device: x.device);
        Tensor Shifted(Tensor h, int by) => h.bitwise_xor(h.bitwise_right_shift(Number(by)));
        var h = arange(x.numel(), device: x.device).bitwise_and(Number(Bits)).bitwise_xor(Number(seed & Bits));
        h = (Shifted(h, 16) * Number(0x7feb352d)).bitwise_and(Number(Bits));
        h = (Shifted(h, 15) + Number(seed >> 32)).bitwise_and(Number(Bits));
        h = (h * Number(0x846ca68b)).bitwise_and(Number(Bits));
        var threshold = (long)Math.Min(Math.Floor(p * 4294967296), Bits);
        return Shifted(h, 16).lt(Number(threshold)).view(x.shape).MoveToOuterDisposeScope();
    }
}
