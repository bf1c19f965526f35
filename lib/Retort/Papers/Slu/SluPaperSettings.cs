using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Models;
using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>
/// Class-incremental learning on SLURP with wav2vec 2.0 (Cappellazzo et al., Interspeech 2023). The defaults are published where
/// they are known; what is not is named at each: it is of the authors' released offline code, of their other papers, or ours. The released
/// code itself has no length masks, norms over the padding, padded targets that count, lengths weighed step by step
/// (<see cref="LengthRule.StepWise"/>), a defect in its targets and alphabetical scenarios: each is a switch.
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

    /// <summary>How the old model decodes pseudo-targets. The number of beams is not published; 5 is the default of the released function.</summary>
    public DecodingSettings Teacher { get; init; } = new() { Beams = 5 };

    /// <summary>How models are tested.</summary>
    public DecodingSettings Test { get; init; } = new() { Beams = 20 };

    /// <summary>The scenarios in an order of arrival of one's own; null for the order that each arm's split names.</summary>
    public IReadOnlyList<string>? Order { get; init; }

    /// <summary>What is done with the features of the frozen convolutions. Does not change results.</summary>
    [JsonIgnore]
    public SluFeatures Features { get; init; }
}

/// <summary>What is done with features that need no trained weights, such as those of wav2vec 2.0's frozen convolutions.</summary>
public enum SluFeatures
{
    /// <summary>Made anew for each batch.</summary>
    Anew,

    /// <summary>Made once and kept in memory.</summary>
    Memory,

    /// <summary>Made once and kept in a file of the experiment's folder, 2 KB a frame of 20 ms: 33 GB for all of SLURP's training recordings.</summary>
    Disk,
}
