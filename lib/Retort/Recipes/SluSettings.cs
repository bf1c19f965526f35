using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Training;

namespace Retort.Recipes;

/// <summary>
/// The class-incremental experiment on made speech: an encoder that has learned to hear, a decoder, scenarios that arrive
/// task by task, and the arms. The record decides every number; change one with <c>with</c>.
/// </summary>
public sealed record SluSettings
{
    /// <summary>smoke, quick or full.</summary>
    public required string Size { get; init; }

    /// <summary>The made speech.</summary>
    public MadeSpeechSettings Speech { get; init; } = new();

    /// <summary>The largest vocabulary of the byte pair encoding that is trained on the training targets. Published: 1,000.</summary>
    public int Vocabulary { get; init; } = 700;

    /// <summary>The encoder.</summary>
    public LogMelEncoderSettings Encoder { get; init; } = new() { Width = 128, Hidden = 512, Convolutions = true };

    /// <summary>The decoder; its vocabulary is the tokenizer's.</summary>
    public TokenDecoderSettings Decoder { get; init; } = new() { Width = 128, Depth = 2, Heads = 4, Hidden = 512, MaxLength = 200, Dropout = 0, EmbeddingDeviation = 0.09 };

    /// <summary>How the encoder learns to hear.</summary>
    public SluPretraining Pretraining { get; init; } = new();

    /// <summary>How tasks are learned.</summary>
    public SluTraining Training { get; init; } = Made;

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
        Training = Made with { FirstEpochs = 1, LaterEpochs = [1], OfflineEpochs = 1 },
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
        Training = Made with { FirstEpochs = 8, LaterEpochs = [3], OfflineEpochs = 6 },
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
    public static SluTraining Made => new()
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
}
