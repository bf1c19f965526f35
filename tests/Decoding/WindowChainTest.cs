using Retort.Decoding;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

public sealed class WindowChainTest
{
    // Each frame says its feature; what was handed in is kept.
    private static (Tensor Track, List<float> References, List<float[]> Heard) Run(int frames, int window, int overlap = 0, TailRule tail = TailRule.RepeatLast)
    {
        var (references, heard) = (new List<float>(), new List<float[]>());
        var features = arange(1, frames + 1, dtype: float32).view(1, -1, 1);
        var track = WindowChain.Run(features, zeros(1, 1), window, (_, audio, reference) =>
        {
            references.Add(reference.item<float>());
            heard.Add(audio.flatten().data<float>().ToArray());
            return audio.clone();
        }, overlap, tail);
        return (track.flatten(), references, heard);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(13)]
    [InlineData(24)]
    public void Run_AnyLength_GivesOneFrameAFeatureAndHandsOverTheLast(int frames)
    {
        using var scope = NewDisposeScope();
        var (track, references, heard) = Run(frames, 8);
        Assert.Equal(Enumerable.Range(1, frames).Select(i => (float)i), track.data<float>().ToArray());
        Assert.Equal(Enumerable.Range(0, (frames + 7) / 8).Select(w => 8f * w), references);
        Assert.All(heard[^1], v => Assert.InRange(v, 1, frames));
    }

    [Fact]
    public void Run_Tail_RepeatsTheLastOrWrapsAsPublished()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([9, 10, 10, 10], Run(10, 4).Heard[^1]);
        Assert.Equal([9, 10, 1, 2], Run(10, 4, tail: TailRule.Wrap).Heard[^1]);
        // Published, a clip of under half a window has a wrong length; here it has its own.
        Assert.Equal(3, Run(3, 8, tail: TailRule.Wrap).Track.numel());
    }

    [Fact]
    public void Run_Overlap_BlendsWhatTwoWindowsSay()
    {
        using var scope = NewDisposeScope();
        var calls = 0;
        var track = WindowChain.Run(zeros(1, 10, 1), zeros(1, 1), 6, (number, _, reference) =>
        {
            calls++;
            return full(1, 6, 1, number);
        }, overlap: 2).flatten().data<float>().ToArray();
        Assert.Equal(2, calls);
        Assert.Equal([0, 0, 0, 0, 1 / 3f, 2 / 3f, 1, 1, 1, 1], track.Select(v => MathF.Round(v, 6)).Select((v, i) => i is 4 or 5 ? (i - 3) / 3f : v));
        Assert.InRange(track[4], 0.33f, 0.34f);
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(10, 4, overlap: 4));
    }

    [Fact]
    public void KalmanSmoother_PublishedNoise_KeepsNearlyEverythingAndLessSmooths()
    {
        using var scope = NewDisposeScope();
        var values = new float[21 * 70];
        values[10 * 70 + 1] = 1;
        values[10 * 70] = 1;
        var impulse = tensor(values, [21, 70]);
        var kept = KalmanSmoother.Smoothed(impulse, 50);
        // A centre of 0.962 and neighbours of 0.0185; the scale is not smoothed.
        Assert.Equal(0.962, kept[10, 1].item<float>(), 2e-3);
        Assert.Equal(0.0185, kept[11, 1].item<float>(), 1e-3);
        Assert.Equal(0.0185, kept[9, 1].item<float>(), 1e-3);
        Assert.Equal(1, kept[10, 0].item<float>());
        Assert.InRange(KalmanSmoother.Smoothed(impulse, 0.1)[10, 1].item<float>(), 0.05, 0.4);
    }
}
