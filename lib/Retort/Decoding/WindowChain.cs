using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>What stands beyond the end of a clip in its last window.</summary>
public enum TailRule
{
    /// <summary>The last frame's features again.</summary>
    RepeatLast,

    /// <summary>The clip's own beginning, as published: the last window hears it, and clips of under half a window come out with a wrong length there.</summary>
    Wrap,
}

/// <summary>
/// Motion of any length by windows: each window's reference is the last frame before it. Published: no overlap. With an overlap (ours)
/// neighbouring windows are blended linearly where both speak.
/// </summary>
public static class WindowChain
{
    /// <summary>Generates a track.</summary>
    /// <param name="features">(B, F, A): a feature a frame</param>
    /// <param name="reference">(B, M): the motion before the first frame</param>
    /// <param name="window">frames of a window</param>
    /// <param name="generate">the window's number, its features (B, window, A) and its reference (B, M) to its motion (B, window, M)</param>
    /// <param name="overlap">frames that neighbouring windows share; 0 as published</param>
    /// <param name="tail">what the last window hears beyond the end</param>
    /// <returns>(B, F, M)</returns>
    public static Tensor Run(Tensor features, Tensor reference, int window, Func<int, Tensor, Tensor, Tensor> generate, int overlap = 0, TailRule tail = TailRule.RepeatLast)
    {
        if (window < 1 || overlap < 0 || overlap >= window || features.shape[1] < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(overlap), overlap, $"windows of {window} frames over {features.shape[1]}: expected one frame or more and an overlap below the window");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var frames = features.shape[1];
        Tensor? track = null;
        for (int number = 0, start = 0; track is null || track.shape[1] < frames; number++, start += window - overlap)
        {
            using var part = NewDisposeScope();
            var heard = features.index_select(1, tensor(Enumerable.Range(start, window).Select(i =>
                i < frames ? i : tail == TailRule.Wrap ? i % frames : frames - 1).ToArray(), device: features.device));
            var before = track is null ? reference : track.select(1, start - 1 >= 0 ? start - 1 : 0);
            var next = generate(number, heard, start == 0 ? reference : before);
            if (track is null)
            {
                track = next.MoveToOuterDisposeScope();
                continue;
            }
            var shared = track.shape[1] - start;
            if (shared > 0)
            {
                // From the old window's motion to the new one's, neither alone at an end.
                var share = (arange(1, shared + 1, dtype: float32, device: next.device) / (shared + 1)).view(1, -1, 1);
                var blend = track.narrow(1, start, shared) * (1 - share) + next.narrow(1, 0, shared) * share;
                next = cat([blend, next.narrow(1, shared, window - shared)], 1);
            }
            track = cat([track.narrow(1, 0, start), next], 1).MoveToOuterDisposeScope();
        }
        return track.narrow(1, 0, frames).contiguous().MoveToOuterDisposeScope();
    }
}
