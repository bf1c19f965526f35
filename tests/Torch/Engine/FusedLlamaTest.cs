using Retort.Layers;
using Retort.Torch;
using static Retort.Tests.Torch.FusedChecks;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

// The kernels of LLaMA's layers against the plain operators, forward and gradient. Tolerances are of the largest value there, as
// in FusedTest; products of bfloat16 are against float32 ones of the same rounded values.
public class FusedLlamaTest
{
    private const double InFloat32 = 2e-6, InBFloat16 = 1e-2;

    [SkippableTheory]
    [InlineData(1, 16)]
    [InlineData(7, 96)]
    [InlineData(1300, 128)]
    public void RmsNorm_Fused_EqualsPlain(int rows, int width)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var (x, weight, slope) = (Values("x", rows, width) * 3, Values("weight", width), Values("slope", rows, width));
        var (x1, w1, x2, w2) = (Leaf(x), Leaf(weight), Leaf(x), Leaf(weight));
        var expected = x1 * ((x1 * x1).mean([-1L], keepdim: true) + 1e-5).rsqrt() * w1;
        expected.backward([slope]);
        var actual = Fused.RmsNorm(x2, w2, 1e-5)!;
        actual.backward([slope]);
        Near(expected.detach(), actual.detach(), InFloat32);
        Near(x1.grad!, x2.grad, InFloat32);
        Near(w1.grad!, w2.grad, 10 * InFloat32);  // a sum over all rows
        using (no_grad())
        {
            Assert.True(Fused.RmsNorm(x, weight, 1e-5)!.Equals(actual.detach()));
        }
        // A frozen weight gets none.
        var frozen = Leaf(x);
        Fused.RmsNorm(frozen, weight, 1e-5)!.backward([slope]);
        Near(x1.grad!, frozen.grad, InFloat32);
        Assert.Null(weight.grad);
    }

    [SkippableFact]
    public void RmsNorm_BFloat16_RoundsAsPlain()
    {
        SkipWithout(ScalarType.BFloat16);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (x, weight) = (Values("x", 5, 64).to(ScalarType.BFloat16), Values("weight", 64).to(ScalarType.BFloat16));
        var wide = x.to(ScalarType.Float32);
        Near((wide * ((wide * wide).mean([-1L], keepdim: true) + 1e-5).rsqrt()).to(ScalarType.BFloat16) * weight, Fused.RmsNorm(x, weight, 1e-5), InBFloat16);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(5003)]
    public void Gate_Fused_EqualsPlain(int count)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var (a, b, slope) = (Values("a", count) * 8, Values("b", count), Values("slope", count));
        var (a1, b1, a2, b2) = (Leaf(a), Leaf(b), Leaf(a), Leaf(b));
        var expected = TorchSharp.torch.nn.functional.silu(a1) * b1;
        expected.backward([slope]);
        var actual = Fused.Gate(a2, b2)!;
        actual.backward([slope]);
        Near(expected.detach(), actual.detach(), InFloat32);
        Near(a1.grad!, a2.grad, InFloat32);
        Near(b1.grad!, b2.grad, InFloat32);
    }

    [SkippableTheory]
    [InlineData(2, 5, 2, 3, 24, false)]
    [InlineData(3, 7, 1, 1, 32, true)]
    [InlineData(1, 1, 4, 8, 64, false)]
    [InlineData(2, 9, 3, 2, 6, true)]
    public void SplitHeads_Fused_EqualsPlain(int batch, int length, int groups, int each, int head, bool own)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var fused = Values("fused", batch, length, groups, each + 2, head);
        var angles = Values("angles", own ? batch : 1, length, 1, 1, head / 2);
        var (cosines, sines) = (angles.cos(), angles.sin());
        var (x1, x2) = (Leaf(fused), Leaf(fused));
        var turned = RotaryPositions.Rotate(x1.narrow(3, 0, each + 1), cosines, sines);
        var plain = (turned.narrow(3, 0, each).permute(0, 2, 3, 1, 4).mul(1 / Math.Sqrt(head)).reshape(batch, groups, each * length, head),
            turned.select(3, each).transpose(1, 2), x1.select(3, each + 1).transpose(1, 2));
        var found = Fused.SplitHeads(x2, cosines, sines)!.Value;
        var (dq, dk, dv) = (Values("dq", [.. plain.Item1.shape]), Values("dk", [.. plain.Item2.shape]), Values("dv", [.. plain.Item3.shape]));
        ((plain.Item1 * dq).sum() + (plain.Item2 * dk).sum() + (plain.Item3 * dv).sum()).backward();
        ((found.Queries * dq).sum() + (found.Keys * dk).sum() + (found.Values * dv).sum()).backward();
        Near(plain.Item1.detach(), found.Queries.detach(), InFloat32);
        Near(plain.Item2.detach(), found.Keys.detach(), InFloat32);
        Near(plain.Item3.detach(), found.Values.detach(), InFloat32);
        Near(x1.grad!, x2.grad, InFloat32);
    }

    [SkippableTheory]
    [InlineData(2, 5, 5, 2, 3, 16, false, 0, false)]
    [InlineData(3, 37, 37, 1, 2, 48, false, 7, true)]
    [InlineData(2, 19, 40, 2, 1, 32, true, 20, false)]
    [InlineData(3, 1, 21, 4, 2, 64, true, 2, true)]
    [InlineData(1, 1, 9, 2, 2, 128, false, 3, true)]
    public void AttendGrouped_Fused_EqualsPlain(int batch, int length, int all, int groups, int each, int head, bool padded, int rows, bool own)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var heads = groups * each;
        Tensor[] given = [Values("q", batch, groups, each * length, head), Values("k", batch, groups, all, head), Values("v", batch, groups, all, head)];
        given[0] = given[0] * (4 / Math.Sqrt(head));
        if (rows > 0)
        {
            given = [.. given, Values("pk", own ? batch : 1, heads, rows, head), Values("pv", own ? batch : 1, heads, rows, head), Values("gates", heads)];
        }
        var left = padded ? tensor([.. Enumerable.Range(0, batch).Select(b => (long)(b * 5 % all))]) : null;
        Tensor Plain(Tensor[] t)
        {
            var columns = arange(all).unsqueeze(0);
            var places = arange(all - length, all).unsqueeze(1);
            var hidden = columns.gt(places).unsqueeze(0);
            if (left is not null)
            {
                hidden = hidden.logical_or(columns.unsqueeze(0).lt(left.view(-1, 1, 1)).logical_and(columns.ne(places).unsqueeze(0)));
            }
            var scores = matmul(t[0], t[1].transpose(-2, -1)).view(batch, groups, each, length, all).masked_fill(hidden.unsqueeze(1).unsqueeze(1), float.NegativeInfinity);
            var y = matmul(scores.softmax(-1).view(batch, groups, each * length, all), t[2]).view(batch, heads, length, head);
            if (rows > 0)
            {
                y = y + matmul(matmul(t[0].view(batch, heads, length, head), t[3].transpose(-2, -1)).softmax(-1), t[4]) * t[5].view(1, heads, 1, 1);
            }
            return y.transpose(1, 2).reshape(batch, length, heads * head);
        }
        Tensor Attended(Tensor[] t) => Fused.AttendGrouped(t[0], t[1], t[2], length, left, rows > 0 ? (t[3], t[4], t[5]) : null);
        var (first, second) = (given.Select(t => Leaf(t)).ToArray(), given.Select(t => Leaf(t)).ToArray());
        var (expected, actual) = (Plain(first), Attended(second));
        Near(expected.detach(), actual.detach(), InFloat32);
        var slope = Values("slope", [.. expected.shape]);
        expected.backward([slope]);
        actual.backward([slope]);
        foreach (var (one, other) in first.Zip(second))
        {
            Near(one.grad!, other.grad, 10 * InFloat32);
        }
        if (rows > 0)
        {
            // The adapter alone learns: its gradients are the same, and the tokens' are not made.
            Tensor[] adapter = [.. given.Take(3), .. given.Skip(3).Select(t => Leaf(t))];
            Attended(adapter).backward([slope]);
            for (var i = 3; i < 6; i++)
            {
                Assert.True(second[i].grad!.Equals(adapter[i].grad!));
            }
        }
        using var none = no_grad();
        // Keys and values of a cache: parts of longer memory.
        Tensor[] cached = [given[0], cat([given[1], ones_like(given[1])], 2).narrow(2, 0, all), cat([given[2], ones_like(given[2])], 2).narrow(2, 0, all), .. given.Skip(3)];
        Assert.True(Attended(cached).Equals(actual.detach()));
        if (Fused.HasGrouped(given[0].to(ScalarType.BFloat16), head))
        {
            Tensor[] lower = [.. given.Select((t, i) => i < 5 ? t.to(ScalarType.BFloat16) : t)];
            Near(Plain([.. lower.Select(t => t.to(ScalarType.Float32))]), Attended(lower), InBFloat16);
        }
    }

    [SkippableFact]
    public void AttendGrouped_WhatDoesNotFit_IsRefused()
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        var (q, k) = (Values("q", 2, 1, 3, 16), Values("k", 2, 1, 4, 16));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Fused.AttendGrouped(q, k, k.narrow(2, 0, 3), 3));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Fused.AttendGrouped(q, k, k, 2));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Fused.AttendGrouped(q, k, k, 3, tensor([0L, 4L])));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Fused.AttendGrouped(q, k, k, 3, prompt: (k, k, zeros(2))));
    }

    [SkippableTheory]
    [InlineData(1, 32, 1)]
    [InlineData(1, 2048, 259)]
    [InlineData(4, 96, 10)]
    public void LinearRows_BFloat16_EqualsPlain(int rows, int inputs, int outputs)
    {
        SkipWithout(ScalarType.BFloat16);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (x, weight) = (Values("x", rows, inputs).to(ScalarType.BFloat16), Values("weight", outputs, inputs).to(ScalarType.BFloat16));
        Near(matmul(x.to(ScalarType.Float32), weight.to(ScalarType.Float32).t()), Fused.LinearRows(x, weight), InBFloat16);
        Assert.Null(Fused.LinearRows(Values("more", Fused.FewRows + 1, inputs).to(ScalarType.BFloat16), weight));
    }

    [SkippableTheory]
    [InlineData(1, 64, 3)]
    [InlineData(1, 2048, 130)]
    [InlineData(4, 192, 9)]
    public void LinearBytes_Fused_EqualsPlain(int rows, int inputs, int outputs)
    {
        SkipWithout(ScalarType.Float32);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (x, weight, scales) = (Values("x", rows, inputs).clone(), (Values("weight", outputs, inputs) * 40).clamp(-127, 127).round().to(ScalarType.Int8), Values("scales", outputs).abs());
        Near(matmul(x, (weight.to(ScalarType.Float32) * scales.unsqueeze(1)).t()), Fused.LinearBytes(x, weight, scales), 5e-4);
        x[0][inputs - 1] = float.NaN;
        Assert.True(Fused.LinearBytes(x, weight, scales)![0].isnan().all().item<bool>());
        Assert.Equal(0, Fused.LinearBytes(zeros(1, inputs), weight, scales)!.abs().max().item<float>());
    }

    [SkippableTheory]
    [InlineData(1, false, false)]
    [InlineData(3, true, false)]
    [InlineData(2, true, true)]
    public void LlamaLayer_OneCall_IsTheBitsOfItsParts(int rows, bool adapted, bool bytes)
    {
        SkipWithout(ScalarType.BFloat16);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        const int Width = 128, Hidden = 192, Groups = 2, Each = 2, Head = 32, Capacity = 9, Place = 4;
        Tensor Lower(string name, params long[] shape) => Values(name, shape).to(ScalarType.BFloat16);
        var x = Lower("x", rows, 1, Width);
        Tensor[] norms = [Lower("n1", Width), Lower("n2", Width)];
        Tensor[] weights = [Lower("qkv", Groups * (Each + 2) * Head, Width), Lower("o", Width, Groups * Each * Head), Lower("g", Hidden, Width), Lower("u", Hidden, Width), Lower("d", Width, Hidden)];
        Tensor[] scales = [];
        if (bytes)
        {
            scales = [.. weights.Select((w, i) => Values($"s{i}", w.shape[0]).abs() / 64)];
            weights = [.. weights.Select(w => (w.to(ScalarType.Float32) * 40).clamp(-127, 127).round().to(ScalarType.Int8))];
        }
        var angles = Values("angles", rows, 1, 1, 1, Head / 2);
        var (cosines, sines, left) = (angles.cos(), angles.sin(), rows > 1 ? tensor([.. Enumerable.Range(0, rows).Select(r => (long)r)]) : null);
        (Tensor, Tensor, Tensor)? prompt = adapted ? (Lower("pk", rows, Groups * Each, 5, Head), Lower("pv", rows, Groups * Each, 5, Head), Values("gates", Groups * Each)) : null;
        var (keys, values) = (Lower("keys", rows, Groups, Capacity, Head), Lower("values", rows, Groups, Capacity, Head));
        var (keys1, values1) = (keys.clone(), values.clone());

        Tensor Linear(Tensor of, int i) => bytes ? Fused.LinearBytes(of.to(ScalarType.Float32), weights[i], scales[i])!.to(ScalarType.BFloat16) : Fused.LinearRows(of, weights[i])!;
        var (q, k, v) = Fused.SplitHeads(Linear(Fused.RmsNorm(x, norms[0], 1e-5)!, 0).view(rows, 1, Groups, Each + 2, Head), cosines, sines)!.Value;
        keys.narrow(2, Place, 1).copy_(k);
        values.narrow(2, Place, 1).copy_(v);
        var middle = x + Linear(Fused.AttendGrouped(q, keys.narrow(2, 0, Place + 1), values.narrow(2, 0, Place + 1), 1, left, prompt), 1);
        var normed = Fused.RmsNorm(middle, norms[1], 1e-5)!;
        var expected = middle + Linear(Fused.Gate(Linear(normed, 2), Linear(normed, 3))!, 4);

        Assert.True(Fused.HasLlamaLayer(x, Hidden, Head));
        var found = Fused.LlamaLayer(x, norms, weights, scales, cosines, sines, keys1, values1, Place, 1e-5, left, prompt);
        Assert.True(found.Equals(expected));
        Assert.True(keys1.Equals(keys));
        Assert.True(values1.Equals(values));
        Assert.False(Fused.HasLlamaLayer(Lower("more", Fused.FewRows + 1, 1, Width), Hidden, Head));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => Fused.LlamaLayer(x, norms, weights, scales, cosines, sines, keys1, values1, Capacity, 1e-5, left, prompt));
    }
}
