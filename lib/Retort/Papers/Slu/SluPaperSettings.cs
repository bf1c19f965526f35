using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;

namespace Retort.Papers.Slu;

/// <summary>
/// Class-incremental learning on SLURP with wav2vec 2.0 (Cappellazzo et al., Interspeech 2023). The defaults are published where
/// they are known; what is not is named at each: it is of the authors' released offline code, of their other papers, or ours.
/// </summary>
public sealed record SluPaperSettings
{
    /// <summary>The largest vocabulary of the byte pair encoding that is trained on the training targets of all tasks.</summary>
    public int Vocabulary { get; init; } = 1000;

    /// <summary>The encoder. Its convolutions must be frozen. Hugging Face's masking of features in training is not there.</summary>
    public Wav2Vec2Settings Encoder { get; init; } = new() { NormaliseWaves = true };

    /// <summary>The decoder; its vocabulary is the tokenizer's. (A hidden width of 3072 is the code's; the paper may say 2048.)</summary>
    public TokenDecoderSettings Decoder { get; init; } = new();

    /// <summary>How tasks are learned. Epochs are not published; batches and rate are those of the released offline code.</summary>
    public SluTraining Training { get; init; } = new();

    /// <summary>How several entities are written into a target. Whether the published numbers have the released code's defect is not known.</summary>
    public TargetEntities Entities { get; init; } = TargetEntities.All;

    /// <summary>Padding is seen nowhere; false as in the released code.</summary>
    public bool LengthMasks { get; init; } = true;

    /// <summary>The small memory, as a share of the training data: 66 recordings a scenario.</summary>
    public double SmallMemory { get; init; } = 0.01;

    /// <summary>The large memory, as a share of the training data.</summary>
    public double LargeMemory { get; init; } = 0.05;

    /// <summary>Each scenario has the same share of the memory for ever, as in the authors' code; false shares it among the scenarios seen so far.</summary>
    public bool FixedQuota { get; init; } = true;

    /// <summary>
    /// Shares the memory among intents, so that rare ones keep a place, and not among scenarios, as the authors' code does by default.
    /// </summary>
    public bool QuotaByIntent { get; init; }

    /// <summary>How the old model decodes pseudo-targets. The number of beams is not published; 5 is the default of the released function.</summary>
    public DecodingSettings Teacher { get; init; } = new() { Beams = 5 };

    /// <summary>How models are tested.</summary>
    public DecodingSettings Test { get; init; } = new() { Beams = 20 };

    /// <summary>Token probabilities that the teacher store keeps of each place; all of the published vocabulary.</summary>
    public int TopK { get; init; } = 1000;

    /// <summary>The splits: SLURP-3 and SLURP-6. The order of the scenarios is not published; by size fits the numbers best.</summary>
    public IReadOnlyList<SluSplit> Splits { get; init; } = [new(3), new(6)];

    /// <summary>The scenarios in an order of arrival of one's own; null for the order that each split names.</summary>
    public IReadOnlyList<string>? Order { get; init; }

    /// <summary>The arms that learn task by task.</summary>
    public IReadOnlyList<SluArm> Arms { get; init; } = SluArms.All;

    /// <summary>The seeds. How many were run is not published.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>Whether the validation recordings of all tasks seen are decoded after each epoch, as far as the intent. Decides no weights.</summary>
    public bool Watch { get; init; } = true;

    /// <summary>What is done with the features of the frozen convolutions.</summary>
    public SluFeatures Features { get; init; }

    /// <summary>
    /// The released code's ways: no length masks, padded targets that count, lengths weighed step by step, the published defect of
    /// the targets, and scenarios in alphabetical order. For comparison only.
    /// </summary>
    [JsonIgnore]
    public static SluPaperSettings AsReleased { get; } = new()
    {
        LengthMasks = false,
        Encoder = new() { NormaliseWaves = true, NormOverPadding = true },
        Training = new() { CountPadding = true },
        Teacher = new() { Beams = 5, LengthRule = LengthRule.StepWise },
        Test = new() { Beams = 20, LengthRule = LengthRule.StepWise },
        Entities = TargetEntities.PublishedDefect,
        Splits = [new(3, SluOrder.Alphabetical), new(6, SluOrder.Alphabetical)],
    };
}
