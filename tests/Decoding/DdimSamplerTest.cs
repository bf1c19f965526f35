using Retort.Decoding;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

/// <summary>Against trajectories of the published stepping, with KDTalker's denoiser.</summary>
public sealed class DdimSamplerTest
{
    [Fact]
    public void Published_CumulativeProduct_IsTheReferences()
    {
        using var file = SafeTensorsFile.Open(Golden("ddim.safetensors"));
        using var scope = NewDisposeScope();
        Assert.InRange(Distance(file.Read("out.alpha_bar"), tensor(NoiseSchedule.Published.Kept.ToArray())), 0, 1e-6f);
    }

    [Theory]
    [InlineData(50)]
    [InlineData(10)]
    [InlineData(1)]
    public void Sample_FormulaDenoiser_FollowsTheReference(int steps)
    {
        using var model = new MotionDenoiser(new MotionDenoiserSettings { Width = 256, Depth = 2 });
        Fill(model);
        Follow("formula", model, steps);
    }

    [SkippableFact]
    public void Sample_GoldenDenoiser_FollowsTheReference()
    {
        using var weights = SafeTensorsFile.Open(Shared.File("golden/talker/denoiser.safetensors"));
        using var model = new MotionDenoiser(new MotionDenoiserSettings { Width = 256, Depth = 1 });
        Put(weights, model);
        Follow("golden", model, 50);
    }

    // The audio part is computed once here, and at each step by the reference.
    private static void Follow(string name, MotionDenoiser model, int steps)
    {
        using var file = SafeTensorsFile.Open(Golden("ddim.safetensors"));
        using var scope = NewDisposeScope();
        var condition = new MotionCondition(file.Read($"in.{name}.canonical").select(1, 0), file.Read($"in.{name}.reference").select(1, 0), file.Read($"in.{name}.audio").narrow(1, 2, 16));
        var timesteps = DdimSampler.Timesteps(steps);
        Assert.Equal(file.Read($"out.{name}.timesteps{steps}").data<long>().ToArray(), timesteps);
        using var prepared = model.Prepare(condition);
        var seen = 0;
        var end = DdimSampler.Sample(prepared.Predict, file.Read($"in.{name}.x_T"), timesteps, watch: (i, x, _) =>
        {
            if (file.Contains($"out.{name}.steps{steps}_after{i + 1}"))
            {
                Close(file.Read($"out.{name}.steps{steps}_after{i + 1}"), x);
                seen++;
            }
        });
        Assert.True(seen > 0);
        Close(file.Read($"out.{name}.steps{steps}"), end);
    }

    // Relative to the largest value: float32 alone is 7e-5 from float64 there.
    private static void Close(Tensor expected, Tensor ours) => Assert.InRange(Distance(expected, ours), 0, 2e-4f * Math.Max(1, expected.abs().max().item<float>()));

    [Fact]
    public void Sample_OracleOfEachKind_FindsTheSampleInAnyNumberOfSteps()
    {
        using var scope = NewDisposeScope();
        var clean = Input("clean", 1, 0, 2, 5, 70);
        var noise = Input("noise", 1.7, 0, 2, 5, 70);
        foreach (var schedule in new[] { NoiseSchedule.Published, NoiseSchedule.Published.WithZeroTerminalSignal() })
        {
            foreach (var kind in new[] { DiffusionTarget.Noise, DiffusionTarget.Sample, DiffusionTarget.Velocity })
            {
                var zero = schedule.Kept[^1] == 0;
                if (zero && kind == DiffusionTarget.Noise)
                {
                    continue;
                }
                foreach (var steps in new[] { 1, 3, 50 })
                {
                    var times = DdimSampler.Timesteps(steps, fromTheLast: zero);
                    var x = schedule.Noised(clean, noise, full(2, times[0], dtype: int64));
                    // The oracle knows the clean sample: its output at x_t is the target of the noise that x_t holds.
                    Tensor Oracle(Tensor xt, long t)
                    {
                        var held = (xt - Math.Sqrt(schedule.Kept[(int)t]) * clean) / Math.Sqrt(1 - schedule.Kept[(int)t]);
                        return schedule.Target(kind, clean, held, full(2, t, dtype: int64));
                    }
                    Assert.InRange(Distance(clean, DdimSampler.Sample(Oracle, x, times, schedule, kind)), 0, 2e-4f);
                }
            }
        }
    }

    [Fact]
    public void Timesteps_PublishedAndFromTheLast_AreSpacedAsSaid()
    {
        Assert.Equal([980, 960, 940], DdimSampler.Timesteps(50).Take(3));
        Assert.Equal([0], DdimSampler.Timesteps(1));
        Assert.Equal([999, 499], DdimSampler.Timesteps(2, fromTheLast: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => DdimSampler.Timesteps(0));
        Assert.Throws<InvalidOperationException>(() => NoiseSchedule.Published.WithZeroTerminalSignal().Read(DiffusionTarget.Noise, zeros(1), zeros(1), 999));
    }
}
