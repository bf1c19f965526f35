namespace Retort.Data;

/// <summary>One event of a scene.</summary>
/// <param name="Class">its class</param>
/// <param name="Start">where it begins, in seconds</param>
/// <param name="Seconds">how long it lasts</param>
/// <param name="Level">its peak, in dB below full scale</param>
public sealed record SceneEvent(int Class, double Start, double Seconds, double Level);
