using Retort.Data;
using Retort.Papers.Talker;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Papers;

public sealed class TalkerPaperTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-paper").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static readonly TalkerPaperSettings small = new()
    {
        Denoiser = new() { Width = 64, Depth = 1, HeadSize = 32, RotaryChannels = 16 },
        Window = 16,
        Batch = 4,
        Steps = 6,
        WarmUp = 2,
        EvaluateEvery = 3,
    };

    private void Clips()
    {
        using var scope = NewDisposeScope();
        for (var c = 0; c < 6; c++)
        {
            var frames = c == 5 ? 10 : 30;
            SafeTensors.Save(Path.Combine(folder, $"clip{c}.safetensors"), [("motion", Input($"m{c}", 1, 0, frames, 70)), ("kp", Input($"k{c}", 1, 0, frames, 63)), ("audio", Input($"a{c}", 1, 0, frames, 512))]);
        }
    }

    [Fact]
    public void Train_ExtractedClips_SameSeedSameBits()
    {
        Clips();
        var (model, result, normalisation, tooShort) = TalkerPaper.Train(folder, Path.Combine(folder, "run"), small, CPU);
        using (model)
        {
            Assert.Equal(1, tooShort);
            Assert.Equal(6, result.Steps);
            Assert.Equal(70, normalisation.Mean.Length);
            Assert.Equal(normalisation.Deviation, MotionNormalisation.Load(Path.Combine(folder, "run", "norm.npz")).Deviation);
            var other = Path.Combine(folder, "other");
            using (var again = TalkerPaper.Train(folder, other, small, CPU).Model)
            {
                Assert.Equal(0, Distance(model.get_parameter("input_projection.weight"), again.get_parameter("input_projection.weight")));
            }
        }
    }

    [Fact]
    public void Train_StoppedOrKilledAtAnyStep_EndsWithTheBitsOfARunThatWasNot()
    {
        Clips();
        var settings = small with { CheckpointEvery = 1, AudioDropout = 0.3 };
        string whole = Path.Combine(folder, "whole"), cut = Path.Combine(folder, "cut");
        using var first = TalkerPaper.Train(folder, whole, settings, CPU).Model;
        // A token that is cancelled stops each run after one step, with a checkpoint.
        void OneStep() => Assert.ThrowsAny<OperationCanceledException>(() => TalkerPaper.Train(folder, cut, settings, CPU, cancel: new CancellationToken(true)));
        OneStep();
        OneStep();
        OneStep();
        // Killed before the third step's checkpoint was there.
        var checkpoints = Directory.GetFiles(Path.Combine(cut, "checkpoints")).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, checkpoints.Length);
        File.Delete(checkpoints[^1]);
        OneStep();
        using var second = TalkerPaper.Train(folder, cut, settings, CPU).Model;
        foreach (var (name, value) in first.state_dict())
        {
            Assert.Equal(0, Distance(value, second.state_dict()[name]));
        }
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "metrics.csv")).Split('\n').Length, File.ReadAllText(Path.Combine(cut, "metrics.csv")).Split('\n').Length);
        Assert.Equal(0, small.AudioDropout);
    }

    [Fact]
    public void Train_NoClipsOrDamaged_SaysWhatIsWrong()
    {
        Assert.Contains("expected two", Assert.Throws<BadInputException>(() => TalkerPaper.Train(folder, Path.Combine(folder, "run"), small, CPU)).Message);
        Clips();
        using (NewDisposeScope())
        {
            SafeTensors.Save(Path.Combine(folder, "clip1.safetensors"), [("motion", zeros(30, 70)), ("audio", zeros(30, 80))]);
        }
        var message = Assert.Throws<BadInputException>(() => TalkerPaper.Train(folder, Path.Combine(folder, "run"), small, CPU)).Message;
        Assert.Contains("clip1", message);
        Assert.Contains("kp, audio", message);
        Assert.Throws<BadInputException>(() => TalkerPaper.Extract(Path.Combine(folder, "none"), folder, folder));
    }
}
