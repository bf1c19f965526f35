using Retort.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Audio;

public sealed class MelFrontEndTest
{
    private static Tensor Tone(double level = 0.5, int samples = 16000) =>
        tensor(Enumerable.Range(0, samples).Select(n => (float)(level * Math.Sin(2 * Math.PI * 440 * n / 16000))).ToArray()).unsqueeze(0);

    // Measured with the published front-end on torchaudio 0.13.1: a tone of 440 Hz, one second.
    [Theory]
    [InlineData(50, new[] { -62.5848f, -40.937f, -15.3143f, 21.9952f, 34.1401f, 34.9267f, -51.2671f, -85.0733f, -85.0733f })]
    [InlineData(0, new[] { 14.6959f, 17.2713f, 23.6641f, 30.4478f, 31.8517f, 30.955f, 8.8044f, -9.1311f, -17.0689f })]
    public void Forward_Tone_IsThePublishedSpectrogram(int frame, float[] expected)
    {
        using var scope = NewDisposeScope();
        var mel = new MelFrontEnd().call(Tone());
        Assert.Equal([1, 64, 101], mel.shape);
        var bins = new[] { 0, 5, 9, 10, 11, 12, 20, 40, 63 };
        for (var i = 0; i < bins.Length; i++)
        {
            // Bin 0 of a middle frame lies 100 dB below the tone, where float32 rounding shows.
            Assert.Equal(expected[i], mel[0, bins[i], frame].item<float>(), expected[i] < -60 && expected[i] > -85 ? 0.3f : 2e-3f);
        }
        Assert.Equal(34.9267f, mel.max().item<float>(), 1e-3f);
        Assert.Equal(-85.0733f, mel.min().item<float>(), 1e-3f);
        Assert.Equal(-59.8538f, mel.mean().item<float>(), 0.02f);
    }

    [Fact]
    public void FilterBank_HasThePublishedWeights()
    {
        var bank = MelFrontEnd.FilterBank(new MelSettings());
        Assert.Equal((257, 64), (bank.GetLength(0), bank.GetLength(1)));
        Assert.Equal(0.875592f, bank[1, 0], 1e-5f);
        Assert.Equal(0.124408f, bank[1, 1], 1e-5f);
        Assert.Equal(0.797227f, bank[2, 1], 1e-5f);
        Assert.Equal(250.19513, bank.Cast<float>().Sum(x => (double)x), 1e-3);
        Assert.Equal(1, Enumerable.Range(0, 257).Count(i => bank[i, 0] > 0));
        Assert.Equal(20, Enumerable.Range(0, 257).Count(i => bank[i, 63] > 0));
        Assert.All(Enumerable.Range(0, 64), m => Assert.Equal((0f, 0f), (bank[0, m], bank[256, m])));
    }

    [Fact]
    public void Forward_SilenceBesideATone_HasItsOwnFloorUnlessTheBatchsIsAskedFor()
    {
        using var scope = NewDisposeScope();
        var batch = cat([Tone(), zeros(1, 16000)]);
        float Silence(DbFloor floor) => new MelFrontEnd(new MelSettings { Floor = floor }).call(batch)[1].max().item<float>();
        Assert.Equal(-100f, Silence(DbFloor.PerClip), 1e-3f);
        Assert.Equal(-85.0733f, Silence(DbFloor.Batch), 1e-3f);
        Assert.Equal(-100f, Silence(DbFloor.None), 1e-3f);
    }

    [Fact]
    public void Forward_Batch_IsEachClipAlone()
    {
        using var scope = NewDisposeScope();
        var front = new MelFrontEnd();
        var batch = front.call(cat([Tone(0.5), Tone(0.01), Tone(0.2)]));
        Assert.Equal(front.call(Tone(0.01))[0].data<float>().ToArray(), batch[1].contiguous().data<float>().ToArray());
    }

    [Theory]
    [InlineData(257, 2)]
    [InlineData(8000, 51)]
    [InlineData(160000, 1001)]
    public void Forward_AnyLength_HasItsFrames(int samples, int frames)
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1, 64, frames], new MelFrontEnd().call(Tone(samples: samples)).shape);
        Assert.Equal(frames, new MelSettings().Frames(samples));
    }

    [Fact]
    public void Forward_TooShort_SaysHowMuchIsNeeded()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => new MelFrontEnd().call(zeros(1, 256)));
        Assert.Contains("257", error.Message);
    }

    [Fact]
    public void State_HasThePublishedKeys() =>
        Assert.Equal(["mel_scale.fb", "spectrogram.window"], new MelFrontEnd().state_dict().Keys.Order());
}
