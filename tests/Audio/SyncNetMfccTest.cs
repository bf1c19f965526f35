using System.Text.Json.Nodes;
using Retort.Audio;
using static TorchSharp.torch;

namespace Retort.Tests.Audio;

/// <summary>Expected numbers: environment/reference/syncnet_mfcc.py, numpy in double precision.</summary>
public sealed class SyncNetMfccTest
{
    private static float[] Wave() => [.. Enumerable.Range(0, 5000).Select(n => n is >= 3000 and < 4200 ? 0
        : (float)(Math.Round(9000 * Math.Sin(0.02 * n + 6e-5 * n * n) + 3000 * (n * 2654435761L % (1L << 32) / 4294967296.0 - 0.5)) / 32768))];

    [Fact]
    public void Of_ChirpNoiseAndSilence_EqualsTheReference()
    {
        var golden = JsonNode.Parse(File.ReadAllText(Golden.File("Audio", "syncnet_mfcc.json")))!;
        using var scope = NewDisposeScope();
        var mfcc = SyncNetMfcc.Of(Wave());
        var rows = golden["mfcc"]!.AsArray();
        Assert.Equal([13, rows[0]!.AsArray().Count], mfcc.shape);
        for (var k = 0; k < 13; k++)
        {
            for (var c = 0; c < mfcc.shape[1]; c++)
            {
                Assert.Equal(rows[k]![c]!.GetValue<double>(), mfcc[k, c].item<float>(), golden["tolerance"]!.GetValue<double>());
            }
        }
    }

    [Fact]
    public void Of_OneSampleOrSilence_IsOneFiniteColumn()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([13, 1], SyncNetMfcc.Of([0.5f]).shape);
        Assert.Equal([13, 1], SyncNetMfcc.Of(new float[400]).shape);
        Assert.Equal([13, 2], SyncNetMfcc.Of(new float[401]).shape);
        Assert.True(SyncNetMfcc.Of(new float[16000]).isfinite().all().item<bool>());
        Assert.Throws<ArgumentException>(() => SyncNetMfcc.Of([]));
        Assert.Throws<ArgumentException>(() => SyncNetMfcc.Of([0, float.NaN]));
    }

    [Fact]
    public void Windows_OfNeighbouringFrames_BeginFourColumnsApart()
    {
        using var scope = NewDisposeScope();
        var mfcc = SyncNetMfcc.Of(Wave());
        var windows = SyncNetMfcc.Windows(mfcc, 1, 2);
        Assert.Equal([2, 1, 13, 20], windows.shape);
        Assert.Equal(mfcc[5, 8 + 7].item<float>(), windows[1, 0, 5, 7].item<float>());
        Assert.Throws<ArgumentOutOfRangeException>(() => SyncNetMfcc.Windows(mfcc, 0, 5));
    }
}
