using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Autograd functions of a user's own.</summary>
public sealed class AutogradFunctionTest
{
    private sealed class Scaled : autograd.SingleTensorFunction<Scaled>
    {
        public override string Name => nameof(Scaled);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, weight, factor) = ((Tensor)vars[0], (Tensor)vars[1], (double)vars[2]);
            ctx.save_for_backward([x, weight, null!]);
            ctx.save_data("factor", factor);
            return x.mm(weight) * factor;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var saved = ctx.get_saved_variables();
            Assert.True(saved[2] is null || saved[2].IsInvalid);
            var factor = (double)ctx.get_data("factor");
            return [grad_output.mm(saved[1].t()) * factor, saved[0].t().mm(grad_output) * factor, null!];
        }
    }

    private sealed class Parts : autograd.MultiTensorFunction<Parts>
    {
        public override string Name => nameof(Parts);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            var sign = x.sign();
            ctx.save_for_backward([sign]);
            ctx.mark_non_differentiable([sign]);
            return [x.abs(), sign];
        }

        // A wrong gradient on purpose: the size of x three times instead of once.
        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) =>
            [grad_outputs[0] * ctx.get_saved_variables()[0] * 3];
    }

    private sealed class Wrong : autograd.SingleTensorFunction<Wrong>
    {
        public override string Name => nameof(Wrong);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => (Tensor)vars[0] * 2;

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new InvalidOperationException("no way back");
    }

    [Fact]
    public void Apply_AProduct_HasTheGradientsOfThePlainOperators()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: float32).reshape(2, 3).requires_grad_();
        var w = linspace(-1, 1, 12, dtype: float32).reshape(3, 4).requires_grad_();
        var mine = Scaled.apply(x, w, 2.5);
        mine.pow(2).sum().backward();
        var (gx, gw) = (x.grad!.clone(), w.grad!.clone());
        (x.grad, w.grad) = (null, null);
        var plain = x.mm(w) * 2.5;
        plain.pow(2).sum().backward();
        Assert.True(mine.allclose(plain) && gx.allclose(x.grad!) && gw.allclose(w.grad!));
    }

    [Fact]
    public void Apply_UnderForcedCollections_KeepsWhatItSaved()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, 2).requires_grad_();
        for (var i = 0; i < 50; i++)
        {
            using var step = NewDisposeScope();
            var y = Scaled.apply(x, eye(2), 3.0);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            x.grad = null;
            y.sum().backward();
            Assert.Equal(12, x.grad!.sum().item<float>());
        }
    }

    [Fact]
    public void Apply_WithoutGradients_IsForwardAlone()
    {
        using var scope = NewDisposeScope();
        Assert.False(Scaled.apply(ones(2, 2), eye(2), 1.0).requires_grad);
        using var off = no_grad();
        Assert.False(Scaled.apply(ones(2, 2).requires_grad_(), eye(2), 1.0).requires_grad);
    }

    [Fact]
    public void Apply_SeveralResults_UsesTheirOwnBackwardAndMarksOneAsConstant()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { -2f, 5f }).requires_grad_();
        var both = Parts.apply(x);
        Assert.True(both[0].requires_grad);
        Assert.False(both[1].requires_grad);
        both[0].sum().backward();
        Assert.Equal([-3f, 3f], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Backward_ThatThrows_IsAnExceptionWithItsMessage()
    {
        using var scope = NewDisposeScope();
        var x = ones(2).requires_grad_();
        var y = Wrong.apply(x).sum();
        Assert.Contains("no way back", Assert.ThrowsAny<Exception>(() => y.backward()).Message);
    }

    [Fact]
    public void Backward_ASavedTensorWasOverwritten_IsRefused()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, 2).requires_grad_();
        var w = eye(2);
        var y = Scaled.apply(x, w, 1.0).sum();
        w.fill_(3);
        Assert.Contains("modified by an inplace operation", Assert.ThrowsAny<Exception>(() => y.backward()).Message);
    }

    [Fact]
    public void Jacobian_OfSumsAndProducts_IsByOutputThenInput()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new double[,] { { 1, 3 }, { 2, 4 } });
        var b = tensor(new double[] { 1, 5 });
        var all = autograd.functional.jacobian((Tensor[] x) => new[] { (x[0] * x[0]).sum(), x[0].mv(x[1]) }, a, b).ToArray();
        Assert.Equal(4, all.Length);
        Assert.Equal([2.0, 6, 4, 8], all[0].data<double>().ToArray());
        Assert.Equal([0.0, 0], all[1].data<double>().ToArray());
        Assert.Equal([2L, 2, 2], all[2].shape);
        Assert.Equal([1.0, 5, 0, 0, 0, 0, 1, 5], all[2].data<double>().ToArray());
        Assert.Equal([1.0, 3, 2, 4], all[3].data<double>().ToArray());
        Assert.Equal([2.0, 10], autograd.functional.jacobian((Tensor x) => (x * x).sum(), b).data<double>().ToArray());
    }
}
