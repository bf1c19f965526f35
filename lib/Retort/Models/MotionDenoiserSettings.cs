namespace Retort.Models;

/// <summary>Settings of <see cref="MotionDenoiser"/>. The defaults are KDTalker's published ones (42,926,278 parameters).</summary>
public sealed record MotionDenoiserSettings
{
    /// <summary>Numbers of a frame of motion: scale, yaw, pitch, roll, translation (3), expression (3 a keypoint).</summary>
    public int Motion { get; init; } = 70;

    /// <summary>Width of a frame's audio features.</summary>
    public int Audio { get; init; } = 512;

    /// <summary>Width of a token.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Layers; each is two FiLM blocks and one attention over time.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>Channels of an attention head; the published number of heads is the width over 64.</summary>
    public int HeadSize { get; init; } = 64;

    /// <summary>Width of the embedded diffusion step.</summary>
    public int TimeWidth { get; init; } = 256;

    /// <summary>
    /// Channels of a head that the rotary embedding turns; null for the published rule, min(32, number of heads): there the number of
    /// heads is handed over where the head's size was meant, so that 12 of 64 channels turn.
    /// </summary>
    public int? RotaryChannels { get; init; }

    /// <summary>Whether tokens attend to one another; without it each frame is denoised by itself (Table 3, "without attention").</summary>
    public bool Attention { get; init; } = true;

    /// <summary>Whether queries and keys are turned by their place (Table 3, "without RoPE").</summary>
    public bool Rotary { get; init; } = true;

    /// <summary>Whether the learned bias by distance is added to the logits; the paper has no such ablation.</summary>
    public bool RelativeBias { get; init; } = true;

    /// <summary>Whether the canonical keypoints are the first token (Table 3, "without reference x_c").</summary>
    public bool CanonicalToken { get; init; } = true;

    /// <summary>Whether the motion of the frame before the window is a token; the paper has no such ablation.</summary>
    public bool ReferenceToken { get; init; } = true;

    /// <summary>Number of attention heads.</summary>
    public int Heads => Width / HeadSize;

    /// <summary>Tokens in front of the frames.</summary>
    public int PrefixTokens => (CanonicalToken ? 1 : 0) + (ReferenceToken ? 1 : 0);

    /// <summary>Channels of a head that turn.</summary>
    public int TurnedChannels => RotaryChannels ?? Math.Min(32, Heads);

    internal void Check()
    {
        if (Motion < 1 || Audio < 1 || Width < 1 || Depth < 1 || HeadSize < 1 || TimeWidth < 1)
        {
            throw new ArgumentException($"denoiser settings must be positive: {this}");
        }
        if (Width % HeadSize != 0 || Width % 2 != 0)
        {
            throw new ArgumentException($"width {Width} must be even and a multiple of the head size {HeadSize}");
        }
        if (Attention && Rotary && (TurnedChannels < 2 || TurnedChannels > HeadSize))
        {
            throw new ArgumentException($"the rotary embedding cannot turn {TurnedChannels} of {HeadSize} channels; expected 2 to {HeadSize}");
        }
    }
}
