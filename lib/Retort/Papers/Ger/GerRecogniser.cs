// The recogniser that makes N-best lists of noisy speech.

using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Randomness;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>The recogniser: training, and lists with encoder output.</summary>
internal sealed class GerRecogniser : IDisposable
{
    private const int EvaluationBatch = 32;
    private readonly GerDataSettings settings;
    private readonly CtcRecogniser model;
    private readonly WordTokenizer words;

    private GerRecogniser(GerDataSettings settings, CtcRecogniser model, WordTokenizer words) => (this.settings, this.model, this.words) = (settings, model, words);

    /// <summary>Trains the recogniser on clean and mildly noisy speech.</summary>
    /// <param name="settings">encoder and training</param>
    /// <param name="speech">the part that it learns from</param>
    /// <param name="words">the words that it may write; number 0 is the blank</param>
    /// <param name="progress">where it says how far it is</param>
    public static GerRecogniser Train(GerDataSettings settings, NoisySpeech speech, WordTokenizer words, RunProgress progress)
    {
        var generator = new Generator((ulong)settings.Seed);
        var encoder = new LogMelEncoder(settings.Encoder, settings.Seed, generator);
        var lexicon = Phonemes.Of([.. words.Tokens.Where(t => t.All(char.IsAsciiLetterLower))]);
        var phonemes = lexicon.Values.SelectMany(p => p).Distinct().Order(StringComparer.Ordinal).ToArray();
        var numbers = phonemes.Select((p, i) => (p, i)).ToDictionary(x => x.p, x => x.i + 1);
        var model = new CtcRecogniser(encoder, words.Count, phonemes.Length + 1, settings.Seed);
        var targets = speech.Sentences.Select(words.Encode).ToArray();
        var sounds = speech.Sentences.Select(s => s.Split(' ').SelectMany(w => lexicon[w].Select(p => numbers[p])).ToArray()).ToArray();
        var features = new Tensor[targets.Length];
        Parallel.For(0, features.Length, i => features[i] = Features(encoder, speech.Noisy(i)));
        try
        {
            var batches = new LengthBatches([.. features.Select(f => f.shape[0])], settings.RecogniserBatch, settings.Seed);
            var warm = settings.RecogniserSteps / 10;
            TrainLoop.Run(new TrainTask
            {
                Model = model,
                Order = step => batches.Batch(step).Samples,
                Rate = Schedule.WarmUp(warm, settings.RecogniserRate, Schedule.Cosine(settings.RecogniserRate, Math.Max(settings.RecogniserSteps - warm, 1), 0.02)),
                Step = context =>
                {
                    var (x, frames) = Padded([.. context.Batch.Select(i => Masked(settings, features[i], i, context.Step))]);
                    return model.Loss(model.call(x, frames), frames, [.. context.Batch.Select(i => targets[i])], [.. context.Batch.Select(i => sounds[i])]);
                },
                Generators = [generator],
                Settings = settings,
            }, new TrainSettings
            {
                Seed = settings.Seed,
                Steps = settings.RecogniserSteps,
                Adam = new AdamSettings { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true },
                ClipNorm = 2,
                Mixed = settings.RecogniserMixed,
                Patience = 0,
                Final = FinalWeights.Last,
                LogEvery = Math.Max(settings.RecogniserSteps / 30, 1),
            }, null, progress);
            model.eval();
            return new GerRecogniser(settings, model, words);
        }
        finally
        {
            foreach (var f in features)
            {
                f.Dispose();
            }
        }
    }

    /// <summary>Lists of a part, with the pooled encoder output of noisy and clean recordings.</summary>
    /// <param name="name">the part's name, for the random copies of short lists</param>
    /// <param name="speech">the part</param>
    public IReadOnlyList<GerItem> Lists(string name, NoisySpeech speech)
    {
        // Utterances of like length beside one another, so that little is padding; batches on all cores.
        var batches = Enumerable.Range(0, speech.Sentences.Count).OrderBy(speech.Length).Chunk(EvaluationBatch).ToArray();
        var items = new GerItem[speech.Sentences.Count];
        using var blas = Threads.OneBlasThread();
        AllCores.For(batches.Length, n =>
        {
            var batch = batches[n];
            using var alone = Threads.RunWith(1);
            using var none = no_grad();
            using var scope = NewDisposeScope();
            var (noisy, frames, logs) = Encode([.. batch.Select(speech.Noisy)]);
            var (clean, cleanFrames, _) = Encode([.. batch.Select(speech.Clean)]);
            for (var b = 0; b < batch.Length; b++)
            {
                var id = $"{name}-{batch[b]}";
                var draw = RandomStream.Of(settings.Seed, "fill", id);
                var row = logs[b].narrow(0, 0, frames[b]).contiguous().data<float>().ToArray();
                var found = PrefixBeamSearch.Decode(row, words.Count, (int)frames[b], settings.Beams, perFrame: 2 * settings.Beams);
                var (texts, scores) = NBestList.Fill(found.Select(h => (Text(h.Tokens), h.LogProbability / (h.Tokens.Count + 1))), settings.Hypotheses, draw, () => Sample(row, draw));
                var (kind, ratio) = speech.Condition(batch[b]);
                float[] Mean(Tensor encoded, long count) => encoded.narrow(0, 0, count).mean([0L]).data<float>().ToArray();
                var pooled = nn.functional.adaptive_avg_pool1d(noisy[b].narrow(0, 0, frames[b]).t().unsqueeze(0), settings.Segments).squeeze(0).t().contiguous();
                items[batch[b]] = new GerItem(
                    new NBestList(id, texts, speech.Sentences[batch[b]]) { Scores = scores, NoisyAudio = Mean(noisy[b], frames[b]), CleanAudio = Mean(clean[b], cleanFrames[b]) },
                    kind, ratio, pooled.data<float>().ToArray());
            }
        });
        return items;
    }

    private (Tensor Encoded, long[] Frames, Tensor Logs) Encode(IReadOnlyList<float[]> waves)
    {
        var features = new Tensor[waves.Count];
        for (var i = 0; i < features.Length; i++)
        {
            features[i] = Features(model.Encoder, waves[i]);
        }
        var (x, frames) = Padded(features);
        foreach (var f in features)
        {
            f.Dispose();
        }
        var encoded = model.call(x, frames);
        return (encoded, frames, model.Words(encoded));
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    // Features (T, F) of one recording alone.
    private static Tensor Features(AudioEncoder encoder, float[] wave)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        return encoder.Features(tensor(wave).unsqueeze(0), null).squeeze(0).DetachFromDisposeScope();
    }

    private static Tensor Masked(GerDataSettings settings, Tensor features, int utterance, long step)
    {
        if (settings.RecogniserMasks is not { } masks)
        {
            return features;
        }
        var values = features.data<float>().ToArray();
        masks.Apply(values, (int)features.shape[0], (int)features.shape[1], settings.Encoder.Mel.Mels, RandomStream.Of(settings.Seed, "masks", $"{utterance}", step));
        return tensor(values, features.shape);
    }

    private static (Tensor Features, long[] Frames) Padded(IReadOnlyList<Tensor> features)
    {
        var longest = features.Max(f => f.shape[0]);
        return (stack([.. features.Select(f => nn.functional.pad(f, (0, 0, 0, longest - f.shape[0])))]), [.. features.Select(f => f.shape[0])]);
    }

    // A recogniser that has hardly learned may write a heading of the prompt, too: it is no word.
    private string Text(IEnumerable<int> tokens) => words.Decode([.. tokens.Where(t => !GerData.Headings.Contains(words.Tokens[t])).Take(settings.MostWords)]);

    // A path at temperature 1.2, as the published script samples where a list is too short.
    private (string Text, double Score) Sample(float[] logs, RandomStream draw)
    {
        var path = PrefixBeamSearch.Sample(logs, words.Count, draw, temperature: 1.2);
        return (Text(path.Tokens), path.LogProbability / (path.Tokens.Count + 1));
    }
}
