using Retort.Audio;
using Retort.Randomness;

namespace Retort.Tests.Audio;

/// <summary>Generated noises and their mixing.</summary>
public sealed class NoiseTest
{
    private static readonly float[] speech = [.. Enumerable.Range(0, 12_800).Select(i => i % 6400 < 3200 ? (float)Math.Sin(i * 0.3) * 0.1f : 0)];

    private static double Power(ReadOnlySpan<float> x)
    {
        var sum = 0.0;
        foreach (var v in x)
        {
            sum += (double)v * v;
        }
        return sum / x.Length;
    }

    [Theory]
    [InlineData(NoiseKind.White)]
    [InlineData(NoiseKind.Pink)]
    [InlineData(NoiseKind.Car)]
    [InlineData(NoiseKind.Babble)]
    [InlineData(NoiseKind.Machine)]
    [InlineData(NoiseKind.Street)]
    [InlineData(NoiseKind.Cry)]
    public void Make_AnyKind_HasPowerOneAndFollowsFromItsStream(NoiseKind kind)
    {
        float[] Made(int seed) => Noise.Make(kind, 16_000, RandomStream.Of(seed, "noise"), speech: [speech, speech[..9000]]);
        var noise = Made(1);
        Assert.Equal(1, Power(noise), 1e-3);
        Assert.Equal(noise, Made(1));
        Assert.NotEqual(noise, Made(2));
        Assert.All(noise, v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Make_PinkAndCar_LoseHighFrequencies()
    {
        // The power of differences is that of high frequencies: 2 for white noise, less for others of power 1.
        double Roughness(NoiseKind kind)
        {
            var noise = Noise.Make(kind, 32_000, RandomStream.Of(1, "noise"));
            return Power(noise.Zip(noise.Skip(1), (a, b) => b - a).ToArray());
        }
        Assert.InRange(Roughness(NoiseKind.White), 1.9, 2.1);
        Assert.InRange(Roughness(NoiseKind.Pink), 0.1, 0.9);
        Assert.InRange(Roughness(NoiseKind.Car), 0, 0.1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(-5)]
    public void Mix_ARatio_IsThatOfActiveSpeech(double ratio)
    {
        // Half of the recording is silence: its active power is twice its mean power.
        Assert.Equal(2 * Power(speech), Noise.ActivePower(speech), 1e-4);
        var noise = Noise.Make(NoiseKind.White, 20_000, RandomStream.Of(1, "noise"));
        var mixed = Noise.Mix(speech, noise, ratio);
        var added = mixed.Zip(speech, (m, s) => m - s).ToArray();
        Assert.Equal(ratio, 10 * Math.Log10(Noise.ActivePower(speech) / Power(added)), 0.01);
    }

    [Fact]
    public void Mix_WhatCannotBeMixed_IsRefused()
    {
        Assert.Equal(speech, Noise.Mix(speech, [], double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => Noise.Mix(speech, new float[10], 5));
        Assert.Throws<ArgumentException>(() => Noise.Mix(speech, new float[16_000], 5));
        Assert.Throws<ArgumentException>(() => Noise.Mix(new float[100], speech, 5));
        Assert.Throws<ArgumentException>(() => Noise.Mix(speech, speech, double.NaN));
        Assert.Throws<ArgumentException>(() => Noise.Make(NoiseKind.Babble, 100, RandomStream.Of(1, "noise")));
    }
}
