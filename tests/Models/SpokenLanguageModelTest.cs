using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class SpokenLanguageModelTest
{
    private static readonly LogMelEncoderSettings small = new() { Width = 16, Depth = 2, Heads = 2, Hidden = 24, Dropout = 0 };

    private static readonly TokenDecoderSettings decoder = new() { Vocabulary = 12, Width = 16, Depth = 1, Heads = 2, Hidden = 24, Dropout = 0, MaxLength = 40 };

    private static Tensor Waves(int rows, int samples)
    {
        var draw = Retort.Randomness.RandomStream.Of(4, "waves");
        return tensor(Enumerable.Range(0, rows * samples).Select(i => (float)(0.3 * Math.Sin(0.01 * i * (1 + i / samples)) + 0.1 * draw.Normal())).ToArray(), [rows, samples]);
    }

    [Fact]
    public void LogMelEncoder_PaddedRowWithLength_IsTheClipAlone()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new LogMelEncoder(small, seed: 1);
        model.eval();
        var waves = Waves(2, 8000);
        var together = model.call(waves, [8000, 5001]);
        var alone = model.call(waves.narrow(0, 1, 1).narrow(1, 0, 5001), null);
        Assert.Equal([13, 8], model.Frames([8000, 5001])!);
        Assert.Equal([2L, 13, 16], together.shape);
        Assert.InRange((alone.select(0, 0) - together.select(0, 1).narrow(0, 0, 8)).abs().max().item<float>(), 0, 1e-5f);
    }

    [Fact]
    public void LogMelEncoder_Features_HaveMeanZeroAndVarianceOneOverTheClip()
    {
        using var scope = NewDisposeScope();
        using var model = new LogMelEncoder(small with { Stack = 1 }, seed: 1);
        var features = model.Features(Waves(1, 8000), null);
        Assert.InRange(features.mean([1]).abs().max().item<float>(), 0, 1e-5f);
        Assert.InRange((features.square().mean([1]) - 1).abs().max().item<float>(), 0, 1e-3f);
    }

    [Fact]
    public void Model_FewSteps_LearnsItsBatch()
    {
        using var scope = NewDisposeScope();
        using var model = new SpokenLanguageModel(new LogMelEncoder(small, seed: 1), new TokenDecoder(decoder, seed: 1));
        model.train();
        var waves = Waves(3, 8000);
        long[] lengths = [8000, 6000, 7000];
        var sequences = tensor(new long[] { 2, 5, 6, 7, 3, 2, 8, 3, 0, 0, 2, 9, 10, 3, 0 }, [3, 5]);
        var targets = sequences.narrow(1, 1, 4);
        using var optimizer = optim.AdamW(model.parameters(), lr: 5e-3);
        for (var step = 0; step < 100; step++)
        {
            using var inner = NewDisposeScope();
            var (memory, frames) = model.Encode(waves, lengths);
            var logits = model.Decoder.call(sequences.narrow(1, 0, 4), memory, frames);
            var loss = SequenceDistillation.CrossEntropy(logits, targets, targets.ne(0));
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }
        model.eval();
        using var noGrad = no_grad();
        var (last, valid) = model.Encode(waves, lengths);
        var best = BeamSearch.Decode(model.Decoder, last, valid, new DecodingSettings { MaxLength = 8 });
        Assert.Equal([5, 6, 7], best[0][0].Tokens);
        Assert.Equal([8], best[1][0].Tokens);
        Assert.Equal([9, 10], best[2][0].Tokens);
    }

    [Fact]
    public void CtcLoss_IsTheSumOverAllPaths_AndZeroWhereTheTranscriptIsTooLong()
    {
        using var scope = NewDisposeScope();
        using var model = new SpokenLanguageModel(new LogMelEncoder(small, seed: 1), new TokenDecoder(decoder, seed: 1), ctcSymbols: 3, seed: 1);
        var memory = tensor(Enumerable.Range(0, 3 * 4 * 16).Select(i => (float)Math.Sin(1.7 * i)).ToArray(), [3, 4, 16]).requires_grad_();
        var logs = model.CtcLogProbabilities(memory).data<float>().ToArray();
        int[][] targets = [[1, 2], [2], [1, 1]];
        long[] frames = [4, 3, 2];  // 1 1 needs three frames
        var expected = 0.0;
        for (var b = 0; b < 2; b++)
        {
            var sum = 0.0;
            for (var code = 0; code < Math.Pow(3, frames[b]); code++)
            {
                int[] path = [.. Enumerable.Range(0, (int)frames[b]).Select(t => code / (int)Math.Pow(3, t) % 3)];
                var merged = path.Where((s, t) => s != 0 && (t == 0 || path[t - 1] != s));
                if (merged.SequenceEqual(targets[b]))
                {
                    sum += Math.Exp(path.Select((s, t) => (double)logs[(b * 4 + t) * 3 + s]).Sum());
                }
            }
            expected -= Math.Log(sum) / targets[b].Length / 3;
        }
        var loss = model.CtcLoss(memory, frames, tensor(new long[] { 1, 2, 2, 0, 1, 1 }, [3, 2]), [2, 1, 2]);
        Assert.Equal(expected, loss.item<float>(), 1e-5);
        loss.backward();
        // No gradient reaches the padding.
        Assert.Equal(0, memory.grad!.select(0, 1).narrow(0, 3, 1).abs().max().item<float>());
        Assert.NotEqual(0, memory.grad!.select(0, 1).narrow(0, 0, 3).abs().max().item<float>());
    }

    [Fact]
    public void LengthMasks_Off_SeesThePadding()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new SpokenLanguageModel(new LogMelEncoder(small, seed: 1), new TokenDecoder(decoder, seed: 1)) { LengthMasks = false };
        model.eval();
        var (memory, frames) = model.Encode(Waves(2, 8000), [8000, 5000]);
        Assert.Null(frames);
        Assert.Equal([2L, 13, 16], memory.shape);
        Assert.Throws<InvalidOperationException>(() => model.CtcLogProbabilities(memory));
    }
}
