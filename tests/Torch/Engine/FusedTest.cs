using Retort.Audio;
using Retort.Layers;
using Retort.Torch;
using static Retort.Tests.Torch.FusedChecks;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

// The fused kernels against the plain operators, forward and gradient. Tolerances are of the largest value there:
// 2e-6 in float32, 5e-6 in dB; in bfloat16, whose rounding is 4e-3, 2e-2 against the float32 result of the same rounded inputs.
public class FusedTest
{
    private const double InFloat32 = 2e-6, InBFloat16 = 2e-2;

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 2, 248, 3, 64)]
    [InlineData(ScalarType.Float32, 3, 12, 2, 32)]
    [InlineData(ScalarType.Float32, 1, 1, 1, 16)]
    [InlineData(ScalarType.Float32, 2, 49, 2, 48)]
    [InlineData(ScalarType.Float32, 1, 333, 1, 80)]
    [InlineData(ScalarType.BFloat16, 2, 248, 3, 64)]
    [InlineData(ScalarType.BFloat16, 3, 13, 2, 32)]
    [InlineData(ScalarType.BFloat16, 1, 1, 1, 16)]
    [InlineData(ScalarType.BFloat16, 1, 97, 2, 48)]
    public void Attention_Fused_EqualsPlain(ScalarType dtype, int batch, int length, int heads, int width)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        var x = Values("qkv", dtype, batch, length, 3 * heads * width);
        var slope = Values("slope", dtype, batch, length, heads * width);
        var (expected, plain) = Plain();
        var leaf = Leaf(x, dtype);
        var actual = Fused.Attention(leaf, heads)!;
        actual.backward([slope]);
        var tolerance = dtype == ScalarType.Float32 ? InFloat32 : InBFloat16;
        Near(expected, actual, tolerance);
        Near(plain, leaf.grad, tolerance);
        using var none = no_grad();
        Assert.True(Fused.Attention(x, heads)!.Equals(actual.detach()));

        (Tensor, Tensor) Plain()
        {
            using var off = Fused.Off();
            var leaf = Leaf(x, ScalarType.Float32);
            var y = Attention.Packed(leaf, heads);
            y.backward([slope.to(ScalarType.Float32)]);
            return (y.detach(), leaf.grad!);
        }
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 55, 4, 32)]
    [InlineData(ScalarType.Float32, 100, 2, 48)]
    [InlineData(ScalarType.BFloat16, 55, 4, 32)]
    public void Attention_WithLengths_EqualsPlain(ScalarType dtype, int length, int heads, int width)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        long[] valid = [length, 1, length - 7, 33];
        var lengths = tensor(valid);
        var x = Values("qkv", dtype, valid.Length, length, 3 * heads * width);
        var slope = Values("slope", dtype, valid.Length, length, heads * width);
        var (plain, leaf) = (Leaf(x, ScalarType.Float32), Leaf(x, dtype));
        Tensor expected;
        using (Fused.Off())
        {
            expected = Attention.Packed(plain, heads, LengthMask.Additive(valid, length), lengths: lengths);
            expected.backward([slope.to(ScalarType.Float32)]);
        }
        var actual = Fused.Attention(leaf, heads, lengths)!;
        actual.backward([slope]);
        var tolerance = dtype == ScalarType.Float32 ? InFloat32 : InBFloat16;
        Near(expected, actual, tolerance);
        Near(plain.grad!, leaf.grad, tolerance);
        // Rows without padding have the bits of a call without lengths.
        using var none = no_grad();
        Assert.True(Fused.Attention(x.narrow(0, 0, 1), heads)!.Equals(actual.detach().narrow(0, 0, 1)));
    }

    [SkippableTheory]
    [InlineData(1, 150, 1)]
    [InlineData(1, 150, 2)]
    [InlineData(1, 7, 1)]
    [InlineData(0, 150, 1)]
    public void Attention_OfFewerHeadsThanThreads_HasTheSameBits(int batch, int length, int heads)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var x = Values("qkv", ScalarType.Float32, batch, length, 3 * heads * 32);
        Tensor On(int threads)
        {
            using var own = Threads.RunWith(threads);
            return Fused.Attention(x, heads)!;
        }
        Assert.True(On(1).Equals(On(5)));
    }

    [SkippableFact]
    public void Attention_LengthBeyondTheKeys_IsRefused()
    {
        SkipWithout(ScalarType.Float32);
        using var x = zeros(2, 4, 96);
        using var lengths = tensor(new long[] { 4, 5 });
        Assert.Contains("row 1 has length 5", Assert.ThrowsAny<Exception>(() => Fused.Attention(x, 2, lengths)).Message);
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 0.1, 7, 3)]
    [InlineData(ScalarType.Float32, 0.5, 300, 401)]
    [InlineData(ScalarType.BFloat16, 0.1, 100, 37)]
    public void Dropout_Fused_EqualsPlainAndDropsItsShare(ScalarType dtype, double p, int rows, int width)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        var x = Values("x", dtype, rows, width);
        var slope = Values("slope", dtype, rows, width);
        (Tensor, Tensor) Of(Generator generator, Tensor leaf)
        {
            var y = new SeededDropout(p, generator).call(leaf);
            y.backward([slope]);
            return (y.detach(), leaf.grad!);
        }
        using Generator one = new(5), two = new(5);
        var (actual, gradient) = Of(one, Leaf(x, dtype));
        using (Fused.Off())
        {
            var (expected, plain) = Of(two, Leaf(x, dtype));
            var tolerance = dtype == ScalarType.Float32 ? 0 : InBFloat16;
            Near(expected, actual, tolerance);
            Near(plain, gradient, tolerance);
            Assert.True(expected.eq(0).Equals(actual.eq(0)));
        }
        var dropped = actual.eq(0).to(ScalarType.Float64).mean().item<double>();
        Assert.InRange(dropped, p - 4 * Math.Sqrt(p * (1 - p) / (rows * width)), p + 4 * Math.Sqrt(p * (1 - p) / (rows * width)));
        // Another call draws another mask.
        Assert.False(actual.Equals(Of(one, Leaf(x, dtype)).Item1));
    }

    // What two values are both dropped is p p: of neighbours, of one column, and of two calls.
    [Fact]
    public void Dropout_Masks_AreIndependent()
    {
        using var scope = NewDisposeScope();
        const double P = 0.25;
        const int Count = 1 << 17;
        var dropout = new SeededDropout(P, new Generator(11));
        Tensor Mask() => dropout.call(ones(Count)).eq(0);
        var mask = Mask();
        void Joint(Tensor a, Tensor b)
        {
            var share = a.logical_and(b).to(ScalarType.Float64).mean().item<double>();
            Assert.InRange(share, P * P - 4.5 * Math.Sqrt(P * P * (1 - P * P) / Count), P * P + 4.5 * Math.Sqrt(P * P * (1 - P * P) / Count));
        }
        foreach (var lag in new[] { 1, 2, 16, 128, 512, 1024 })
        {
            Joint(mask.narrow(0, 0, Count - lag), mask.narrow(0, lag, Count - lag));
        }
        Joint(mask, Mask());
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 5, 64)]
    [InlineData(ScalarType.Float32, 1300, 192)]
    [InlineData(ScalarType.Float32, 7, 37)]
    [InlineData(ScalarType.BFloat16, 1030, 192)]
    [InlineData(ScalarType.BFloat16, 3, 21)]
    public void AddNorm_Fused_EqualsPlain(ScalarType dtype, int rows, int width)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        var inputs = new[] { Values("x", ScalarType.Float32, rows, width), Values("y", dtype, rows, width), Values("w", ScalarType.Float32, width), Values("b", ScalarType.Float32, width) };
        var slopes = new[] { Values("sum", ScalarType.Float32, rows, width), Values("normed", ScalarType.Float32, rows, width) };
        var plain = inputs.Select(x => Leaf(x, ScalarType.Float32)).ToArray();
        var sum = plain[0] + plain[1];
        var normed = nn.functional.layer_norm(sum, [width], plain[2], plain[3], 1e-6);
        autograd.backward([sum, normed], slopes);
        var leaves = inputs.Select(x => Leaf(x, x.dtype)).ToArray();
        using (dtype == ScalarType.BFloat16 ? Autocast.Cpu() : null)
        {
            var both = Fused.AddNorm(leaves[0], leaves[1], leaves[2], leaves[3], 1e-6)!.Value;
            Assert.Equal(ScalarType.Float32, both.Sum.dtype);
            Assert.Equal(dtype, both.Normed.dtype);
            Near(sum, both.Sum, InFloat32);
            Near(normed, both.Normed, dtype == ScalarType.Float32 ? InFloat32 : InBFloat16);
            autograd.backward([both.Sum, both.Normed], [slopes[0], slopes[1].to(dtype)]);
        }
        for (var i = 0; i < leaves.Length; i++)
        {
            Near(plain[i].grad!, leaves[i].grad, dtype == ScalarType.Float32 ? 4 * InFloat32 : InBFloat16);
        }
    }

    [SkippableFact]
    public void Norm_Fused_EqualsPlainWithGradient()
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var x = Values("x", ScalarType.Float32, 3, 11, 48);
        Tensor[] plain = [Leaf(x, x.dtype), ones(48).requires_grad_(), zeros(48).requires_grad_()], leaves = [Leaf(x, x.dtype), ones(48).requires_grad_(), zeros(48).requires_grad_()];
        var expected = nn.functional.layer_norm(plain[0], [48], plain[1], plain[2], 1e-5);
        var slope = Values("slope", ScalarType.Float32, 3, 11, 48);
        (expected * slope).sum().backward();
        var actual = Fused.Norm(leaves[0], leaves[1], leaves[2], 1e-5)!;
        (actual * slope).sum().backward();
        Near(expected, actual, InFloat32);
        for (var i = 0; i < 3; i++)
        {
            Near(plain[i].grad!, leaves[i].grad, 4 * InFloat32);
        }
    }

    [SkippableTheory]
    [InlineData(ScalarType.Float32, 1)]
    [InlineData(ScalarType.Float32, 100_003)]
    [InlineData(ScalarType.BFloat16, 4099)]
    public void Gelu_Fused_EqualsPlain(ScalarType dtype, int count)
    {
        SkipWithout(dtype);
        using var scope = NewDisposeScope();
        var x = (Values("x", ScalarType.Float32, count) * 3).to(dtype);
        var plain = Leaf(x, ScalarType.Float32);
        var expected = nn.functional.gelu(plain);
        expected.sum().backward();
        var leaf = Leaf(x, dtype);
        var actual = Fused.Gelu(leaf)!;
        actual.sum().backward();
        Near(expected, actual, dtype == ScalarType.Float32 ? InFloat32 : InBFloat16);
        Near(plain.grad!, leaf.grad, dtype == ScalarType.Float32 ? InFloat32 : InBFloat16);
    }

    [SkippableTheory]
    [InlineData(3, 16_000, 512, 160)]
    [InlineData(1, 300, 512, 160)]
    [InlineData(2, 5_000, 1024, 100)]
    [InlineData(1, 1_000, 32, 16)]
    public void Mel_Fused_EqualsPlain(int batch, int samples, int length, int hop)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var front = new MelFrontEnd(new MelSettings { FftLength = length, Hop = hop, Mels = length == 32 ? 4 : 64 });
        var waves = Values("waves", ScalarType.Float32, batch, samples) * 0.1;
        Tensor expected;
        using (Fused.Off())
        {
            expected = front.call(waves);
        }
        Near(expected, front.call(waves), 5e-6);  // of some 30 dB
    }

    [SkippableFact]
    public void Attention_SecondGradient_IsRefused()
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var leaf = Leaf(Values("qkv", ScalarType.Float32, 1, 4, 96), ScalarType.Float32);
        var y = Fused.Attention(leaf, 2)!;
        var e = Assert.ThrowsAny<Exception>(() => autograd.grad([y.sum()], [leaf], create_graph: true));
        Assert.Contains("second gradient", e.Message);
    }

    [Fact]
    public void Attention_HeadOfOddWidth_TakesThePlainPath()
    {
        using var scope = NewDisposeScope();
        var x = Values("qkv", ScalarType.Float32, 1, 4, 60);
        Assert.Null(Fused.Attention(x, 2));
        Assert.Equal([1, 4, 20], Attention.Packed(x, 2).shape);
    }
}
