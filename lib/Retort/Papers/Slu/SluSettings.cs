using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>
/// The class-incremental experiment on made speech: an encoder that has learned to hear, a decoder, scenarios that arrive
/// task by task, and the arms. The record decides every number; change one with <c>with</c>.
/// </summary>
public sealed record SluSettings
{
    /// <summary>smoke, quick or full.</summary>
    public required string Size { get; init; }

    /// <summary>The made speech.</summary>
    public SyntheticSpeechSettings Speech { get; init; } = new();

    /// <summary>The largest vocabulary of the byte pair encoding that is trained on the training targets. Published: 1,000.</summary>
    public int Vocabulary { get; init; } = 700;

    /// <summary>The encoder.</summary>
    public LogMelEncoderSettings Encoder { get; init; } = new() { Width = 128, Hidden = 512, Convolutions = true };

    /// <summary>The decoder; its vocabulary is the tokenizer's.</summary>
    public TokenDecoderSettings Decoder { get; init; } = new() { Width = 128, Depth = 2, Heads = 4, Hidden = 512, MaxLength = 200, Dropout = 0, EmbeddingDeviation = 0.09 };

    /// <summary>How the encoder learns to hear.</summary>
    public SluPretraining Pretraining { get; init; } = new();

    /// <summary>How tasks are learned.</summary>
    public SluTraining Training { get; init; } = Synthetic;

    /// <summary>The small memory, as a share of the training data.</summary>
    public double SmallMemory { get; init; } = 0.01;

    /// <summary>The large memory, as a share of the training data.</summary>
    public double LargeMemory { get; init; } = 0.05;

    /// <summary>How the old model decodes pseudo-targets.</summary>
    public DecodingSettings Teacher { get; init; } = new() { Beams = 5, MaxLength = 80 };

    /// <summary>How models are tested. Published: 20 beams.</summary>
    public DecodingSettings Test { get; init; } = new() { Beams = 5, MaxLength = 80 };

    /// <summary>Token probabilities that the teacher store keeps of each place.</summary>
    public int TopK { get; init; } = 20;

    /// <summary>The splits.</summary>
    public IReadOnlyList<SluSplit> Splits { get; init; } = [new(3), new(6)];

    /// <summary>The arms that learn task by task.</summary>
    public IReadOnlyList<SluArm> Arms { get; init; } = SluArms.All;

    /// <summary>The arms of a split.</summary>
    public IReadOnlyList<SluArm> ArmsOf(SluSplit split) => [.. Arms.Where(a => a.Tasks == 0 || a.Tasks == split.Tasks)];

    /// <summary>The seeds: the decoder's start, order, dropout, random memories.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2];

    /// <summary>Seconds: shows that everything runs, decides nothing.</summary>
    [JsonIgnore]
    public static SluSettings Smoke { get; } = new()
    {
        Size = "smoke",
        Speech = new() { TrainUtterances = 108, ValidationUtterances = 36, TestUtterances = 36, GenericUtterances = 32 },
        Vocabulary = 200,
        Encoder = new() { Width = 32, Hidden = 64, Depth = 1, Convolutions = true },
        Decoder = new() { Width = 32, Depth = 1, Heads = 4, Hidden = 64, MaxLength = 200 },
        Pretraining = new() { Steps = 4 },
        Training = Synthetic with { FirstEpochs = 1, LaterEpochs = [1], OfflineEpochs = 1 },
        SmallMemory = 0.2,
        LargeMemory = 0.4,
        Teacher = new() { Beams = 2, MaxLength = 12 },
        Test = new() { Beams = 2, MaxLength = 12 },
        Splits = [new(3)],
        Arms = SluArms.Few,
        Seeds = [1],
    };

    /// <summary>Minutes on two cores: one seed of a few arms.</summary>
    [JsonIgnore]
    public static SluSettings Quick { get; } = new()
    {
        Size = "quick",
        Pretraining = new() { Steps = 800 },
        Training = Synthetic with { FirstEpochs = 8, LaterEpochs = [3], OfflineEpochs = 6 },
        Splits = [new(3)],
        Arms = SluArms.Few,
        Seeds = [1],
    };

    /// <summary>Every arm, both splits, three seeds.</summary>
    [JsonIgnore]
    public static SluSettings Full { get; } = new() { Size = "full" };

    /// <summary>The settings of a size's name.</summary>
    /// <exception cref="BadInputException">The name is not one of smoke, quick and full.</exception>
    public static SluSettings Of(string size) => size switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => throw new BadInputException("size", "paper", "the paper's size needs SLURP and wav2vec 2.0: see SluPaper"),
        _ => throw new BadInputException("size", size, "expected smoke, quick, full or paper (RETORT_SIZE)"),
    };

    /// <summary>A short training of a small model from an encoder that hears.</summary>
    [JsonIgnore]
    public static SluTraining Synthetic => new()
    {
        FirstEpochs = 15,
        LaterEpochs = [5],
        OfflineEpochs = 12,
        Batch = 16,
        LearningRate = 2e-3,
        LaterLearningRate = 1.5e-3,
        EncoderRate = 0.3,
        Mixed = Torch.Autocast.CpuHasBFloat16,
        WarmUp = 150,
        Floor = 0.05,
        Adam = new AdamSettings { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true },
        ClipNorm = 2,
        Masks = new(),
    };

    /// <summary>What a reader wants to know of them first (<see cref="Retort.Training.RunFacts"/>).</summary>
    public (string Fact, object Value)[] Facts() =>
    [
        ("splits x arms x seeds", $"{Splits.Count} x {Arms.Count} x {Seeds.Count} ({string.Join("; ", Splits.Select(s => s.Name))}; seeds {string.Join(", ", Seeds)})"),
        ("utterances", $"training {Speech.TrainUtterances}, validation {Speech.ValidationUtterances}, test {Speech.TestUtterances}; encoder {Speech.GenericUtterances}"),
        ("noise and room", FormattableString.Invariant($"{Speech.Snr.Lowest} to {Speech.Snr.Highest} dB SNR, {Speech.Reflections} reflections")),
        ("encoder", $"width {Encoder.Width}, {Encoder.Depth} layers; {Pretraining.Steps} steps of CTC"),
        ("decoder", $"width {Decoder.Width}, {Decoder.Depth} layers; at most {Vocabulary} tokens"),
        ("epochs", FormattableString.Invariant($"first task {Training.FirstEpochs}, later {string.Join(", ", Training.LaterEpochs)}, offline {Training.OfflineEpochs}; batches of {Training.Batch}, rate {Training.LearningRate}, later {Training.LaterLearningRate}")),
        ("memory", FormattableString.Invariant($"{100 * SmallMemory:G3} % and {100 * LargeMemory:G3} % of the training utterances")),
        ("beams", $"{Teacher.Beams} for pseudo-targets, {Test.Beams} for the test"),
    ];
}
