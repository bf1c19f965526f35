// Binary cross-entropy against a teacher's probabilities (CED, ICASSP 2024: the student's only loss).

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>
/// Losses against soft multi-label targets. Each is computed in float32, and targets get no gradient. C is the number of
/// classes, B of clips; there is no temperature and no mask.
/// </summary>
public static class SoftTargets
{
    /// <summary>
    /// 1 / (B C) sum over b, c of -[t log s(z) + (1 - t) log(1 - s(z))], s the sigmoid. Mean over clips and classes.
    /// </summary>
    /// <param name="logits">z, (B, C)</param>
    /// <param name="targets">t, (B, C), in [0, 1]; detached</param>
    public static Tensor Bce(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        return nn.functional.binary_cross_entropy_with_logits(logits.to(float32), targets.detach().to(float32))
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss that goes with mixup: mean over b of [w_b l(z_b, t_(B-1-b)) + (1 - w_b) l(z_b, t_b)], where l is the mean
    /// over classes of the binary cross-entropy. As l is linear in t, this is <see cref="Bce"/> against mixed targets, and
    /// is computed so.
    /// </summary>
    /// <param name="logits">z, (B, C), of the mixed input</param>
    /// <param name="targets">t, (B, C), of the clips before mixing; detached</param>
    /// <param name="weights">w, one weight of the partner for each clip</param>
    public static Tensor BceMixed(Tensor logits, Tensor targets, ReadOnlySpan<float> weights)
    {
        if (targets.dim() != 2 || weights.Length != targets.shape[0])
        {
            throw new ArgumentException($"{weights.Length} mixup weights do not fit targets of shape ({string.Join(", ", targets.shape)})");
        }
        using var scope = NewDisposeScope();
        var weight = tensor(weights.ToArray(), device: targets.device).unsqueeze(1);
        var t = targets.detach().to(float32);
        return Bce(logits, t.lerp(t.flip(0), weight)).MoveToOuterDisposeScope();
    }
}
