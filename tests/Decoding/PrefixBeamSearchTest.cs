using Retort.Decoding;
using Retort.Randomness;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

/// <summary>Prefix beam search against the sum over all paths.</summary>
public sealed class PrefixBeamSearchTest
{
    private static float[] LogProbabilities(int frames, int symbols, RandomStream draw)
    {
        var values = new float[frames * symbols];
        for (var t = 0; t < frames; t++)
        {
            var row = Enumerable.Range(0, symbols).Select(_ => Math.Exp(2 * draw.Normal())).ToArray();
            for (var s = 0; s < symbols; s++)
            {
                values[t * symbols + s] = (float)Math.Log(row[s] / row.Sum());
            }
        }
        return values;
    }

    private static Dictionary<string, double> AllPaths(float[] logs, int frames, int symbols)
    {
        var sums = new Dictionary<string, double>();
        var path = new int[frames];
        while (true)
        {
            var (text, last, log) = ("", 0, 0.0);
            for (var t = 0; t < frames; t++)
            {
                log += logs[t * symbols + path[t]];
                text += path[t] != 0 && path[t] != last ? $"{path[t]}," : "";
                last = path[t];
            }
            sums[text] = sums.GetValueOrDefault(text) + Math.Exp(log);
            var at = 0;
            while (at < frames && ++path[at] == symbols)
            {
                path[at++] = 0;
            }
            if (at == frames)
            {
                return sums;
            }
        }
    }

    [Fact]
    public void Decode_ManyBeams_EqualsTheSumOverAllPaths()
    {
        for (var round = 0; round < 10; round++)
        {
            const int Frames = 6, Symbols = 4;
            var logs = LogProbabilities(Frames, Symbols, RandomStream.Of(round, "logs"));
            var expected = AllPaths(logs, Frames, Symbols);
            var found = PrefixBeamSearch.Decode(logs, Symbols, Frames, beams: 5000);
            Assert.Equal(expected.Count, found.Count);
            Assert.Equal(1, found.Sum(h => Math.Exp(h.LogProbability)), 1e-5);
            foreach (var hypothesis in found)
            {
                Assert.Equal(expected[string.Concat(hypothesis.Tokens.Select(t => $"{t},"))], Math.Exp(hypothesis.LogProbability), 1e-6);
            }
            Assert.Equal(found.OrderByDescending(h => h.LogProbability), found);
        }
    }

    [Fact]
    public void Decode_FewBeams_FindsTheBestAndNeverMoreProbabilityThanThereIs()
    {
        const int Frames = 7, Symbols = 4;
        var same = 0;
        for (var round = 0; round < 20; round++)
        {
            var logs = LogProbabilities(Frames, Symbols, RandomStream.Of(round, "few"));
            var expected = AllPaths(logs, Frames, Symbols);
            var found = PrefixBeamSearch.Decode(logs, Symbols, Frames, beams: 10, perFrame: 3);
            Assert.True(found.Count <= 10);
            Assert.All(found, h => Assert.True(Math.Exp(h.LogProbability) <= expected[string.Concat(h.Tokens.Select(t => $"{t},"))] + 1e-6));
            same += string.Concat(found[0].Tokens.Select(t => $"{t},")) == expected.MaxBy(e => e.Value).Key ? 1 : 0;
        }
        Assert.InRange(same, 18, 20);
    }

    [Fact]
    public void Decode_Batch_RespectsLengthsAndRefusesWhatIsNoProbability()
    {
        using var scope = NewDisposeScope();
        var logs = LogProbabilities(5, 3, RandomStream.Of(3, "batch"));
        var two = tensor([.. logs, .. logs], [2, 5, 3]);
        var found = PrefixBeamSearch.Decode(two, [5, 2]);
        Assert.Equal(PrefixBeamSearch.Decode(logs, 3, 5).Select(h => h.LogProbability), found[0].Select(h => h.LogProbability));
        Assert.Equal(PrefixBeamSearch.Decode(logs, 3, 2).Select(h => h.LogProbability), found[1].Select(h => h.LogProbability));
        Assert.Throws<ArgumentException>(() => PrefixBeamSearch.Decode(two, [6, 2]));
        logs[4] = float.NaN;
        Assert.Contains("frame 1", Assert.Throws<ArgumentException>(() => PrefixBeamSearch.Decode(logs, 3, 5)).Message);
    }

    [Fact]
    public void Sample_ManyPaths_FollowTheFrames()
    {
        // Two frames of three symbols: 1 or 2, then the blank or 2.
        float[] logs = [-1e9f, MathF.Log(0.7f), MathF.Log(0.3f), MathF.Log(0.6f), -1e9f, MathF.Log(0.4f)];
        var drawn = Enumerable.Range(0, 4000).Select(i => PrefixBeamSearch.Sample(logs, 3, RandomStream.Of(i, "path"))).ToArray();
        double Share(params int[] tokens) => drawn.Count(d => d.Tokens.SequenceEqual(tokens)) / 4000.0;
        Assert.Equal(0.42, Share(1), 0.03);
        Assert.Equal(0.28, Share(1, 2), 0.03);
        Assert.Equal(0.3, Share(2), 0.03);  // 2 and the blank, or 2 twice
        Assert.All(drawn.Where(d => d.Tokens.Count == 2), d => Assert.Equal(Math.Log(0.28), d.LogProbability, 1e-5));
        // A high temperature makes the frames' symbols equally likely, but for those that cannot be.
        var hot = Enumerable.Range(0, 4000).Select(i => PrefixBeamSearch.Sample(logs, 3, RandomStream.Of(i, "path"), 100)).ToArray();
        Assert.Equal(0.25, hot.Count(d => d.Tokens.SequenceEqual([1, 2])) / 4000.0, 0.03);
    }
}
