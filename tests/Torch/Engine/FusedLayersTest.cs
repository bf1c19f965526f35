using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.Torch.FusedChecks;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

// Linear layers and what is built of them, against the plain operators in float64. Tolerances are of the largest value there: 3e-6 in float32
// (sums of up to 770 products), 2e-2 in bfloat16.
public class FusedLayersTest
{
    private const double InFloat32 = 3e-6, InBFloat16 = 2e-2;

    /// <summary>The result and all gradients of a function of leaves, which are made anew in the type.</summary>
    private static Tensor[] Run(Tensor[] leaves, Tensor slope, ScalarType type, bool mixed, Func<Tensor[], Tensor?> body)
    {
        var own = leaves.Select(x => x.detach().to(type).clone().requires_grad_()).ToArray();
        Tensor? y;
        using (mixed ? Autocast.Cpu(bfloat16) : null)
        {
            y = body(own);
        }
        Assert.NotNull(y);
        y.backward([slope.to(y.dtype)]);
        return [y.detach(), .. own.Select(x => x.grad!)];
    }

    // Rows: one tile, less than a tile, several tiles and a rest; widths that are no multiple of a vector, and sums in several parts.
    [SkippableTheory]
    [InlineData(false, 32, 1, 1)]
    [InlineData(false, 37, 19, 7)]
    [InlineData(false, 97, 192, 576)]
    [InlineData(false, 300, 770, 33)]
    [InlineData(true, 32, 2, 2)]
    [InlineData(true, 97, 192, 576)]
    [InlineData(true, 301, 770, 34)]
    public void Linear_Fused_EqualsPlain(bool mixed, int rows, int width, int results)
    {
        SkipWithout(mixed ? bfloat16 : float32);
        using var scope = NewDisposeScope();
        Tensor[] leaves = [Values("x", rows, width), Values("weight", results, width) * Math.Pow(width, -0.5), Values("bias", results)];
        var slope = Values("slope", rows, results);
        var expected = Run(leaves, slope, float64, false, l => nn.functional.linear(l[0], l[1], l[2]));
        var actual = Run(leaves, slope, float32, mixed, l => Fused.Linear(l[0], l[1], l[2]));
        Assert.Equal(mixed ? bfloat16 : float32, actual[0].dtype);
        Assert.All(actual.Skip(1), gradient => Assert.Equal(float32, gradient.dtype));
        foreach (var (e, a) in expected.Zip(actual)) Near(e, a, mixed ? InBFloat16 : InFloat32);
        var withoutBias = Run(leaves[..2], slope, float32, mixed, l => Fused.Linear(l[0], l[1], null));
        Near(expected[0] - leaves[2].to(float64), withoutBias[0], mixed ? InBFloat16 : InFloat32);
        Assert.True(actual[2].Equals(withoutBias[2]));
    }

    [SkippableTheory]
    [InlineData(false, 33, 5, 9, 3)]
    [InlineData(false, 200, 64, 770, 34)]
    [InlineData(true, 32, 2, 2, 2)]
    [InlineData(true, 200, 64, 770, 34)]
    public void Mlp_Fused_EqualsPlain(bool mixed, int rows, int width, int hidden, int results)
    {
        SkipWithout(mixed ? bfloat16 : float32);
        using var scope = NewDisposeScope();
        Tensor[] leaves = [Values("x", rows, width), Values("weight1", hidden, width) * Math.Pow(width, -0.5), Values("bias1", hidden),
            Values("weight2", results, hidden) * Math.Pow(hidden, -0.5), Values("bias2", results)];
        var slope = Values("slope", rows, results);
        var expected = Run(leaves, slope, float64, false, l => nn.functional.linear(nn.functional.gelu(nn.functional.linear(l[0], l[1], l[2])), l[3], l[4]));
        var actual = Run(leaves, slope, float32, mixed, l => Fused.Mlp(l[0], l[1], l[2], l[3], l[4]));
        foreach (var (e, a) in expected.Zip(actual)) Near(e, a, mixed ? InBFloat16 : InFloat32);
        using var none = no_grad();
        using var cast = mixed ? Autocast.Cpu(bfloat16) : null;
        Assert.True(Fused.Mlp(leaves[0], leaves[1], leaves[2], leaves[3], leaves[4])!.Equals(actual[0]));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Layers_OnOtherNumbersOfThreads_GiveTheSameBits(bool mixed)
    {
        SkipWithout(mixed ? bfloat16 : float32);
        using var scope = NewDisposeScope();
        Tensor[] leaves = [Values("x", 4, 75, 64), Values("weight1", 250, 64) * 0.1, Values("bias1", 250), Values("weight2", 64, 250) * 0.1, Values("bias2", 64)];
        var slope = Values("slope", 4, 75, 64);
        Tensor[] On(int threads)
        {
            using var own = Threads.RunWith(threads);
            return Run(leaves, slope, float32, mixed, l => Fused.Mlp(Fused.Linear(l[0], l[3].t().contiguous(), l[2])!.narrow(-1, 0, 64).contiguous(), l[1], l[2], l[3], l[4]));
        }
        foreach (var (one, three) in On(1).Zip(On(3))) Assert.True(one.Equals(three));
    }

    [SkippableTheory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Block_Whole_HasTheBitsOfItsParts(bool mixed, bool padded)
    {
        SkipWithout(mixed ? bfloat16 : float32);
        using var scope = NewDisposeScope();
        using var block = new EncoderBlock(64, 2, 130);
        block.eval();
        Tensor x = Values("x", 3, 101, 64), before = Values("before", 3, 101, 64);
        long[] valid = [101, 1, 70];
        var lengths = padded ? tensor(valid) : null;
        var mask = padded ? LengthMask.Additive(valid, 101) : null;
        using var cast = mixed ? Autocast.Cpu(bfloat16) : null;
        using var own = Threads.RunWith(1);
        // With gradients on, the block goes part by part.
        var (sum, added) = block.Branches(x, before, mask, lengths: lengths);
        var (alone, last) = block.Branches(x, null, mask, lengths: lengths);
        using var none = no_grad();
        var weights = block.parameters().ToArray();
        var whole = Fused.Block(x, before, weights, 2, 1e-6, lengths);
        Assert.NotNull(whole);
        Assert.True(whole.Value.Sum.Equals(sum) && whole.Value.Added.Equals(added));
        var (s, a) = block.Branches(x, null, mask, lengths: lengths);
        Assert.True(s.Equals(alone) && a.Equals(last));
        using (Threads.RunWith(3))
        {
            var three = Fused.Block(x, before, weights, 2, 1e-6, lengths)!.Value;
            Assert.True(three.Sum.Equals(sum) && three.Added.Equals(added));
        }
        using (Threads.RunWith(4)) Assert.Null(Fused.Block(x, before, weights, 2, 1e-6, lengths));
        using var kept = new KeptWeights();
        for (var turn = 0; turn < 2; turn++)
        {
            using var use = kept.Use();
            var again = Fused.Block(x, before, weights, 2, 1e-6, lengths)!.Value;
            Assert.True(again.Sum.Equals(sum) && again.Added.Equals(added));
        }
        weights[8].mul_(2);
        var changed = Fused.Block(x, before, weights, 2, 1e-6, lengths)!.Value;
        using (kept.Use()) Assert.True(Fused.Block(x, before, weights, 2, 1e-6, lengths)!.Value.Added.Equals(changed.Added));
        Assert.False(changed.Added.Equals(added));
    }

    [SkippableFact]
    public void Layers_OfWhatTheyDoNotTake_AreNull()
    {
        SkipWithout(float32);
        using var scope = NewDisposeScope();
        Tensor weight = Values("weight", 8, 6), bias = Values("bias", 8), x = Values("x", 40, 6);
        Assert.NotNull(Fused.Linear(x, weight, bias));
        Assert.Null(Fused.Linear(x.narrow(0, 0, Fused.LeastRows - 1), weight, bias));
        Assert.Null(Fused.Linear(zeros(0, 6), weight, bias));
        Assert.Null(Fused.Linear(Values("wide", 6, 40).t(), weight, bias));
        Assert.Null(Fused.Linear(x.to(float64), weight.to(float64), bias.to(float64)));
        Assert.Null(Fused.Linear(Values("five", 40, 5), weight, bias));
        using (Fused.Off()) Assert.Null(Fused.Linear(x, weight, bias));
        using var layer = nn.Linear(6, 8);
        Near(layer.call(x.narrow(0, 0, 3)), Fused.Call(layer, x.narrow(0, 0, 3)), 0);
        Near(layer.call(x), Fused.Call(layer, x), InFloat32);
    }

    [SkippableFact]
    public void Linear_OfNanAndInfinity_KeepsThemInTheirRows()
    {
        SkipWithout(float32);
        using var scope = NewDisposeScope();
        var x = Values("x", 50, 20);
        x[3, 4] = float.NaN;
        x[49, 19] = float.PositiveInfinity;
        var weight = Values("weight", 10, 20);
        var y = Fused.Linear(x, weight, null)!;
        Assert.True(y[3].isnan().all().item<bool>());
        Assert.True(y[49].isinf().all().item<bool>());
        Assert.Equal(480, y.isfinite().sum().item<long>());
    }

    [SkippableFact]
    public void Linear_SecondGradient_IsRefused()
    {
        SkipWithout(float32);
        using var scope = NewDisposeScope();
        var x = Values("x", 40, 6).requires_grad_();
        var y = Fused.Linear(x, Values("weight", 8, 6), null)!;
        Assert.Contains("no second gradient", Assert.ThrowsAny<Exception>(() => autograd.grad([y.sum()], [x], create_graph: true)).Message);
    }

    [SkippableFact]
    public void Linear_FrozenWeightOrInput_GetsNoGradient()
    {
        SkipWithout(float32);
        using var scope = NewDisposeScope();
        Tensor x = Values("x", 40, 6).requires_grad_(), weight = Values("weight", 8, 6), bias = Values("bias", 8).requires_grad_();
        Fused.Linear(x, weight, bias)!.sum().backward();
        Assert.Null(weight.grad);
        Near(full([8], 40f), bias.grad, 0);
        Near(weight.sum([0L]).expand(40, 6), x.grad, InFloat32);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void KeptWeights_OnLaterCalls_HaveTheBitsAndSeeWhatChanged(bool mixed)
    {
        SkipWithout(mixed ? bfloat16 : float32);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var cast = mixed ? Autocast.Cpu(bfloat16) : null;
        using var kept = new KeptWeights();
        Tensor x = Values("x", 66, 96), weight = Values("weight", 64, 96), bias = Values("bias", 64), last = Values("weight2", 32, 64), end = Values("bias2", 32);
        Tensor[] Both() => [Fused.Linear(x, weight, bias)!, Fused.Mlp(x, weight, bias, last, end)!];
        void Same()
        {
            var plain = Both();
            for (var turn = 0; turn < 3; turn++)
            {
                using var use = kept.Use();
                foreach (var (expected, actual) in plain.Zip(Both())) Assert.True(expected.Equals(actual));
            }
        }
        Same();
        weight.mul_(2);
        Same();
        weight.copy_(Values("another", 64, 96));
        Same();
        // The same tensor with other memory.
        using var layer = nn.Linear(96, 64);
        weight = layer.weight!;
        Same();
        layer.to(float64);
        weight.mul_(3);
        layer.to(float32);
        Same();
        // With gradients a weight is packed for the call, as ever.
        using (kept.Use())
        {
            using var on = enable_grad();
            var learned = weight.detach().clone().requires_grad_();
            Fused.Linear(x, learned, bias)!.sum().backward();
            Assert.NotNull(learned.grad);
        }
        using (kept.Use()) Assert.Throws<InvalidOperationException>(() => kept.Use());
        var ended = kept.Use();
        kept.Dispose();
        Assert.True(Fused.Linear(x, weight, bias)!.isfinite().all().item<bool>());
        ended.Dispose();
        Assert.Throws<ObjectDisposedException>(() => kept.Use());
    }
}
