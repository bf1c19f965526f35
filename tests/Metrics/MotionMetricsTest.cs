using Retort.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Metrics;

public sealed class MotionMetricsTest
{
    // A track whose yaw is the given one; lips open by the second.
    private static Tensor Track(Func<int, double> yaw, Func<int, double> lips, int frames = 50)
    {
        var values = new float[frames * 70];
        for (var i = 0; i < frames; i++)
        {
            values[70 * i + 1] = (float)yaw(i);
            values[70 * i + 7 + 3 * 19 + 1] = (float)lips(i);
        }
        return tensor(values, [1, frames, 70]);
    }

    [Fact]
    public void PoseAndAcceleration_Ramp_DeviatesWithoutJitter()
    {
        using var scope = NewDisposeScope();
        var ramp = Track(i => 2 * i, _ => 0);
        Assert.Equal(0, MotionMetrics.Acceleration(ramp)[0], 1e-9);
        // Deviation of 0, 2, ..., 98 is sqrt(n (n + 1) / 12) * 2 over one of three angles.
        Assert.Equal(2 * Math.Sqrt(50 * 51 / 12.0) / 3, MotionMetrics.PoseDeviation(ramp)[0], 1e-4);
        var shake = Track(i => i % 2, _ => 0);
        Assert.Equal(2.0 / 3, MotionMetrics.Acceleration(shake)[0], 1e-6);
        Assert.Equal(1.0 / 3, MotionMetrics.SpeedByFrame(shake)[7], 1e-6);
    }

    [Fact]
    public void LipCorrelation_SameShiftedAndStill_IsOneLessAndZero()
    {
        using var scope = NewDisposeScope();
        var truth = Track(_ => 0, i => Math.Sin(0.7 * i));
        Assert.Equal(1, MotionMetrics.LipCorrelation(truth, truth)[0], 1e-6);
        Assert.True(MotionMetrics.LipCorrelation(truth, truth, 4)[0] < 0);
        Assert.Equal(0, MotionMetrics.LipCorrelation(Track(_ => 0, _ => 1), truth)[0]);
    }

    [Fact]
    public void Spread_SamplesOfOneClip_IsTheirDeviation()
    {
        using var scope = NewDisposeScope();
        var samples = stack([Track(_ => 1, _ => 0), Track(_ => 3, _ => 0)]);
        Assert.Equal(Math.Sqrt(2) / 3, MotionMetrics.Spread(samples)[0], 1e-6);
        Assert.Equal(0, MotionMetrics.Spread(stack([samples[0], samples[0]]))[0]);
    }

    [Fact]
    public void Frechet_SameClipsAndShiftedOnes_IsZeroAndGrows()
    {
        using var scope = NewDisposeScope();
        Tensor Clips(double more) => cat([.. Enumerable.Range(0, 20).Select(c => Track(i => more + c % 5 + (1 + 0.1 * c) * Math.Sin(i * 0.2 + c), i => 0.1 * Math.Sin(0.5 * i * (1 + 0.02 * c))))], 0);
        Assert.Equal(0, MotionMetrics.Frechet(Clips(0), Clips(0)), 1e-4);
        Assert.True(MotionMetrics.Frechet(Clips(0), Clips(2)) > 1);
        Assert.Throws<ArgumentException>(() => MotionMetrics.Frechet(Clips(0).narrow(0, 0, 5), Clips(0)));
    }
}
