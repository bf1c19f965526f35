using Retort.Metrics;

namespace Retort.Tests.Metrics;

public sealed class SharpnessTest
{
    // Vertical bars whose edges are ramps of this many pixels.
    private static byte[] Bars(int ramp) =>
        [.. Enumerable.Range(0, 3 * 128 * 128).Select(i => i / 3 % 128 % 32).Select(x => (byte)(40 + 160 * Math.Clamp((x < 16 ? x - 4 : 28 - x) / (double)ramp, 0, 1)))];

    [Fact]
    public void Cpbd_SharpAndBlurredBars_FallsWithBlur()
    {
        Assert.Equal(1, Sharpness.Cpbd(Bars(1), 128, 128), 0.01);
        Assert.True(Sharpness.Cpbd(Bars(8), 128, 128) < 0.1);
        Assert.Equal(0, Sharpness.Cpbd(new byte[3 * 64 * 64], 64, 64));
        Assert.Throws<ArgumentException>(() => Sharpness.Cpbd(new byte[3 * 32 * 32], 32, 32));
    }

    [Fact]
    public void BeatAlignment_KnownBeats_FollowsTheFormula()
    {
        Assert.Equal(1, BeatAlignment.Score([1, 2], [2, 1]), 1e-12);
        Assert.Equal((1 + Math.Exp(-0.5)) / 2, BeatAlignment.Score([1, 2], [1, 2.1]), 1e-9);
        Assert.True(double.IsNaN(BeatAlignment.Score([], [1])));
        Assert.Equal(0, BeatAlignment.Score([1], []));
        // A point that swings with a period of 40 frames rests every 20.
        var points = Enumerable.Range(0, 150).SelectMany(i => new[] { (float)Math.Cos(2 * Math.PI * i / 40), 0, 0 }).ToArray();
        var beats = BeatAlignment.MotionBeats(points, 3);
        Assert.All(beats.Where(b => b is > 0.6 and < 5.2), b => Assert.InRange(Math.Abs(b * 25 / 20 - Math.Round(b * 25 / 20)), 0, 0.06));
        Assert.InRange(beats.Count, 5, 8);
        var sound = Enumerable.Range(0, 32000).Select(i => i % 8000 < 3000 ? (float)Math.Sin(0.3 * i) : 0).ToArray();
        Assert.InRange(BeatAlignment.AudioBeats(sound, 16000).Count, 3, 4);
    }
}
