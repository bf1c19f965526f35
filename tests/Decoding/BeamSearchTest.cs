using Retort.Decoding;
using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

/// <summary>Against a plain search: one utterance at a time, the whole prefix anew at each step, nothing kept.</summary>
public sealed class BeamSearchTest
{
    private static readonly TokenDecoderSettings small = new() { Vocabulary = 9, Width = 16, Depth = 2, Heads = 2, Hidden = 24, MaxLength = 64 };

    private static (TokenDecoder Model, Tensor Memory, long[] Lengths) Case(long seed)
    {
        var model = new TokenDecoder(small, seed);
        model.eval();
        var draw = Retort.Randomness.RandomStream.Of(seed, "memory");
        var memory = tensor(Enumerable.Range(0, 4 * 7 * 16).Select(_ => (float)draw.Normal()).ToArray(), [4, 7, 16]);
        return (model, memory, [7, 3, 5, 1]);
    }

    private static List<Hypothesis> Plain(TokenDecoder model, Tensor memory, DecodingSettings settings)
    {
        var live = new List<(int[] Tokens, double Sum, double Log)> { ([settings.Start], 0, 0) };
        var finished = new List<Hypothesis>();
        double End(double sum, int steps) => settings.LengthRule == LengthRule.StepWise ? sum : sum / settings.Penalty(steps);
        for (var step = 1; step <= settings.MaxLength && finished.Count < settings.Beams; step++)
        {
            var all = new List<(int[] Tokens, double Sum, double Log, int Token)>();
            foreach (var (tokens, sum, log) in live)
            {
                using var scope = NewDisposeScope();
                var logits = model.call(tensor(tokens.Select(t => (long)t).ToArray(), [1, tokens.Length]), memory, null);
                var gains = nn.functional.log_softmax(logits.select(1, tokens.Length - 1), -1).data<float>().ToArray();
                var factor = settings.LengthRule == LengthRule.StepWise ? 1 / settings.Penalty(step) : 1;
                all.AddRange(gains.Select((gain, v) => (tokens, sum + gain * factor, log + gain, v)));
            }
            live = [];
            foreach (var (tokens, sum, log, token) in all.OrderByDescending(c => c.Sum).Take(settings.Beams - finished.Count))
            {
                if (token == settings.End)
                {
                    finished.Add(new Hypothesis(tokens[1..], End(sum, step), log, true));
                }
                else
                {
                    live.Add(([.. tokens, token], sum, log));
                }
            }
        }
        finished.AddRange(live.Select(p => new Hypothesis(p.Tokens[1..], End(p.Sum, p.Tokens.Length - 1), p.Log, false)));
        return [.. finished.OrderByDescending(h => h.Score)];
    }

    private static void Same(IReadOnlyList<Hypothesis> expected, IReadOnlyList<Hypothesis> found)
    {
        Assert.Equal(expected.Count, found.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Tokens, found[i].Tokens);
            Assert.Equal(expected[i].Finished, found[i].Finished);
            Assert.Equal(expected[i].Score, found[i].Score, 1e-4);
            Assert.Equal(expected[i].LogProbability, found[i].LogProbability, 1e-4);
        }
    }

    [Theory]
    [InlineData(1, LengthRule.Final, 12)]
    [InlineData(4, LengthRule.Final, 12)]
    [InlineData(4, LengthRule.StepWise, 12)]
    [InlineData(20, LengthRule.StepWise, 6)]
    [InlineData(5, LengthRule.Final, 1)]
    public void Decode_Batch_IsPlainSearchAndIsOneAtATime(int beams, LengthRule rule, int longest)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var finished = 0;
        for (var seed = 1; seed <= 4; seed++)
        {
            var (model, memory, lengths) = Case(seed);
            using var owner = model;
            var settings = new DecodingSettings { Beams = beams, LengthRule = rule, MaxLength = longest };
            var batch = BeamSearch.Decode(model, memory, lengths, settings);
            for (var b = 0; b < lengths.Length; b++)
            {
                var row = memory.narrow(0, b, 1);
                var own = row.narrow(1, 0, lengths[b]);
                Same(Plain(model, own, settings), batch[b]);
                Same(BeamSearch.Decode(model, own, null, settings)[0], batch[b]);
                finished += batch[b].Count(h => h.Finished);
                Assert.All(batch[b], h => Assert.DoesNotContain(settings.End, h.Tokens));
                Assert.All(batch[b], h => Assert.True(h.Tokens.Count <= longest));
            }
        }
        Assert.True(finished > 0, "no hypothesis chose the end symbol: the case shows nothing");
    }

    [Fact]
    public void Greedy_IsTheLikeliestTokenEachTime()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (model, memory, lengths) = Case(5);
        using var owner = model;
        var found = BeamSearch.Decode(model, memory, lengths, new DecodingSettings { MaxLength = 10, Beams = 1 }).Select(best => best[0]).ToArray();
        for (var b = 0; b < lengths.Length; b++)
        {
            var tokens = new List<long> { 2 };
            while (tokens.Count <= 10)
            {
                var logits = model.call(tensor(tokens.ToArray(), [1, tokens.Count]), memory.narrow(0, b, 1), [lengths[b]]);
                var next = logits.select(1, tokens.Count - 1).argmax(-1).item<long>();
                if (next == 3)
                {
                    break;
                }
                tokens.Add(next);
            }
            Assert.Equal(tokens.Skip(1), found[b].Tokens.Select(t => (long)t));
        }
    }

    [Fact]
    public void Decode_WithoutLengths_SeesThePaddingAsTheReleasedCode()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (model, memory, lengths) = Case(2);
        using var owner = model;
        var settings = new DecodingSettings { MaxLength = 8 };
        Same(Plain(model, memory.narrow(0, 1, 1), settings), BeamSearch.Decode(model, memory, null, settings)[1]);
        Assert.NotEqual(BeamSearch.Decode(model, memory, lengths, settings)[1][0].LogProbability,
            BeamSearch.Decode(model, memory, null, settings)[1][0].LogProbability, 1e-3);
    }

    [Fact]
    public void Score_OfAHypothesis_IsItsTeacherForcedLogProbabilityUnderTheRule()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (model, memory, lengths) = Case(3);
        using var owner = model;
        var settings = new DecodingSettings { MaxLength = 12 };
        foreach (var h in BeamSearch.Decode(model, memory, lengths, settings)[0])
        {
            long[] target = [.. h.Tokens.Select(t => (long)t), .. h.Finished ? [3L] : Array.Empty<long>()];
            var input = tensor([2L, .. target[..^1]], [1, target.Length]);
            var logs = nn.functional.log_softmax(model.call(input, memory.narrow(0, 0, 1), [7]), -1);
            var sum = logs.gather(2, tensor(target, [1, target.Length, 1])).sum().item<float>();
            Assert.Equal(sum, h.LogProbability, 1e-4);
            Assert.Equal(sum / Math.Pow((5.0 + target.Length) / 6, 0.6), h.Score, 1e-4);
        }
    }

    [Fact]
    public void Decode_SettingsThatDoNotFit_AreNamed()
    {
        using var scope = NewDisposeScope();
        var (model, memory, lengths) = Case(1);
        using var owner = model;
        Assert.Contains("vocabulary of 9", Assert.Throws<ArgumentException>(() => BeamSearch.Decode(model, memory, lengths, new DecodingSettings { End = 9 })).Message);
        Assert.Contains("positive", Assert.Throws<ArgumentException>(() => BeamSearch.Decode(model, memory, lengths, new DecodingSettings { Beams = 0 })).Message);
        Assert.Contains("2 lengths", Assert.Throws<ArgumentException>(() => BeamSearch.Decode(model, memory, [7, 7])).Message);
    }

    [Fact]
    public void Decode_MemoryThatIsNotANumber_SaysSo()
    {
        using var scope = NewDisposeScope();
        var (model, memory, lengths) = Case(1);
        using var owner = model;
        Assert.Contains("NaN", Assert.Throws<InvalidOperationException>(() => BeamSearch.Decode(model, memory * float.NaN, lengths)).Message);
    }

    [Fact]
    public void Ctc_BestPath_MergesRepetitionsAndDropsBlanks()
    {
        using var scope = NewDisposeScope();
        int[] path = [0, 1, 1, 0, 1, 2, 2, 0];
        var scores = nn.functional.one_hot(tensor(path.Select(p => (long)p).ToArray()), 3).to(float32).unsqueeze(0);
        Assert.Equal([1, 1, 2], CtcDecoding.Greedy(scores, null)[0]);
        Assert.Equal([1, 1], CtcDecoding.Greedy(scores, [5])[0]);
    }
}
