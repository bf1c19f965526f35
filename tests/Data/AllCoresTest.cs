using Retort.Data;

namespace Retort.Tests.Data;

/// <summary>Loops over all cores.</summary>
public sealed class AllCoresTest
{
    [Fact]
    public void For_BodiesThatWait_AreNoMoreAtOnceThanCores()
    {
        var (gate, now, most, done) = (new object(), 0, 0, 0);
        AllCores.For(40 * Environment.ProcessorCount, _ =>
        {
            lock (gate)
            {
                most = Math.Max(most, ++now);
            }
            // As one that waits for a process: the pool adds a thread where it sees all of its own wait.
            Thread.Sleep(25);
            lock (gate)
            {
                (now, done) = (now - 1, done + 1);
            }
        });
        Assert.Equal(40 * Environment.ProcessorCount, done);
        Assert.InRange(most, 1, Environment.ProcessorCount);
    }

    [Fact]
    public void For_BodiesThatFail_ThrowsTheFirstErrorItself() =>
        Assert.Equal("here", Assert.Throws<FormatException>(() => AllCores.For(8, i => throw new FormatException("here"))).Message);
}
