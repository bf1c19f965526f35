using Retort.Audio;
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
public static class CtcPretraining
{
    private const int EvaluationBatch = 50;

    /// <summary>Trains an encoder, or reads it from the folder where it was trained before. All seeds and arms start from it.</summary>
    /// <param name="speech">the corpus without commands</param>
    /// <param name="encoderSettings">the encoder</param>
    /// <param name="how">how long and how fast</param>
    /// <param name="folder">where the run is kept and resumed; null for a folder of the cache</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <returns>the encoder's weights, and the run; "PER" is the phoneme error rate on what was held out. The encoder's output is standardised afterwards</returns>
    public static PretrainedEncoder Run(SyntheticSpeechSettings speech, LogMelEncoderSettings encoderSettings, PretrainingSettings? how = null, string? folder = null,
        RunProgress? progress = null, CancellationToken cancel = default)
    {
        how ??= new PretrainingSettings();
        folder ??= Experiment.Folder("slu-encoder", speech, encoderSettings, how);
        // Sums depend on the number of cores that share them.
        using var one = Torch.Threads.RunWith(1);
        using var blas = Torch.Threads.OneBlasThread();
        var corpus = GenericSpeech.Of(speech);
        var sounds = WordTokenizer.Train(Enumerable.Range(0, corpus.Count).Select(corpus.PhonemesOf));
        var generator = new Generator((ulong)how.Seed);
        using var model = new SpokenLanguageModel(  // the decoder has nothing to do here
            new LogMelEncoder(encoderSettings, how.Seed, generator), new TokenDecoder(new() { Width = encoderSettings.Width, Heads = 1, Hidden = 1, Depth = 1, Vocabulary = sounds.Count, MaxLength = 1 }, how.Seed, generator), sounds.Count, how.Seed);
        var part = new SpeechDataset(new Words(corpus), sounds, model.Encoder, text: r => r.Sentence);
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
                var (features, frames) = part.Features(context.Batch, how.Masks, id => Randomness.RandomStream.Of(how.Seed, "masks", id, epoch));
                return Loss(model, part, context.Batch, model.Encoder.FromFeatures(features, frames), frames);
            },
            Evaluate = () => new Dictionary<string, double> { ["PER"] = PhonemeErrors(model, part, test) },
            Generators = [generator],
            Settings = new { Encoder = encoderSettings, Pretraining = how, Data = corpus.Hash },
        }, new TrainSettings
        {
            Seed = how.Seed,
            Steps = how.Steps,
            Adam = how.Adam,
            ClipNorm = how.ClipNorm,
            Mixed = how.Mixed,
            EvaluateEvery = Math.Max(how.Steps / 8, 1),
            BestBy = "PER",
            LowerIsBetter = true,
            KeepBest = 1,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(how.Steps / 40, 1),
        }, folder, progress, cancel);
        var weights = Path.Combine(folder, "encoder.safetensors");
        if (!File.Exists(weights))
        {
            Standardise(model, part, test);
            using var scope = NewDisposeScope();
            Torch.SafeTensors.Save(weights, model.Encoder.state_dict().Select(p => (p.Key, p.Value)));
        }
        return new PretrainedEncoder(weights, result);
    }

    /// <summary>
    /// Folds a standardisation into the encoder's last norm: over the frames of some utterances each dimension gets mean 0 and
    /// deviation 1. After CTC most frames are near one vector, that of the blank, and what differs between sounds is small
    /// beside it; a fresh decoder then long ignores the sound.
    /// </summary>
    private static void Standardise(SpokenLanguageModel model, SpeechDataset part, int[] rows)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        model.eval();
        var frames = new List<Tensor>();
        foreach (var batch in rows.Chunk(EvaluationBatch))
        {
            var (features, lengths) = part.Features(batch);
            var encoded = model.Encoder.FromFeatures(features, lengths);
            frames.AddRange(lengths.Select((n, b) => encoded.select(0, b).narrow(0, 0, n)));
        }
        var all = cat(frames);  // (frames, D)
        var (mean, deviation) = (all.mean([0]), all.std(0) + 1e-5);
        var norm = ((LogMelEncoder)model.Encoder).LastNorm;
        norm.weight!.div_(deviation);
        norm.bias!.sub_(mean).div_(deviation);
    }

    private static Tensor Loss(SpokenLanguageModel model, SpeechDataset part, int[] batch, Tensor encoded, long[] frames)
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
        return model.CtcLoss(encoded, frames, tensor(targets, [batch.Length, longest]), [.. batch.Select(i => (long)part.Tokens[i].Length)], part.Tokenizer.PaddingId);
    }

    private static double PhonemeErrors(SpokenLanguageModel model, SpeechDataset part, int[] rows)
    {
        var said = new List<string>();
        foreach (var batch in rows.Chunk(EvaluationBatch))
        {
            using var scope = NewDisposeScope();
            var (features, frames) = part.Features(batch);
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

/// <summary>An encoder that has been pre-trained.</summary>
/// <param name="File">its weights, a safetensors file</param>
/// <param name="Result">how the training went; its curve "PER" is the phoneme error rate on held-out words</param>
public sealed record PretrainedEncoder(string File, TrainResult Result)
{
    /// <summary>Puts the weights into an encoder of the same settings.</summary>
    /// <exception cref="BadInputException">They do not fit.</exception>
    public void CopyTo(AudioEncoder encoder)
    {
        using var scope = NewDisposeScope();
        Torch.Weights.Load(encoder, Torch.SafeTensors.Load(File), strict: true, File);
    }
}

/// <summary>
/// The small encoder's pre-training before the first task: CTC on the phonemes of a corpus without task sentences. It
/// stands in for the published wav2vec 2.0 weights, whose last training was CTC, too (on letters, which take far more speech).
/// </summary>
public sealed record PretrainingSettings
{
    /// <summary>Steps of the optimizer.</summary>
    public long Steps { get; init; } = 1200;

    /// <summary>Utterances in a batch.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Share of the steps over which the rate rises.</summary>
    public double WarmUpShare { get; init; } = 0.1;

    /// <summary>The share of the rate that is left at the end.</summary>
    public double Floor { get; init; } = 0.02;

    /// <summary>AdamW's constants.</summary>
    public AdamSettings Adam { get; init; } = new() { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true };

    /// <summary>The gradients' norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 2;

    /// <summary>Mixed precision: bfloat16 products, float32 weights.</summary>
    public bool Mixed { get; init; } = Torch.Autocast.CpuHasBFloat16;

    /// <summary>Share of the corpus that is kept to measure the phoneme error rate.</summary>
    public double HeldOut { get; init; } = 0.05;

    /// <summary>Masks on the features.</summary>
    public FrameMasks? Masks { get; init; } = new();

    /// <summary>The seed of the encoder's start and of the order; all runs share the encoder.</summary>
    public long Seed { get; init; } = 42;
}
