using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Layers;

public sealed class AttentionTest
{
    private static Tensor Waves(params long[] shape)
    {
        var count = (int)shape.Aggregate(1L, (a, b) => a * b);
        return tensor(Enumerable.Range(0, count).Select(i => (float)Math.Sin(0.7 * i * (i % 11))).ToArray()).view(shape);
    }

    [Fact]
    public void Packed_WithAndWithoutGradients_IsScaledAttentionOfEachHead()
    {
        using var scope = NewDisposeScope();
        var qkv = Waves(3, 9, 24);
        var heads = qkv.view(3, 9, 3, 2, 4).permute(2, 0, 3, 1, 4);  // (3, B, heads, T, d)
        var expected = Attention.Scaled(heads[0], heads[1], heads[2]).transpose(1, 2).reshape(3, 9, 8);
        var kept = Attention.Packed(qkv, 2);
        Assert.InRange((expected - kept).abs().max().item<float>(), 0, 1e-6f);
        using var noGrad = no_grad();
        var free = Attention.Packed(qkv, 2);
        Assert.Equal(kept.shape, free.shape);
        Assert.InRange((expected - free).abs().max().item<float>(), 0, 1e-6f);
    }

    [Fact]
    public void Scaled_FormulaByHand()
    {
        using var scope = NewDisposeScope();
        var q = tensor(new float[] { 1, 0, 0, 1 }).view(2, 2);
        var v = tensor(new float[] { 1, 2, 3, 4 }).view(2, 2);
        var near = 1 / (1 + Math.Exp(-1 / Math.Sqrt(2)));
        var mixed = Attention.Scaled(q, q, v).data<float>().ToArray();
        Assert.Equal(near * 1 + (1 - near) * 3, mixed[0], 1e-6);
        Assert.Equal((1 - near) * 2 + near * 4, mixed[3], 1e-6);
    }

    [Fact]
    public void Scaled_MaskedKey_IsNotSeen()
    {
        using var scope = NewDisposeScope();
        var mask = tensor(new float[] { 0, 0, float.NegativeInfinity }).view(1, 3);
        var all = Attention.Scaled(Waves(3, 4), Waves(3, 4), Waves(3, 2), mask);
        var first = Attention.Scaled(Waves(3, 4), Waves(3, 4).narrow(0, 0, 2), Waves(3, 2).narrow(0, 0, 2));
        Assert.InRange((all - first).abs().max().item<float>(), 0, 1e-6f);
    }
}
