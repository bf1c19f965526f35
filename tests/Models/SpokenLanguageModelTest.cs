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
        var draw = Retort.Randomness.Draw.Of(4, "waves");
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
    public void Model_FewSteps_LearnsItsBatchByCrossEntropyAndCtc()
    {
        using var scope = NewDisposeScope();
        using var model = new SpokenLanguageModel(new LogMelEncoder(small, seed: 1), new TokenDecoder(decoder, seed: 1), ctcSymbols: 12, seed: 1);
        model.train();
        var waves = Waves(3, 8000);
        long[] lengths = [8000, 6000, 7000];
        var sequences = tensor(new long[] { 2, 5, 6, 7, 3, 2, 8, 3, 0, 0, 2, 9, 10, 3, 0 }, [3, 5]);
        var targets = sequences.narrow(1, 1, 4);
        var words = tensor(new long[] { 5, 6, 7, 8, 0, 0, 9, 10, 0 }, [3, 3]);
        using var optimizer = optim.AdamW(model.parameters(), lr: 1e-2);
        for (var step = 0; step < 60; step++)
        {
            using var inner = NewDisposeScope();
            var (memory, frames) = model.Encode(waves, lengths);
            var logits = model.Decoder.call(sequences.narrow(1, 0, 4), memory, frames);
            var loss = SequenceDistillation.CrossEntropy(logits, targets, targets.ne(0)) + model.CtcLoss(memory, frames, words, [3, 1, 2]);
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
        var ctc = CtcDecoding.Greedy(model.CtcLogProbabilities(last), valid);
        Assert.Equal([5, 6, 7], ctc[0]);
        Assert.Equal([8], ctc[1]);
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
