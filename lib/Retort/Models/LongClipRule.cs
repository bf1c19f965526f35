namespace Retort.Models;

/// <summary>What the audio transformer does with a clip of more frames than it has time positions for.</summary>
public enum LongClipRule
{
    /// <summary>
    /// Windows of the full length and a shorter last one, unpadded; the scores are averaged with the windows' true lengths
    /// as weights. A rest that is shorter than one patch is left out.
    /// </summary>
    ByLength,

    /// <summary>
    /// As the published code has it: the last window is padded with the mean mel level to full length and counts as much as
    /// any other, and a last window that happens to be full is dropped. For comparison only.
    /// </summary>
    Upstream,
}
