using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch.Engine;

/// <summary>Memory that tensors leave behind, and tensors that other threads dispose of.</summary>
[Collection(Alone.Name)]
public class MemoryTest
{
    private const long MiB = 1 << 20;

    [Fact]
    public void ThreadsTakingTurns_ShareWhatTheyFree()
    {
        Door.MemoryKept(1);
        long before = Environment.WorkingSet;
        for (int i = 0; i < 6; i++)
        {
            var thread = new Thread(() =>
            {
                using var scope = NewDisposeScope();
                for (int k = 0; k < 20; k++) ones(2_500_000);
            });
            thread.Start();
            thread.Join();
        }
        long held = Environment.WorkingSet - before;
        Assert.True(held < 500 * MiB, $"{held / MiB} MiB more are resident after six threads that held 191 MiB each, one after another");
        Assert.InRange(Door.MemoryKept(0), 1, 320 * MiB);
        Assert.Equal(0, Door.MemoryKept(1));
    }

    [Fact]
    public void ResultsThatNobodyDisposes_AreCollected()
    {
        NativeMemory.Restart();
        long before = NativeMemory.InUse, most = 0;
        int collections = NativeMemory.Collections;
        for (int i = 0; i < 20_000; i++)
        {
            _ = ones(60_000);
            most = Math.Max(most, NativeMemory.InUse);
        }
        Assert.True(most - before < 2048 * MiB, $"{(most - before) / MiB} MiB in use of 4.6 GB made");
        Assert.True(NativeMemory.Collections > collections);
    }

    [Fact]
    public void StepsThatDispose_AreLeftAlone()
    {
        int collections = NativeMemory.Collections;
        for (int i = 0; i < 200; i++)
        {
            using var scope = NewDisposeScope();
            for (int k = 0; k < 40; k++) empty(5_000_000);
        }
        Assert.InRange(NativeMemory.Collections - collections, 0, 6);
    }

    [Fact]
    public void StepsOfSeveralThreads_AreLeftAlone()
    {
        int collections = NativeMemory.Collections;
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                using var scope = NewDisposeScope();
                for (int k = 0; k < 40; k++) empty(2_000_000);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.InRange(NativeMemory.Collections - collections, 0, 6);
    }

    [Fact]
    public void Bytes_OfATemporaryUnderCollections_AreItsOwn()
    {
        bool stop = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        int wrong = 0;
        for (int i = 0; i < 20_000; i++)
        {
            var bytes = full([64], i % 100, uint8).bytes;
            Thread.SpinWait(10);
            if (bytes.IndexOfAnyExcept((byte)(i % 100)) >= 0) wrong++;
        }
        Volatile.Write(ref stop, true);
        collector.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Disposal_ByAnotherThreadWhileTheOwnerCreates_IsCounted()
    {
        var watch = Stopwatch.StartNew();
        for (int round = 0; round < 20 && watch.Elapsed.TotalSeconds < 20; round++)
        {
            DisposeScopeManager.Statistics.Reset();
            using (var scope = NewDisposeScope())
            {
                var given = new System.Collections.Concurrent.BlockingCollection<Tensor>();
                var other = new Thread(() =>
                {
                    foreach (var tensor in given.GetConsumingEnumerable()) tensor.Dispose();
                });
                other.Start();
                for (int i = 0; i < 5_000; i++)
                {
                    var tensor = empty(1);
                    if (i % 3 != 0) given.Add(tensor);
                }
                given.CompleteAdding();
                other.Join();
                Assert.Equal(1_667, scope.DisposablesCount);
                Assert.All(scope.DisposablesView, t => Assert.False(((Tensor)t).IsInvalid));
            }
            Assert.Equal(5_000, DisposeScopeManager.Statistics.DisposedInScopeCount);
            Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    [Fact]
    public void Allocator_AtEverySize_GivesAlignedMemoryOfItsOwn()
    {
        using var scope = NewDisposeScope();
        var all = new List<(Tensor Tensor, byte Value)>();
        for (long size = 1; size < 40 * MiB; size = size * 3 / 2 + 1)
        {
            for (int k = 0; k < 2; k++)
            {
                byte value = (byte)(all.Count + 1);
                all.Add((full([size], value, uint8), value));
            }
        }
        foreach (var (t, value) in all)
        {
            Assert.True(t.eq(value).all().item<bool>());
            unsafe
            {
                Assert.Equal(0, (long)t.DataPointer() % 64);
            }
        }
    }
}
