using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Text;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>
/// The class-incremental experiment on synthetic speech: the world, the models and how they are trained. The defaults are of a world with all
/// intents, noise and rooms; the notebook's is smaller. Rates, steps and the encoder's share of the rate were chosen by fine-tuning and offline
/// training alone, on validation utterances: see <see cref="Rule"/>.
/// </summary>
public sealed record SluSettings
{
    /// <summary>
    /// The rule by which a regime is accepted, blind to distillation: right after learning a later task, fine-tuning is right
    /// about that task's validation utterances at least 0.9 times as often as offline training.
    /// </summary>
    public const double Rule = 0.9;

    /// <summary>The synthetic speech.</summary>
    public SyntheticSpeechSettings Speech { get; init; } = new();

    /// <summary>The largest vocabulary of the byte pair encoding that is trained on the training targets. Published: 1,000.</summary>
    public int Vocabulary { get; init; } = 700;

    /// <summary>The encoder.</summary>
    public LogMelEncoderSettings Encoder { get; init; } = new() { Width = 128, Hidden = 512, Convolutions = true };

    /// <summary>The decoder; its vocabulary is the tokenizer's.</summary>
    public TokenDecoderSettings Decoder { get; init; } = new() { Width = 128, Depth = 2, Heads = 4, Hidden = 512, MaxLength = 200, Dropout = 0, EmbeddingDeviation = 0.09 };

    /// <summary>The encoder's pre-training.</summary>
    public PretrainingSettings Pretraining { get; init; } = new();

    /// <summary>How tasks are learned.</summary>
    public SluTraining Training { get; init; } = new()
    {
        FirstEpochs = 15,
        LaterEpochs = [1],
        OfflineEpochs = 12,
        LeastSteps = 1000,
        Batch = 16,
        LearningRate = 2e-3,
        LaterLearningRate = 1e-3,
        EncoderRate = 0.3,
        Mixed = Torch.Autocast.CpuHasBFloat16,
        WarmUp = 60,
        Floor = 0.05,
        Adam = new AdamSettings { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true },
        ClipNorm = 2,
        Masks = new(),
    };

    /// <summary>How the old model decodes pseudo-targets.</summary>
    public DecodingSettings Teacher { get; init; } = new() { Beams = 5, MaxLength = 80 };

    /// <summary>How models are tested. Published: 20 beams.</summary>
    public DecodingSettings Test { get; init; } = new() { Beams = 5, MaxLength = 80 };

    /// <summary>The seeds: the decoder's start, order, dropout, random memories. No part of what a result is found by.</summary>
    [JsonIgnore]
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>What a reader wants to know of them first (<see cref="RunFacts"/>).</summary>
    public (string Fact, object Value)[] Facts() =>
    [
        ("seeds", string.Join(", ", Seeds)),
        ("utterances", $"training {Speech.TrainUtterances}, validation {Speech.ValidationUtterances}, test {Speech.TestUtterances}; encoder {Speech.GenericUtterances}"),
        ("noise and room", FormattableString.Invariant($"{Speech.Snr.Lowest} to {Speech.Snr.Highest} dB SNR, {Speech.Reflections} reflections")),
        ("encoder", $"width {Encoder.Width}, {Encoder.Depth} layers; {Pretraining.Steps} steps of CTC"),
        ("decoder", $"width {Decoder.Width}, {Decoder.Depth} layers; at most {Vocabulary} tokens"),
        ("training", FormattableString.Invariant($"first task {Training.FirstEpochs} epochs, offline {Training.OfflineEpochs}, at least {Training.LeastSteps} steps; later tasks {(Training.LaterSteps is { } later ? $"{string.Join(", ", later)} steps" : $"{string.Join(", ", Training.LaterEpochs)} epochs")}; batches of {Training.Batch}, rate {Training.LearningRate}, later {Training.LaterLearningRate}")),
        ("beams", $"{Teacher.Beams} for pseudo-targets, {Test.Beams} for the test"),
    ];
}

/// <summary>The synthetic speech of an experiment: utterances for training, validation and test, and the tokenizer of their target strings.</summary>
/// <param name="Tokenizer">made of the training targets of all tasks, as the published one: the vocabulary is known in advance</param>
/// <param name="Train">what models learn from</param>
/// <param name="Validation">what settings are chosen by</param>
/// <param name="Test">what is reported</param>
public sealed record SluData(Tokenizer Tokenizer, SpeechDataset Train, SpeechDataset Validation, SpeechDataset Test)
{
    /// <summary>Synthesizes the speech, or reads it from the cache, and makes the features.</summary>
    public static SluData Synthetic(SluSettings settings)
    {
        var train = SyntheticSpeech.Of(settings.Speech, Split.Train);
        var tokenizer = BpeTokenizer.Train(train.Recordings.Select(r => r.Target()), new BpeSettings { VocabularySize = settings.Vocabulary });
        var encoder = new LogMelEncoder(settings.Encoder);
        SpeechDataset Of(SpokenData data) => new(data, tokenizer, encoder);
        return new SluData(tokenizer, Of(train), Of(SyntheticSpeech.Of(settings.Speech, Split.Validation)), Of(SyntheticSpeech.Of(settings.Speech, Split.Test)));
    }

    /// <summary>The set-up of an experiment with them.</summary>
    /// <param name="settings">training and decoding</param>
    /// <param name="model">a fresh model for a seed</param>
    public SluSetup Setup(SluSettings settings, Func<long, SpokenLanguageModel> model) => new()
    {
        Train = Train,
        Validation = Validation,
        Test = Test,
        Model = model,
        Training = settings.Training,
        Teacher = settings.Teacher,
        Decoding = settings.Test,
    };
}
