using System.Text.Json;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Tests.Models;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

/// <summary>The released student's greedy and beam search, clip by clip and as a batch: every stored hypothesis.</summary>
public sealed class CaptionDecodingTest
{
    private static readonly DecodingSettings Published = new()
    {
        BeamRule = BeamRule.FullExact,
        LengthRule = LengthRule.Mean,
        DoubleLogSoftmax = true,
        MaxLength = 20,
        Start = 1,
        End = 2,
    };

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    [InlineData("d")]
    public void Search_Golden_GivesEveryStoredHypothesis(string name)
    {
        using var file = SafeTensorsFile.Open(CaptionGolden.File("caption_decode.safetensors"));
        var config = JsonDocument.Parse(file.Metadata["config"]).RootElement;
        var (vocabulary, end) = (config.GetProperty("cases").GetProperty(name)[0].GetInt32(), config.GetProperty("cases").GetProperty(name)[1].GetInt32());
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var model = CaptionCheckpoint.Of(CaptionGolden.Weights(vocabulary, end)).Model;
        var encoded = Enumerable.Range(0, 3).Select(i =>
        {
            var wave = file.Read($"in.wav{i}");
            return model.Encode(wave.unsqueeze(0), [wave.shape[0]]);
        }).ToArray();
        foreach (var wanted in config.GetProperty("nbest").GetProperty(name).EnumerateArray())
        {
            var (frames, lengths) = encoded[wanted.GetProperty("clip").GetInt32()];
            var found = BeamSearch.Decode(model.Decoder, frames, lengths, Published with { Beams = wanted.GetProperty("beam").GetInt32() })[0];
            var hypotheses = wanted.GetProperty("hypotheses").EnumerateArray().ToArray();
            Assert.Equal(hypotheses.Length, found.Count);
            for (var i = 0; i < found.Count; i++)
            {
                int[] ids = [.. hypotheses[i].GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
                Assert.Equal(ids, found[i].Finished ? [.. found[i].Tokens, 2] : found[i].Tokens.ToArray());
                Assert.Equal(hypotheses[i].GetProperty("score").GetDouble(), found[i].Score, 1e-4);
            }
        }
        for (var clip = 0; clip < 3; clip++)
        {
            var greedy = BeamSearch.Decode(model.Decoder, encoded[clip].Frames, encoded[clip].Lengths, Published with { Beams = 1 })[0][0];
            Same(file.Read($"out.{name}.greedy{clip}"), 0, greedy);
            Assert.Equal(file.Read($"out.{name}.greedy{clip}_logprob").sum().item<float>(), greedy.LogProbability, 1e-3);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("d")]
    public void Search_PaddedBatchWithSharedFloor_MatchesThePublishedBatch(string name)
    {
        using var file = SafeTensorsFile.Open(CaptionGolden.File("caption_decode.safetensors"));
        var config = JsonDocument.Parse(file.Metadata["config"]).RootElement.GetProperty("cases").GetProperty(name);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var model = CaptionCheckpoint.Of(CaptionGolden.Weights(config[0].GetInt32(), config[1].GetInt32())).Model;
        var waves = Enumerable.Range(0, 3).Select(i => file.Read($"in.wav{i}")).ToArray();
        var longest = waves.Max(w => w.shape[0]);
        var padded = stack([.. waves.Select(w => nn.functional.pad(w, (0, longest - w.shape[0])))]);
        using var front = new Retort.Audio.MelFrontEnd(new Retort.Audio.MelSettings { Floor = Retort.Audio.DbFloor.Batch });
        var frames = model.Encoder.FromFeatures(front.call(padded).transpose(1, 2), null);
        var lengths = model.Encoder.Frames([.. waves.Select(w => w.shape[0])])!;
        var best = BeamSearch.Decode(model.Decoder, frames, lengths, Published with { Beams = 3 });
        var greedy = BeamSearch.Decode(model.Decoder, frames, lengths, Published with { Beams = 1 });
        // The longest clip alone has no padding. In the padding of the others the formula's weights amplify rounding: another
        // order of the additions in the spectrogram moves their scores by more than 0.01, and greedy tokens with it.
        const int Longest = 1;
        Same(file.Read($"out.{name}.beam3_batch"), Longest, best[Longest][0]);
        Assert.Equal(file.Read($"out.{name}.beam3_batch_score")[Longest].item<float>(), best[Longest][0].Score, 1e-4);
        Same(file.Read($"out.{name}.greedy_batch"), Longest, greedy[Longest][0]);
        // Whatever their frames are, decoding them beside others is decoding them alone.
        for (var clip = 0; clip < 3; clip++)
        {
            var alone = BeamSearch.Decode(model.Decoder, frames.narrow(0, clip, 1), [lengths[clip]], Published with { Beams = 3 })[0];
            Assert.Equal(alone.Select(h => h.Tokens), best[clip].Select(h => h.Tokens));
        }
    }

    /// <summary>The dossier's vectors: logit 2 sin(a (w + 1) (k + 1) + b j) after place j with word w.</summary>
    [Theory]
    [InlineData(7, 0.7, 0.9, 1, "0 0 0 6 5 0 3 4")]
    [InlineData(7, 0.7, 0.9, 3, "0 0 0 6 0 4 5 1|0 0 0 6 0 4 5 4|0 0 0 6 5 3 2")]
    [InlineData(9, 1.3, 0.35, 3, "2|7 7 7 2|7 7 7 7 2")]
    [InlineData(12, 0.37, 1.1, 2, "10 10 5 1 4 7 8 1|10 10 5 1 4 7 10 2")]
    [InlineData(12, 0.37, 1.1, 3, "1 0 0 11 4 7 8 1|1 0 0 11 4 7 10 2|1 0 0 11 4 7 8 3")]
    [InlineData(12, 0.37, 1.1, 5, "1 0 0 11 4 7 8 1|10 10 5 1 4 7 8 1")]
    public void Search_SineDecoder_MatchesThePublishedSearch(int vocabulary, double a, double b, int beams, string expected)
    {
        using var scope = NewDisposeScope();
        var decoder = new SineDecoder(vocabulary, a, b);
        var found = BeamSearch.Decode(decoder, zeros(1, 1, 8), null, Published with { Beams = beams, MaxLength = 8 })[0];
        var texts = expected.Split('|');
        Assert.Equal(texts, found.Take(texts.Length).Select(h => string.Join(' ', h.Finished ? [.. h.Tokens, 2] : h.Tokens)));
    }

    [Fact]
    public void Search_Full_EndsWithAtLeastKAndDoubleLogSoftmaxChangesNothing()
    {
        using var scope = NewDisposeScope();
        var decoder = new SineDecoder(9, 1.3, 0.35);
        var settings = Published with { Beams = 3, MaxLength = 8, BeamRule = BeamRule.Full };
        var once = BeamSearch.Decode(decoder, zeros(1, 1, 8), null, settings with { DoubleLogSoftmax = false })[0];
        var twice = BeamSearch.Decode(decoder, zeros(1, 1, 8), null, settings)[0];
        Assert.True(once.Count(h => h.Finished) >= 3);
        Assert.Equal(once.Select(h => h.Tokens), twice.Select(h => h.Tokens));
        Assert.All(once.Zip(twice), p => Assert.Equal(p.First.Score, p.Second.Score, 1e-5));
    }

    private static void Same(Tensor rows, int row, Hypothesis found)
    {
        var ids = (rows.dim() == 1 ? rows : rows[row]).data<long>().ToArray().Select(id => (int)id).ToArray();
        Assert.Equal(ids, found.Tokens.Concat(Enumerable.Repeat(2, ids.Length - found.Tokens.Count)).ToArray());
    }

    /// <summary>Knows its place from a small real decoder's cache, and the last word from its input.</summary>
    private sealed class SineDecoder(int vocabulary, double a, double b) : IStepDecoder
    {
        private readonly TokenDecoder inner = Inner(vocabulary);

        public int Vocabulary => vocabulary;

        public int MaxLength => 64;

        public DecoderCache Start(Tensor memory, IReadOnlyList<long>? memoryLengths) => inner.Start(memory, memoryLengths);

        public Tensor Step(Tensor tokens, DecoderCache cache)
        {
            var place = cache.Length;
            inner.Step(tokens, cache);
            return tensor(tokens.data<long>().ToArray().SelectMany(w => Enumerable.Range(0, vocabulary).Select(k => (float)(2 * Math.Sin(a * (w + 1) * (k + 1) + b * place)))).ToArray(),
                [tokens.shape[0], vocabulary]);
        }

        private static TokenDecoder Inner(int vocabulary)
        {
            var decoder = new TokenDecoder(new TokenDecoderSettings { Vocabulary = vocabulary, Width = 8, Depth = 1, Heads = 1, Hidden = 8, MaxLength = 64 }, 1);
            decoder.eval();
            return decoder;
        }
    }
}
