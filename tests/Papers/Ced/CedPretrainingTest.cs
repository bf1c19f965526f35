using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Ced;

public sealed class CedPretrainingTest : IDisposable
{
    private static readonly CedSettings settings = CedSettings.Smoke with { PretrainingSteps = 6 };
    private readonly CedData data = CedData.Synthetic(settings);

    public void Dispose() => data.Dispose();

    private AudioTransformer Student(long seed = 3) => new(CedStudent.Model(settings, CedArms.Ced, data.Classes), seed);

    [Fact]
    public void Into_Student_CopiesAllButTheHead()
    {
        using var start = CedPretraining.Train(settings, data);
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
        using var start = CedPretraining.Train(settings, data);
        using var wide = new AudioTransformer(CedStudent.Model(settings, new CedArm { Name = "wide", Axis = "student size", Width = 64 }, data.Classes), 3);
        var before = CedTeachers.WeightsHash(wide);
        Assert.Contains("pos_embed", Assert.Throws<ArgumentException>(() => start.Into(wide)).Message);
        Assert.Equal(before, CedTeachers.WeightsHash(wide));
    }

    [Fact]
    public void Train_StoppedAndResumed_EndsWithTheSameBits()
    {
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using var whole = CedPretraining.Train(settings, data);
            using var stop = new CancellationTokenSource();
            stop.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => CedPretraining.Train(settings, data, folder, cancel: stop.Token));
            using var resumed = CedPretraining.Train(settings, data, folder);
            using var read = CedPretraining.Train(settings, data, folder);
            using var first = Student();
            whole.Into(first);
            foreach (var other in new[] { resumed, read })
            {
                using var second = Student();
                other.Into(second);
                Assert.Equal(CedTeachers.WeightsHash(first), CedTeachers.WeightsHash(second));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Bytes(Tensor value) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(value.detach().contiguous().data<float>().ToArray()).ToArray();
}
