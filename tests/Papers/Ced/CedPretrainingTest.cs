using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ced;

// Alone: others set the process's number of threads, by which sums differ.
[Collection(Alone.Name)]
public sealed class CedPretrainingTest : IDisposable
{
    private static readonly CedPretrainingSettings settings = new() { Steps = 6, Batch = 16, Autoencoder = new() { Width = 32, Depth = 1, Heads = 2 } };
    private readonly CedData data = CedToy.Data();
    private readonly string folder = Directory.CreateTempSubdirectory("retort-mae-").FullName;

    public void Dispose()
    {
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private CedPretraining Train(string name = "run", CancellationToken cancel = default) =>
        CedPretraining.Train(settings, CedToy.Model, data, folder: Path.Combine(folder, name), cancel: cancel);

    private AudioTransformer Student(long seed = 3) => new(CedToy.Model with { Classes = data.Classes, Pooling = Pooling.Logit }, seed);

    [Fact]
    public void Into_Student_CopiesAllButTheHead()
    {
        using var start = Train();
        using var fresh = Student();
        using var student = Student();
        start.Into(student);
        var (before, after) = (fresh.state_dict(), student.state_dict());
        Assert.Equal(before.Keys.Where(k => !k.StartsWith("outputlayer.")).Order(), start.Copied.Order());
        Assert.All(after.Where(p => p.Key.StartsWith("outputlayer.")), p => Assert.Equal(Bytes(before[p.Key]), Bytes(p.Value)));
        foreach (var name in new[] { "patch_embed.proj.weight", "time_pos_embed", "blocks.0.mlp.fc1.weight", "norm.weight", "init_bn.1.running_mean" })
        {
            Assert.NotEqual(Bytes(before[name]), Bytes(after[name]));
        }
        Assert.Equal(6, start.Result.Steps);
    }

    [Fact]
    public void Into_StudentOfAnotherWidth_IsRefusedAndUnchanged()
    {
        using var start = Train();
        using var wide = new AudioTransformer(CedToy.Model with { Classes = data.Classes, Width = 64 }, 3);
        var before = StateDict.Hash(wide);
        Assert.Contains("pos_embed", Assert.Throws<ArgumentException>(() => start.Into(wide)).Message);
        Assert.Equal(before, StateDict.Hash(wide));
    }

    [Fact]
    public void Train_StoppedAndResumed_EndsWithTheSameBits()
    {
        using var whole = Train();
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Train("stopped", stop.Token));
        using var resumed = Train("stopped");
        using var read = Train("stopped");
        using var first = Student();
        whole.Into(first);
        foreach (var other in new[] { resumed, read })
        {
            using var second = Student();
            other.Into(second);
            Assert.Equal(StateDict.Hash(first), StateDict.Hash(second));
        }
        Assert.Equal(whole.ResultKey, resumed.ResultKey);
    }

    [Fact]
    public void Into_AsAnArmsStart_CountsWithWhatItWasMadeOf()
    {
        using var one = Train();
        using var other = CedPretraining.Train(settings with { Steps = 2 }, CedToy.Model, data, folder: Path.Combine(folder, "other"));
        Assert.NotEqual(CodeHash.Of((Action<AudioTransformer>)one.Into), CodeHash.Of((Action<AudioTransformer>)other.Into));
    }

    private static byte[] Bytes(Tensor value) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(value.detach().contiguous().data<float>().ToArray()).ToArray();
}
