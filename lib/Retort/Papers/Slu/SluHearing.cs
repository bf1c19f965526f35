using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Metrics;
using Retort.Models;
using Retort.Text;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>The encoder's pre-training: CTC on the phonemes of a corpus without task sentences.</summary>
public static class SluHearing
{
    private const int EvaluationBatch = 50;

    /// <summary>Trains an encoder, or reads it from the folder where it was trained before.</summary>
    /// <param name="settings">corpus, encoder and training</param>
    /// <param name="folder">where the run is kept and resumed; null to keep nothing</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <returns>the model with its CTC head (its decoder is not trained), and the run; "PER" is the phoneme error rate on what was held out. The encoder's output is standardised afterwards, so that the CTC head no longer fits it</returns>
    public static (SpokenLanguageModel Model, TrainResult Result) Train(SluSettings settings, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var how = settings.Pretraining;
        var corpus = GenericSpeech.Of(settings.Speech);
        var sounds = WordTokenizer.Train(Enumerable.Range(0, corpus.Count).Select(corpus.PhonemesOf));
        var generator = new Generator((ulong)how.Seed);
        var model = new SpokenLanguageModel(  // the decoder has nothing to do here
            new LogMelEncoder(settings.Encoder, how.Seed, generator), new TokenDecoder(settings.Decoder with { Vocabulary = sounds.Count }, how.Seed, generator), sounds.Count, how.Seed);
        var part = new SluPart(new Words(corpus), sounds, model.Encoder, text: r => r.Sentence);
        var held = Math.Max((int)(how.HeldOut * part.Count), 1);
        var (test, train) = (Enumerable.Range(0, held).ToArray(), Enumerable.Range(held, part.Count - held).ToArray());
        var batches = new LengthBatches([.. train.Select(i => part.Lengths[i])], how.Batch, how.Seed);
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => [.. batches.Batch(step).Samples.Select(i => train[i])],
            Rate = Schedule.WarmUp((long)(how.WarmUpShare * how.Steps), how.LearningRate, Schedule.Cosine(how.LearningRate, Math.Max(how.Steps - (long)(how.WarmUpShare * how.Steps), 1), how.Floor)),
            Step = context =>
            {
                var epoch = batches.Batch(context.Step).Epoch;
                var (features, frames) = part.Sound(context.Batch, how.Masks, id => Randomness.RandomStream.Of(how.Seed, "masks", id, epoch));
                return Loss(model, part, context.Batch, model.Encoder.FromFeatures(features, frames), frames);
            },
            Evaluate = () => new Dictionary<string, double> { ["PER"] = PhonemeErrors(model, part, test) },
            Generators = [generator],
            Settings = new { settings.Encoder, Pretraining = how, Data = corpus.Hash },
        }, new TrainSettings
        {
            Seed = how.Seed,
            Steps = how.Steps,
            Adam = how.Adam,
            ClipNorm = how.ClipNorm,
            EvaluateEvery = Math.Max(how.Steps / 8, 1),
            BestBy = "PER",
            LowerIsBetter = true,
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(how.Steps / 40, 1),
        }, folder, progress, cancel);
        Standardise(model, part, test);
        return (model, result);
    }

    /// <summary>
    /// Folds a standardisation into the encoder's last norm: over the frames of some utterances each dimension gets mean 0 and
    /// deviation 1. After CTC most frames are near one vector, that of the blank, and what differs between sounds is small
    /// beside it; a fresh decoder then long ignores the sound.
    /// </summary>
    private static void Standardise(SpokenLanguageModel model, SluPart part, int[] rows)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        model.eval();
        var frames = new List<Tensor>();
        foreach (var batch in rows.Chunk(EvaluationBatch))
        {
            var (features, lengths) = part.Sound(batch);
            var encoded = model.Encoder.FromFeatures(features, lengths);
            frames.AddRange(lengths.Select((n, b) => encoded.select(0, b).narrow(0, 0, n)));
        }
        var all = cat(frames);  // (frames, D)
        var (mean, deviation) = (all.mean([0]), all.std(0) + 1e-5);
        var norm = ((LogMelEncoder)model.Encoder).LastNorm;
        norm.weight!.div_(deviation);
        norm.bias!.sub_(mean).div_(deviation);
    }

    private static Tensor Loss(SpokenLanguageModel model, SluPart part, int[] batch, Tensor memory, long[] frames)
    {
        var longest = batch.Max(i => part.Tokens[i].Length);
        var targets = new long[batch.Length * longest];
        for (var b = 0; b < batch.Length; b++)
        {
            for (var i = 0; i < part.Tokens[batch[b]].Length; i++)
            {
                targets[b * longest + i] = part.Tokens[batch[b]][i];
            }
        }
        return model.CtcLoss(memory, frames, tensor(targets, [batch.Length, longest]), [.. batch.Select(i => (long)part.Tokens[i].Length)], part.Tokenizer.PaddingId);
    }

    private static double PhonemeErrors(SpokenLanguageModel model, SluPart part, int[] rows)
    {
        var said = new List<string>();
        foreach (var batch in rows.Chunk(EvaluationBatch))
        {
            using var scope = NewDisposeScope();
            var (features, frames) = part.Sound(batch);
            var logs = model.CtcLogProbabilities(model.Encoder.FromFeatures(features, frames));
            said.AddRange(CtcDecoding.Greedy(logs, frames, part.Tokenizer.PaddingId).Select(ids => part.Tokenizer.Decode([.. ids])));
        }
        return ErrorRate.Words([.. rows.Select(i => part.Texts[i])], said).Rate;
    }

    /// <summary>The corpus as recordings without a meaning.</summary>
    private sealed class Words(GenericSpeech corpus) : SpokenData
    {
        public override IReadOnlyList<SlurpRecording> Recordings { get; } =
            [.. Enumerable.Range(0, corpus.Count).Select(i => new SlurpRecording($"generic-{i:000000}.wav", corpus.PhonemesOf(i), new Meaning("", "", []), true))];

        public override string Hash => corpus.Hash;

        public override float[] Samples(int i) => corpus.Samples(i);
    }
}
