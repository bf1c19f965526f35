using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public class DisposeScopeTest
{
    [Fact]
    public void EndOfScope_DisposesWhatWasMadeInIt()
    {
        Tensor inside;
        using (NewDisposeScope()) inside = zeros(2) + 1;
        Assert.True(inside.IsInvalid);
    }

    [Fact]
    public void MoveToOuter_OutlivesTheInnerScope()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor kept;
        using (NewDisposeScope()) kept = (zeros(2) + 1).MoveToOuterDisposeScope();
        Assert.False(kept.IsInvalid);
        Assert.Equal(1, outer.DisposablesCount);
        Assert.True(outer.Contains(kept));
    }

    [Fact]
    public void MoveToOuter_OfTheOutermostScope_Detaches()
    {
        Tensor kept;
        using (NewDisposeScope()) kept = zeros(2).MoveToOuterDisposeScope();
        Assert.False(kept.IsInvalid);
        kept.Dispose();
    }

    [Fact]
    public void Detach_OutlivesEveryScope()
    {
        Tensor kept;
        using (NewDisposeScope())
        using (NewDisposeScope())
        {
            kept = zeros(2).DetachFromDisposeScope();
        }
        Assert.False(kept.IsInvalid);
        kept.Dispose();
    }

    [Fact]
    public void MoveToOther_ChangesTheOwner()
    {
        using DisposeScope a = NewDisposeScope();
        Tensor anchor = zeros(1), moved;
        using (DisposeScope b = NewDisposeScope())
        {
            moved = zeros(2).MoveToOtherDisposeScope(anchor);
            Assert.Equal(0, b.DisposablesCount);
        }
        Assert.False(moved.IsInvalid);
        Assert.Equal(2, a.DisposablesCount);
    }

    [Fact]
    public void Dispose_OfAMember_TakesItOut()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = zeros(1), b = zeros(1), c = zeros(1);
        a.Dispose();
        Assert.Equal(2, scope.DisposablesCount);
        Assert.True(scope.Contains(b) && scope.Contains(c) && !scope.Contains(a));
    }

    [Fact]
    public void DisposeEverythingBut_KeepsTheNamed()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = zeros(1), b = zeros(1), c = zeros(1);
        Assert.Same(b, scope.DisposeEverythingBut(b));
        Assert.True(a.IsInvalid && c.IsInvalid && !b.IsInvalid);
        Assert.Equal([b], scope.DisposablesView);
    }

    [Fact]
    public void Attach_GivesAnOwner()
    {
        Tensor t;
        using (NewDisposeScope()) t = zeros(1).DetachFromDisposeScope();
        using (DisposeScope scope = NewDisposeScope())
        {
            scope.Attach(t);
            Assert.Equal(1, scope.DisposablesCount);
        }
        Assert.True(t.IsInvalid);
    }

    [Fact]
    public void ScopesThatEndOutOfOrder_DisposeTheirOwn()
    {
        DisposeScope first = NewDisposeScope();
        Tensor a = zeros(1);
        DisposeScope second = NewDisposeScope();
        Tensor b = zeros(1);
        first.Dispose();
        Assert.True(a.IsInvalid && !b.IsInvalid);
        second.Dispose();
        Assert.True(b.IsInvalid);
        Assert.Null(CurrentDisposeScope);
    }

    [Fact]
    public void Wrapped_KeepsOnlyItsResult()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor r = WrappedTensorDisposeScope(() => (zeros(2) + 1) * 3);
        Assert.Equal([3f, 3f], r.data<float>().ToArray());
        Assert.Equal(1, scope.DisposablesCount);
    }

    [Fact]
    public void Statistics_CountWhatHappens()
    {
        ThreadDisposeScopeStatistics counts = DisposeScopeManager.Statistics;
        counts.Reset();
        using (NewDisposeScope())
        {
            zeros(1);
            zeros(1).DetachFromDisposeScope().Dispose();
        }
        Assert.Equal(2, counts.CreatedInScopeCount);
        Assert.Equal(1, counts.DisposedInScopeCount);
        Assert.Equal(1, counts.DetachedFromScopeCount);
        Assert.Equal(0, counts.ThreadTotalLiveCount);
    }
}
