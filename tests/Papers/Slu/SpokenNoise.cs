using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Papers.Slu;
using Retort.Randomness;
using Retort.Text;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Slu;

/// <summary>Short noises with commands of four scenarios, and a tiny set-up of them: what the class-incremental loop is tested on.</summary>
internal sealed class SpokenNoise(int each, string name) : SpokenData
{
    private static readonly string[] scenarios = ["alarm", "music", "news", "play"];

    public override IReadOnlyList<SlurpRecording> Recordings { get; } = [.. scenarios.SelectMany(s => Enumerable.Range(0, each).Select(i =>
        new SlurpRecording($"{name}-{s}-{i}.wav", $"say {s} {i} now", new Meaning(s, $"action{i % 2}", i % 3 == 0 ? [new Entity("time", "now")] : []), true)))];

    public override string Hash => $"noise {name} {each}";

    public override float[] Samples(int i)
    {
        // Lengths without order: batches of like length mix scenarios.
        var stream = RandomStream.Of(i, "noise", name);
        return [.. Enumerable.Range(0, 4000 + 100 * (7 * i % 24)).Select(_ => stream.NextSingle() - 0.5f)];
    }

    /// <summary>Two tasks of two scenarios; a second or two for each run.</summary>
    public static SluSetup Setup(SluTraining? training = null)
    {
        var train = new SpokenNoise(6, "train");
        var tokenizer = BpeTokenizer.Train(train.Recordings.Select(r => r.Target()), new BpeSettings { VocabularySize = 80, MinimumCount = 1 });
        LogMelEncoderSettings encoder = new() { Width = 16, Hidden = 16, Depth = 1, Heads = 1, Convolutions = true };
        var features = new LogMelEncoder(encoder);
        SpeechDataset Of(SpokenData data) => new(data, tokenizer, features);
        return new SluSetup
        {
            Train = Of(train),
            Validation = Of(new SpokenNoise(2, "validation")),
            Test = Of(new SpokenNoise(2, "test")),
            Model = seed =>
            {
                var dropout = new Generator((ulong)seed);
                var decoder = new TokenDecoder(new() { Vocabulary = tokenizer.Count, Width = 16, Depth = 1, Heads = 1, Hidden = 16, MaxLength = 100, Dropout = 0 }, seed, dropout);
                return new SpokenLanguageModel(new LogMelEncoder(encoder, seed, dropout) { FrozenNorms = true }, decoder, 0, seed);
            },
            Training = training ?? new() { FirstEpochs = 1, LaterEpochs = [2], OfflineEpochs = 1, Batch = 4, LearningRate = 1e-3, LaterLearningRate = 1e-3, Masks = new() },
            Teacher = new() { Beams = 2, MaxLength = 10 },
            Decoding = new() { Beams = 2, MaxLength = 10 },
        };
    }

    public static ArmContext Context(string folder, long seed = 1, CancellationToken cancel = default) => new("arm", seed, folder, Progress.None().Run("arm"), cancel);
}
