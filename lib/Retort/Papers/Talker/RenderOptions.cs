using Retort.Data;
using Retort.Decoding;

namespace Retort.Papers.Talker;

/// <summary>How a portrait is rendered. The defaults are the published behaviour, save where it says otherwise.</summary>
public sealed record RenderOptions
{
    /// <summary>Decides the head's motion: another seed, another take. (Published: not settable.)</summary>
    public long Seed { get; init; }

    /// <summary>DDIM steps of a window of 64 frames.</summary>
    public int Steps { get; init; } = 50;

    /// <summary>
    /// Classifier-free guidance: above 1 the sound counts for more, at twice the denoiser's time. Ours; 1 is none, as published, and the published
    /// denoiser never learned to do without sound (<see cref="TalkerPaperSettings.AudioDropout"/>).
    /// </summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Frames rendered at once.</summary>
    public int Batch { get; init; } = 4;

    /// <summary>Frames that neighbouring windows share and blend; 0 as published.</summary>
    public int Overlap { get; init; }

    /// <summary>What the last window hears beyond the end. Ours repeats the last frame; published is <see cref="TailRule.Wrap"/>.</summary>
    public TailRule Tail { get; init; } = TailRule.RepeatLast;

    /// <summary>Process noise over measurement noise of the smoother; published 0.05 / 0.001 = 50, which is next to nothing; 0.1 smooths visibly. 0: off.</summary>
    public double Smoothing { get; init; } = 50;

    /// <summary>
    /// Left, top, width and height of the face in the picture, square; null, and no <see cref="Landmarks"/>, where the whole picture is a square crop of
    /// a face. No face is searched for here.
    /// </summary>
    public (int Left, int Top, int Width, int Height)? Box { get; init; }

    /// <summary>In place of a box: landmarks of the face that a detector of yours found, from which the published crop follows (<see cref="FaceLandmarks"/>).</summary>
    public IReadOnlyList<(double X, double Y)>? Landmarks { get; init; }

    /// <summary>Whether the rendered face is put back into the whole picture (needs a box or landmarks); ours. Otherwise the video shows the 512 x 512 crop.</summary>
    public bool PasteBack { get; init; }

    /// <summary>Whether the stitching network moves the keypoints so that the head fits its shoulders; published: off.</summary>
    public bool Stitch { get; init; }

    /// <summary>Whether motion is taken relative to its first frame and added to the portrait's own; published: off, so that the head jumps to the generated pose.</summary>
    public bool Relative { get; init; }

    /// <summary>Whether denoiser and decoder, which take nearly all the time, run in bfloat16 where the processor or GPU has it.</summary>
    public bool Mixed { get; init; }

    /// <summary>x264's constant rate factor.</summary>
    public int Quality { get; init; } = 20;

    /// <summary>Refuses what no render can be made with: all of it at once.</summary>
    internal void Check(int window)
    {
        var wrong = new (string Name, object Value, bool Fits, string Expected)[]
        {
            (nameof(Steps), Steps, Steps is >= 1 and <= 1000, "1 to 1000"),
            (nameof(Guidance), Guidance, double.IsFinite(Guidance) && Guidance >= 0, "a finite number, 0 or more"),
            (nameof(Batch), Batch, Batch >= 1, "1 or more"),
            (nameof(Overlap), Overlap, Overlap >= 0 && Overlap < window, $"0 to {window - 1}"),
            (nameof(Smoothing), Smoothing, double.IsFinite(Smoothing) && Smoothing >= 0, "a finite number, 0 or more"),
            (nameof(Quality), Quality, Quality is >= 0 and <= 51, "0 to 51"),
            (nameof(Landmarks), "beside a Box", Box is null || Landmarks is null, "one of the two"),
        }.Where(o => !o.Fits).ToArray();
        if (wrong.Length > 0)
        {
            throw new BadInputException(nameof(RenderOptions), string.Join(", ", wrong.Select(o => o.Name)),
                string.Join("; ", wrong.Select(o => FormattableString.Invariant($"{o.Name} is {o.Value}, expected {o.Expected}"))));
        }
    }
}
