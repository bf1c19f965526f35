using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>What tutorials of TorchSharp meet now and then.</summary>
public sealed class LeftoversTest
{
    [Fact]
    public void Scalar_AssignedToATensor_IsRefused()
    {
        Scalar number = 3;
        Assert.Throws<InvalidOperationException>(() =>
        {
            Tensor t = number;
        });
        using Tensor fine = 3.0;
        Assert.Equal(ScalarType.Float64, fine.dtype);
    }

    [Fact]
    public void ArangeAndRandint_OfComplexNumbers_AreThere()
    {
        using var scope = NewDisposeScope();
        var line = arange(0, 3, 1, dtype: complex64);
        Assert.Equal([(0f, 0f), (1f, 0f), (2f, 0f)], line.data<(float, float)>().ToArray());
        var drawn = randint(5, 15, [100], dtype: complex128);
        Assert.All(drawn.data<System.Numerics.Complex>().ToArray(), z => Assert.True(z is { Real: >= 5 and < 15, Imaginary: >= 5 and < 15 } && z.Real == Math.Floor(z.Real)));
    }

    [Fact]
    public void Normal_OfANegativeDeviation_IsTheMirroredDistribution()
    {
        using var generator = new Generator(3);
        using var drawn = normal(2.0, -3.0, [4000], dtype: float64, generator: generator);
        Assert.InRange(drawn.mean().item<double>(), 1.8, 2.2);
        Assert.InRange(drawn.std().item<double>(), 2.8, 3.2);
    }

    private sealed class Pair : Sequential<Tensor, Tensor, Tensor>
    {
        internal Pair() : base(("left", nn.Linear(2, 3)), ("right", nn.Linear(4, 3)), ("last", nn.Tanh())) { }

        internal Pair(params nn.Module[] steps) : base(steps) { }

        public override Tensor forward(Tensor a, Tensor b) =>
            ((nn.Module<Tensor, Tensor>)this[2]).call(((nn.Module<Tensor, Tensor>)this[0]).call(a) + ((nn.Module<Tensor, Tensor>)this[1]).call(b));

        protected override Sequential<Tensor, Tensor, Tensor> Slice(int start, int end) => new Pair([.. Enumerable.Range(start, end - start).Select(i => this[i])]);
    }

    [Fact]
    public void SequentialOfTwoInputs_ForwardOfItsOwn_RunsAndHasItsStepsKeys()
    {
        using var scope = NewDisposeScope();
        using var pair = new Pair();
        Assert.Equal(3, pair.Count);
        Assert.Equal([5L, 3], pair.call(zeros(5, 2), zeros(5, 4)).shape);
        Assert.Equal(["left.weight", "left.bias", "right.weight", "right.bias"], pair.state_dict().Keys);
        Assert.Equal(2, pair[1..].Count);
        Assert.Equal(1, pair[(0, 1)].Count);
        pair.append(nn.ReLU());
        Assert.Equal(["left", "right", "last", "3"], pair.named_children().Select(c => c.Item1));
        using var whole = new Whole();
        Assert.Contains("Whole says what it does in forward", Assert.Throws<NotSupportedException>(() => whole[..1]).Message);
        using var relu = nn.ReLU();
        Assert.Throws<InvalidOperationException>(() => relu.register_buffer("b", zeros(1)));
        Assert.Same(relu, relu.to(int64));
    }

    private sealed class Whole() : TorchSharp.Modules.Sequential<Tensor, Tensor, Tensor>(nn.ReLU())
    {
        public override Tensor forward(Tensor a, Tensor b) => a + b;
    }

    [Fact]
    public void PackedSequence_InAScope_IsOneMemberThatItsTensorsLiveWith()
    {
        var sequences = new[] { tensor(new long[] { 1, 2, 3, 4 }), tensor(new long[] { 5, 6 }) };
        using var other = NewDisposeScope();
        nn.utils.rnn.PackedSequence packed;
        using (NewDisposeScope())
        {
            using (var scope = NewDisposeScope())
            {
                packed = nn.utils.rnn.pack_sequence(sequences, enforce_sorted: false);
                Assert.Equal(1, scope.DisposablesCount);
                packed.MoveToOuterDisposeScope();
            }
            Assert.False(packed.data.IsInvalid || packed.sorted_indices.IsInvalid);
            packed.MoveToOtherDisposeScope(other);
        }
        Assert.False(packed.batch_sizes.IsInvalid);
        other.Dispose();
        Assert.True(packed.data.IsInvalid && packed.unsorted_indices.IsInvalid);
    }

    [Fact]
    public void PackedSequence_InAScope_IsCountedAsTorchSharpCountsIt()
    {
        void Check(long created, long disposed, long detached, long live, LifetimeStatistics found)
        {
            Assert.Equal((created, disposed, detached, live, 0L, 0L), (found.CreatedInScopeCount, found.DisposedInScopeCount, found.DetachedFromScopeCount,
                found.ThreadTotalLiveCount, found.CreatedOutsideScopeCount, found.DisposedOutsideScopeCount));
        }
        DisposeScopeManager.Statistics.Reset();
        using var scope = NewDisposeScope();
        nn.utils.rnn.PackedSequence packed;
        using (var a = tensor(new long[] { 1, 2, 3, 4 }))
        using (var b = tensor(new long[] { 5, 6 }))
        {
            packed = nn.utils.rnn.pack_sequence([a, b], enforce_sorted: true);
        }
        Assert.True(packed.sorted_indices.IsInvalid && packed.unsorted_indices.IsInvalid);
        Check(6, 2, 4, 4, DisposeScopeManager.Statistics.TensorStatistics);
        Check(1, 0, 0, 1, DisposeScopeManager.Statistics.PackedSequenceStatistics);
        packed.Dispose();
        packed.Dispose();
        Check(6, 6, 4, 0, DisposeScopeManager.Statistics.TensorStatistics);
        Check(1, 1, 0, 0, DisposeScopeManager.Statistics.PackedSequenceStatistics);
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void Cat_OfOneTensor_IsThatTensorUnderAnotherHandle()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3);
        var same = cat([x]);
        same[0, 0] = 5.0f;
        Assert.Equal(5, x[0, 0].item<float>());
        x.Dispose();
        Assert.Equal(5, same.sum().item<float>());
        Assert.Throws<ArgumentException>(() => cat(Array.Empty<Tensor>()));
    }

    [Fact]
    public void WrongArguments_AreTheExceptionsOfTorchSharp()
    {
        Assert.Throws<ArgumentException>(() => rand(3, dtype: int32));
        Assert.Throws<ArgumentException>(() => randn(3, dtype: int64));
        Assert.Throws<ArgumentException>(() => set_default_dtype(int32));
        Assert.Throws<InvalidOperationException>(() => ones(2, 2).vander());
        if (!cuda.is_available())
        {
            Assert.Throws<InvalidOperationException>(() => zeros(2, device: CUDA));
            Assert.Throws<InvalidOperationException>(() => zeros(2).cuda());
        }
    }

    [Fact]
    public void AvgPool2dBackward_IsTheGradientOfAvgPool2d()
    {
        using var scope = NewDisposeScope();
        var x = arange(32, dtype: float32).reshape(1, 2, 4, 4).requires_grad_();
        var y = nn.functional.avg_pool2d(x, [2L, 2], [1L, 2]);
        var seed = linspace(-1, 1, y.numel(), dtype: float32).view(y.shape);
        y.backward([seed]);
        Assert.True(nn.functional.avg_pool2d_backward(seed, x.detach(), [2, 2], [1, 2]).allclose(x.grad!));
    }
}
