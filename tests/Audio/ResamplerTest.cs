using System.Text.Json;
using Retort.Audio;
using Xunit.Abstractions;

namespace Retort.Tests.Audio;

public sealed class ResamplerTest(ITestOutputHelper output)
{
    private static float[] Chirp(int length)
    {
        var x = new float[length];
        for (var i = 0; i < length; i++)
        {
            x[i] = (float)(0.5 * Math.Sin(0.01 * i + 0.00005 * i * (double)i) + 0.25 * Math.Cos(0.7 * i));
        }
        return x;
    }

    [Fact]
    public void Resample_Chirp_IsTorchaudios()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Audio/Golden/resample.json")));
        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var (from, to) = (item.GetProperty("from").GetInt32(), item.GetProperty("to").GetInt32());
            var expected = item.GetProperty("y").EnumerateArray().Select(v => v.GetDouble()).ToArray();
            var y = Resampler.Resample(Chirp(item.GetProperty("length").GetInt32()), from, to);
            Assert.Equal(expected.Length, y.Length);
            var worst = expected.Zip(y, (a, b) => Math.Abs(a - b)).Max();
            output.WriteLine($"{from} -> {to}: largest difference {worst:g3}");
            Assert.InRange(worst, 0, 1e-6);
        }
    }

    [Fact]
    public void Resample_OddPairOfRates_GivesTheSameWithoutATable()
    {
        // 96001 and 96000 have no common divisor: more than a million taps, computed as they are needed.
        var x = Chirp(400);
        var y = Resampler.Resample(x, 96001, 96000);
        var expected = Resampler.Resample(x, 96000, 96000);
        Assert.Equal(400, y.Length);
        Assert.InRange(expected.Take(300).Zip(y, (a, b) => Math.Abs(a - b)).Skip(20).Max(), 0, 0.01);
    }

    [Fact]
    public void Resample_SameRate_ReturnsTheInput()
    {
        var x = Chirp(10);
        Assert.Same(x, Resampler.Resample(x, 16000, 16000));
    }

    [Fact]
    public void Resample_TwoChannels_TreatsEachAlone()
    {
        var (left, right) = (Chirp(300), Chirp(300).Reverse().ToArray());
        var joined = left.Zip(right, (l, r) => new[] { l, r }).SelectMany(v => v).ToArray();
        var y = Resampler.Resample(new Wave(joined, 44100, 2), 16000);
        Assert.Equal(16000, y.SampleRate);
        Assert.Equal(Resampler.Resample(left, 44100, 16000), y.Channel(0));
        Assert.Equal(Resampler.Resample(right, 44100, 16000), y.Channel(1));
    }

    [Theory]
    [InlineData(0, 16000)]
    [InlineData(16000, -1)]
    public void Resample_RateThatIsNone_IsAnArgumentError(int from, int to) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.Resample(Chirp(10), from, to));
}
