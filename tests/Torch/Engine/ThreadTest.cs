using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

[Collection(Alone.Name)]
public class ThreadTest
{
    private static float[] Train(int seed)
    {
        using var model = new TinyModel((ulong)seed);
        for (int i = 0; i < 30; i++) model.Step();
        return model.Values();
    }

    [Fact]
    public void EightModels_OnEightThreads_GiveTheBitsOfOneAfterAnother()
    {
        float[][] alone = new float[8][], together = new float[8][];
        for (int i = 0; i < 8; i++)
        {
            using (Threads.RunWith(1)) alone[i] = Train(i);
        }
        var threads = Enumerable.Range(0, 8).Select(i => new Thread(() =>
        {
            using (Threads.RunWith(1)) together[i] = Train(i);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        for (int i = 0; i < 8; i++) Assert.Equal(alone[i], together[i]);
    }

    // Each weight is used twice, so that a cache of cast weights that others empty would show in its gradient.
    private static float[] TrainInBFloat16(int seed)
    {
        using var generator = new Generator((ulong)seed);
        using var weight = randn([32, 32], generator: generator, requires_grad: true).DetachFromDisposeScope();
        for (int i = 0; i < 60; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = randn([16, 32], generator: generator), y;
            using (Autocast.Cpu()) y = x.matmul(weight).tanh().matmul(weight);
            y.to(float32).square().mean().backward();
            using (no_grad()) weight.sub_(weight.grad! * 0.5);
            weight.grad = null;
        }
        return weight.data<float>().ToArray();
    }

    [Fact]
    public void BFloat16Models_OnEightThreads_GiveTheBitsOfOneAfterAnother()
    {
        float[][] alone = new float[8][], together = new float[8][];
        for (int i = 0; i < 8; i++)
        {
            using (Threads.RunWith(1)) alone[i] = TrainInBFloat16(i);
        }
        var threads = Enumerable.Range(0, 8).Select(i => new Thread(() =>
        {
            using (Threads.RunWith(1)) together[i] = TrainInBFloat16(i);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        for (int i = 0; i < 8; i++) Assert.Equal(alone[i], together[i]);
    }

    [Fact]
    public void GradMode_OfAnotherThread_IsItsOwn()
    {
        bool there = false;
        using (no_grad())
        {
            var other = new Thread(() => there = is_grad_enabled());
            other.Start();
            other.Join();
            Assert.False(is_grad_enabled());
        }
        Assert.True(there);
        Assert.True(is_grad_enabled());
    }

    [SkippableFact]
    public void OneBlasThread_HeldTwice_GivesBackWhatWasSetAfterTheLast()
    {
        int before = Door.BlasThreads(0);
        Skip.If(before < 0, "this BLAS has no setting of its own");
        Threads.SetBlasThreads(3);
        try
        {
            var first = Threads.OneBlasThread();
            var second = Threads.OneBlasThread();
            first.Dispose();
            first.Dispose();
            Assert.Equal(1, Door.BlasThreads(0));
            second.Dispose();
            Assert.Equal(3, Door.BlasThreads(0));
        }
        finally
        {
            Threads.SetBlasThreads(before);
        }
    }

    [Fact]
    public void RunWith_OnThisThread_LeavesOthersAlone()
    {
        int before = get_num_threads(), there = 0;
        using (Threads.RunWith(1))
        {
            Assert.Equal(1, get_num_threads());
            var other = new Thread(() => there = get_num_threads());
            other.Start();
            other.Join();
        }
        Assert.Equal(before, get_num_threads());
        Assert.Equal(before, there);
    }

    [Fact]
    public void Operands_HeldByTheCallAlone_SurviveCollections()
    {
        bool stop = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref stop)) GC.Collect(0);
        });
        collector.Start();
        int wrong = 0;
        for (int i = 0; i < 2000; i++)
        {
            // No scope: each operand dies as soon as nobody can see it.
            float sum = stack([ones(64) * 2, (ones(64) + i).clamp(max: 1)]).sum().item<float>();
            if (sum != 192) wrong++;
        }
        Volatile.Write(ref stop, true);
        collector.Join();
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void DisposeScope_OfAnotherThread_DoesNotOwnOurs()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? made = null;
        var other = new Thread(() => made = zeros(2));
        other.Start();
        other.Join();
        Assert.Equal(0, scope.DisposablesCount);
        made!.Dispose();
    }
}
