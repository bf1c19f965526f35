using Retort.Data;
using Retort.Models;

namespace Retort.Papers.Talker;

/// <summary>Settings of the experiment on synthetic faces. What differs from the paper's is said at each.</summary>
public sealed record TalkerSettings
{
    /// <summary>smoke, quick or full.</summary>
    public required string Size { get; init; }

    /// <summary>The faces.</summary>
    public SyntheticFacesSettings Faces { get; init; } = new();

    /// <summary>The denoiser; published: 768 wide, six layers, 512 audio features.</summary>
    public MotionDenoiserSettings Denoiser { get; init; } = new() { Width = 128, Depth = 3, HeadSize = 32, Audio = 64, TimeWidth = 64, RotaryChannels = 16 };

    /// <summary>Frames of a window; published: 64.</summary>
    public int Window { get; init; } = 32;

    /// <summary>Windows of a step; published: 256.</summary>
    public int Batch { get; init; } = 24;

    /// <summary>Steps of the optimizer; published: 500,000.</summary>
    public int Steps { get; init; } = 400;

    /// <summary>Highest learning rate; published: 5.12e-4 at a batch of 256.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Steps of linear warm-up, then half a cosine to 0; published: 2,000.</summary>
    public int WarmUp { get; init; } = 40;

    /// <summary>Probability that a batch's audio gets noise of its own mean and deviation; published: 0.7. Here 0: runs are too short for it.</summary>
    public double AudioNoise { get; init; }

    /// <summary>Samples drawn of each test clip.</summary>
    public int Samples { get; init; } = 3;

    /// <summary>Steps of the judge of lip sync.</summary>
    public int SyncSteps { get; init; } = 300;

    /// <summary>Steps of a step-distilled student.</summary>
    public int DistillSteps { get; init; } = 400;

    /// <summary>Its highest learning rate, with the same warm-up: it begins as its teacher.</summary>
    public double DistillRate { get; init; } = 1e-3;

    /// <summary>Teacher's paths that are stored for it.</summary>
    public int DistillWindows { get; init; } = 480;

    /// <summary>Numbers of a window's latent in the variational autoencoders, at most 70.</summary>
    public int Latent { get; init; } = 32;

    /// <summary>Seeds of every arm.</summary>
    public IReadOnlyList<long> Seeds { get; init; } = [1, 2, 3];

    /// <summary>What a reader wants to know of them first (<see cref="Retort.Training.RunFacts"/>).</summary>
    public (string Fact, object Value)[] Facts() =>
    [
        ("speakers", Faces.Voices.Count), ("training clips", Faces.Clips(Split.Train)), ("test clips", Faces.Clips(Split.Test)),
        ("frames a clip, 25 a second", Faces.Frames), ("window", Window), ("batch", Batch), ("steps", Steps),
        ("denoiser", FormattableString.Invariant($"{Denoiser.Depth} layers of width {Denoiser.Width}")), ("samples of a test clip", Samples), ("seeds", string.Join(", ", Seeds)),
    ];

    /// <summary>The settings of a size.</summary>
    /// <param name="size">smoke (seconds), quick (minutes; headline claims) or full (every axis)</param>
    /// <exception cref="ArgumentException">There is no such size here; "paper" is <c>TalkerPaper</c>'s.</exception>
    public static TalkerSettings Of(string size) => size switch
    {
        "smoke" => new()
        {
            Size = size,
            Faces = new() { Voices = ["en-us+m1", "en-us+f1"], TrainClips = 3, ValidationClips = 1, TestClips = 2, Frames = 68 },
            Denoiser = new() { Width = 64, Depth = 1, HeadSize = 32, Audio = 16, TimeWidth = 16, RotaryChannels = 16 },
            Window = 16,
            Batch = 4,
            Steps = 6,
            WarmUp = 2,
            Samples = 2,
            SyncSteps = 10,
            DistillSteps = 4,
            DistillWindows = 8,
            Latent = 8,
            Seeds = [1],
        },
        "quick" => new() { Size = size },
        "full" => new()
        {
            Size = size,
            Faces = new() { TrainClips = 20, TestClips = 3 },
            Denoiser = new() { Width = 192, Depth = 3, HeadSize = 64, Audio = 64, TimeWidth = 64, RotaryChannels = 16 },
            Batch = 32,
            // As many as end within 90 minutes on two cores, by quick's time of a step and the multiplications of this one; not run yet.
            Steps = 1000,
            WarmUp = 100,
            LearningRate = 1.5e-3,
            SyncSteps = 800,
            DistillSteps = 800,
            DistillWindows = 960,
        },
        _ => throw new ArgumentException($"there is no size \"{size}\" of this experiment; there are smoke, quick and full, and paper is TalkerPaper's", nameof(size)),
    };
}
