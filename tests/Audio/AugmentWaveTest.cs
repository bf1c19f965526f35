using Retort.Audio;
using Retort.Randomness;

namespace Retort.Tests.Audio;

public sealed class AugmentWaveTest
{
    [Theory]
    [InlineData(0, new float[] { 1, 2, 3, 4, 5 })]
    [InlineData(2, new float[] { 4, 5, 1, 2, 3 })]
    [InlineData(-1, new float[] { 2, 3, 4, 5, 1 })]
    [InlineData(12, new float[] { 4, 5, 1, 2, 3 })]
    public void Shift_MovesLaterAndAround(int shift, float[] expected) =>
        Assert.Equal(expected, Augment.Shift([1, 2, 3, 4, 5], shift));

    [Fact]
    public void Shift_EmptyWave_IsEmpty() => Assert.Empty(Augment.Shift([], 3));

    [Fact]
    public void Gain_20Decibels_IsTenfold() => Assert.Equal([10f, -5f], Augment.Gain([1f, -0.5f], 20));

    [Theory]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData(17.5)]
    public void AddNoise_Ratio_IsReached(double ratio)
    {
        var wave = Enumerable.Range(0, 16000).Select(n => 0.3f * MathF.Sin(0.1f * n)).ToArray();
        var noise = Augment.WhiteNoise(5000, RandomStream.Of(1, "noise"));
        var noisy = Augment.AddNoise(wave, noise, ratio, offset: 4999);
        var added = noisy.Zip(wave, (a, b) => (double)a - b).ToArray();
        var reached = 10 * Math.Log10(wave.Sum(x => (double)x * x) / added.Sum(x => x * x));
        Assert.Equal(ratio, reached, 1e-3);
        Assert.Equal(noise[0] / noise[4999], added[1] / added[0], 1e-3);
    }

    [Fact]
    public void AddNoise_SilentNoise_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Augment.AddNoise([1f], new float[10], 3));

    [Fact]
    public void MixupWeights_BelongToTheClip_NotToTheBatch()
    {
        var weights = Augment.MixupWeights(3, ["a", "b", "c"], 2);
        Assert.Equal(weights.Reverse(), Augment.MixupWeights(3, ["c", "b", "a"], 2));
        Assert.NotEqual(weights, Augment.MixupWeights(3, ["a", "b", "c"], 3));
        Assert.All(weights, w => Assert.InRange(w, 0f, 1f));
    }
}
