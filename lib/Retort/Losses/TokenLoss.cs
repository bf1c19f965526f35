using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>Cross-entropy of tokens where some positions do not count.</summary>
public static class TokenLoss
{
    /// <summary>Minus the mean log-probability of the targets that count; 0 if none does.</summary>
    /// <param name="logits">(..., V)</param>
    /// <param name="targets">(...), int64; <paramref name="ignored"/> where a position does not count</param>
    /// <param name="ignored">the target of positions that do not count; -1 in RobustGER's files</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets, long ignored = -1)
    {
        using var scope = NewDisposeScope();
        var flat = targets.reshape(-1);
        var sum = nn.functional.cross_entropy(logits.reshape(flat.shape[0], -1), flat, ignore_index: ignored, reduction: nn.Reduction.Sum);
        return (sum / flat.ne(ignored).sum().clamp_min(1)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// As RobustGER's training code had it: the sum over counting positions divided by the number of all positions, masked and
    /// padded ones too. It is the other's value times the share of positions that count, and so changes the weight of whatever is added to it.
    /// </summary>
    /// <param name="logits">(..., V)</param>
    /// <param name="targets">(...), int64</param>
    /// <param name="ignored">the target of positions that do not count</param>
    public static Tensor CrossEntropyOverAll(Tensor logits, Tensor targets, long ignored = -1)
    {
        using var scope = NewDisposeScope();
        var flat = targets.reshape(-1);
        var sum = nn.functional.cross_entropy(logits.reshape(flat.shape[0], -1), flat, ignore_index: ignored, reduction: nn.Reduction.Sum);
        return (sum / flat.shape[0]).MoveToOuterDisposeScope();
    }
}
