using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Tests.Training;

public class MixedPrecisionTest
{
    [SkippableFact]
    public void TrainLoop_Mixed_FollowsFloat32()
    {
        Skip.IfNot(Autocast.CpuHasBFloat16, "this processor has no bfloat16");
        var (full, mixed) = (Losses(mixed: false), Losses(mixed: true));
        // The task is learned, and no point of the curve is off by more than 3 %.
        Assert.True(full[^1] < 0.7 * full[0], $"float32 went from {full[0]} to {full[^1]}");
        for (var i = 0; i < full.Count; i++)
        {
            Assert.InRange(mixed[i] / full[i], 0.97, 1.03);
        }
    }

    private static List<double> Losses(bool mixed)
    {
        using var scope = NewDisposeScope();
        var model = new AudioTransformer(new AudioTransformerSettings { Width = 64, Depth = 3, Heads = 2, TargetFrames = 64, Classes = 6, Pooling = Pooling.Logit }, 1);
        var losses = new List<double>();
        TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = _ => [],
            Rate = Schedule.Constant(1e-3),
            Step = context =>
            {
                // The class is the loud quarter of the spectrogram, of which there are four; two classes never come.
                var draw = RandomStream.Of(3, "mixed", "clip", context.Step);
                var mel = Enumerable.Range(0, 16 * 64 * 48).Select(_ => (float)draw.Normal(-40, 8)).ToArray();
                var labels = new float[16 * 6];
                for (var b = 0; b < 16; b++)
                {
                    var band = draw.Next(4);
                    labels[6 * b + band] = 1;
                    for (var i = 0; i < 16 * 48; i++)
                    {
                        mel[(b * 64 + band * 16) * 48 + i] += 20;
                    }
                }
                var loss = SoftTargets.Bce(model.ForwardMel(tensor(mel, [16, 64, 48])), tensor(labels, [16, 6]));
                losses.Add(loss.item<float>());
                return loss;
            },
        }, new TrainSettings { Seed = 1, Steps = 60, LogEvery = 60, Mixed = mixed });
        return losses;
    }
}
