namespace Retort.Audio;

/// <summary>How a stored seed is turned into a view. The name and its number are part of what a teacher store records.</summary>
public enum ViewAlgorithm
{
    /// <summary>Our own: Philox streams of <see cref="Randomness.RandomStream"/>; the same on every machine and with every libtorch.</summary>
    Retort1,

    /// <summary>The published code's: MT19937 and the draw order of its libraries (<see cref="UpstreamReplay"/>), to read its released files.</summary>
    Upstream,
}
