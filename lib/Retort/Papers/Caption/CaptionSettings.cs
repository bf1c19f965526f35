using Retort.Audio;
using Retort.Data;
using Retort.Decoding;
using Retort.Models;

namespace Retort.Papers.Caption;

/// <summary>How a captioner is trained. The defaults are those of the released code's example configurations.</summary>
public sealed record CaptionTraining
{
    /// <summary>Steps of the optimizer. Released: 25 epochs.</summary>
    public required long Steps { get; init; }

    /// <summary>Clips that a step hears, those without captions included.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The highest learning rate, after the first fifth of the steps; it falls to a thousandth of it.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Adam's weight decay (L2).</summary>
    public double WeightDecay { get; init; } = 1e-6;

    /// <summary>The gradients' norm is cut to this.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>
    /// Scheduled sampling: the share of places at which the decoder is given the caption's words falls linearly from 1 to this
    /// (<see cref="CaptionTokens.Forced"/>). 1: teacher forcing; the released example configurations end at 0.7.
    /// </summary>
    public double TeacherForcing { get; init; } = 1;

    /// <summary>Stripes on the spectrograms in training; null for none, as in the released example configurations.</summary>
    public SpecAugment? SpecAugment { get; init; }

    /// <summary>Snapshots over the last fifth of the steps whose weights are averaged (SWA).</summary>
    public int Snapshots { get; init; } = 5;
}

/// <summary>
/// The experiment of encoder-level KD for audio captioning on synthetic scenes: a teacher on many captioned clips, students on few of them
/// and on clips without captions. The record decides every number; change one with <c>with</c>.
/// </summary>
public sealed record CaptionSettings
{
    /// <summary>smoke, quick or full.</summary>
    public required string Size { get; init; }

    /// <summary>What the scenes are like.</summary>
    public CaptionSceneSettings Scenes { get; init; } = new();

    /// <summary>Captioned clips that the teacher is trained on; the students' are the first of them.</summary>
    public int TeacherClips { get; init; } = 4096;

    /// <summary>Captioned clips that a student is trained on, where its arm does not say otherwise.</summary>
    public int StudentClips { get; init; } = 256;

    /// <summary>Clips without captions.</summary>
    public int AudioOnlyClips { get; init; } = 2048;

    /// <summary>Clips of validation, five captions each.</summary>
    public int ValidationClips { get; init; } = 128;

    /// <summary>Clips of the test, five captions each.</summary>
    public int TestClips { get; init; } = 1024;

    /// <summary>The student's encoder.</summary>
    public EfficientNetEncoderSettings StudentEncoder { get; init; } = Encoder(8, 96, [new(1, 16, 3, 2, 1), new(2, 32, 5, 2, 3), new(1, 48, 3, 1, 3)]);

    /// <summary>The teacher's encoder.</summary>
    public EfficientNetEncoderSettings TeacherEncoder { get; init; } = Encoder(16, 192, [new(1, 32, 3, 2, 1), new(2, 64, 5, 2, 3), new(2, 96, 3, 1, 3)]);

    /// <summary>The student's decoder; vocabulary and frames are set from the data and the encoder.</summary>
    public CaptionDecoderSettings StudentDecoder { get; init; } = new() { Width = 64, Heads = 2, Hidden = 128, MaxLength = 32, Dropout = 0.1 };

    /// <summary>The teacher's decoder.</summary>
    public CaptionDecoderSettings TeacherDecoder { get; init; } = new() { Width = 128, Heads = 4, Hidden = 256, Depth = 3, MaxLength = 32, Dropout = 0.1 };

    /// <summary>Width of the space that student's and teacher's embeddings are projected to.</summary>
    public int Shared { get; init; } = 64;

    /// <summary>How the teacher is trained.</summary>
    public CaptionTraining TeacherTraining { get; init; } = new() { Steps = 3000, LearningRate = 2e-3 };

    /// <summary>How students are trained.</summary>
    public CaptionTraining StudentTraining { get; init; } = new() { Steps = 1200, LearningRate = 2e-3 };

    /// <summary>How teacher and students decode.</summary>
    public DecodingSettings Decoding { get; init; } = Beam(3);

    /// <summary>The seed of data and teacher, which all students share.</summary>
    public long TeacherSeed { get; init; } = 42;

    /// <summary>The students' seeds: start, order, dropout.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>Seconds: shows that everything runs, decides nothing.</summary>
    public static CaptionSettings Smoke { get; } = new()
    {
        Size = "smoke",
        TeacherClips = 96,
        StudentClips = 48,
        AudioOnlyClips = 64,
        ValidationClips = 16,
        TestClips = 32,
        TeacherEncoder = Encoder(8, 48, [new(1, 8, 3, 2, 1), new(1, 16, 3, 2, 2)]),
        StudentEncoder = Encoder(4, 24, [new(1, 8, 3, 2, 1), new(1, 12, 3, 2, 2)]),
        TeacherDecoder = new() { Width = 32, Heads = 2, Hidden = 64, Depth = 2, MaxLength = 32, Dropout = 0.1 },
        StudentDecoder = new() { Width = 16, Heads = 2, Hidden = 32, Depth = 1, MaxLength = 32, Dropout = 0.1 },
        Shared = 16,
        TeacherTraining = new() { Steps = 10, Batch = 8, LearningRate = 1e-3, Snapshots = 2 },
        StudentTraining = new() { Steps = 6, Batch = 8, LearningRate = 1e-3, Snapshots = 1 },
        Seeds = [1],
    };

    /// <summary>Minutes on two cores: the headline claims, five seeds. How length and test were chosen stands in the notebook.</summary>
    public static CaptionSettings Quick { get; } = new()
    {
        Size = "quick",
        TeacherClips = 2048,
        AudioOnlyClips = 1024,
        ValidationClips = 64,
        TestClips = 1024,
        // The rate is the better of two that a pilot of one other seed tried, by validation clips.
        TeacherTraining = new() { Steps = 450, LearningRate = 3e-3 },
        StudentTraining = new() { Steps = 250, LearningRate = 3e-3 },
        Seeds = [12, 13, 14, 15, 16],
    };

    /// <summary>Every arm, three seeds; within 90 minutes on two cores.</summary>
    public static CaptionSettings Full { get; } = new() { Size = "full" };

    /// <summary>The settings of a size's name.</summary>
    /// <exception cref="BadInputException">The name is not one of smoke, quick and full.</exception>
    public static CaptionSettings Of(string size) => size switch
    {
        "smoke" => Smoke,
        "quick" => Quick,
        "full" => Full,
        "paper" => throw new BadInputException("size", "paper", "the paper's size needs AudioCaps or Clotho and a teacher: see CaptionPaper.AudioCaps and CaptionPaper.Clotho"),
        _ => throw new BadInputException("size", size, "expected smoke, quick, full or paper (RETORT_SIZE)"),
    };

    /// <summary>Beam search of captions as published: mean log-probability a token, at most 20 tokens.</summary>
    public static DecodingSettings Beam(int beams) => new() { Beams = beams, MaxLength = 20, LengthRule = LengthRule.Mean, BeamRule = BeamRule.Full, Start = 1, End = 2 };

    /// <summary>What a reader wants to know of them first (<see cref="Retort.Training.RunFacts"/>).</summary>
    public (string Fact, object Value)[] Facts() =>
    [
        ("clips", FormattableString.Invariant($"teacher {TeacherClips}, student {StudentClips}, without captions {AudioOnlyClips}, validation {ValidationClips}, test {TestClips}; {Scenes.Seconds} s each")),
        ("teacher", FormattableString.Invariant($"{TeacherTraining.Steps} steps of {TeacherTraining.Batch}, rate {TeacherTraining.LearningRate}")),
        ("students", FormattableString.Invariant($"{StudentTraining.Steps} steps of {StudentTraining.Batch}, rate {StudentTraining.LearningRate}; seeds {string.Join(", ", Seeds)}")),
    ];

    // 32 mel bins each 20 ms; the norms' statistics follow within the few steps of these runs (published momentum: 0.01).
    private static EfficientNetEncoderSettings Encoder(int stem, int head, EfficientNetStage[] stages) => new()
    {
        Mel = new MelSettings { Mels = 32, Hop = 320 },
        Net = new EfficientNetSettings { Stem = stem, Head = head, Stages = stages, Momentum = 0.1, DropConnect = 0 },
        FrameCount = FrameCount.Rounded,
    };
}
