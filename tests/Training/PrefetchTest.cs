using System.Collections.Concurrent;
using Retort.Training;

namespace Retort.Tests.Training;

public sealed class PrefetchTest
{
    [Fact]
    public void Index_StepAfterStep_LoadsEachOnceAndAhead()
    {
        var loaded = new ConcurrentBag<long>();
        var prefetch = new Prefetch<long>(step =>
        {
            loaded.Add(step);
            return step * step;
        }, steps: 20, ahead: 3);
        Assert.Equal(Enumerable.Range(5, 15).Select(s => (long)s * s), Enumerable.Range(5, 15).Select(s => prefetch[s]));
        Assert.Equal(Enumerable.Range(5, 15).Select(s => (long)s), loaded.Order());
    }

    [Fact]
    public void Index_LoadingFails_ThrowsAtThatStepOnly()
    {
        var prefetch = new Prefetch<long>(step => step == 2 ? throw new BadInputException("clip.wav", "", "is empty") : step, steps: 5);
        Assert.Equal([0, 1], [prefetch[0], prefetch[1]]);
        Assert.Equal("clip.wav", Assert.Throws<BadInputException>(() => prefetch[2]).Input);
        Assert.Equal(3, prefetch[3]);
    }
}
