using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>Losses between predicted and wanted motion (B, T, M); each a scalar. Nothing is detached.</summary>
public static class MotionLosses
{
    /// <summary>The published loss: the mean over all elements of (predicted - target)² (Ho et al., 2020, equation 14).</summary>
    public static Tensor MeanSquared(Tensor predicted, Tensor target)
    {
        using var scope = NewDisposeScope();
        return (predicted - target).square().mean().MoveToOuterDisposeScope();
    }

    /// <summary>An option of ours: sum over m of w_m (predicted - target)² / sum of w, mean over batch and time.</summary>
    /// <param name="predicted">(B, T, M)</param>
    /// <param name="target">(B, T, M)</param>
    /// <param name="weights">(M), not negative, not all 0</param>
    public static Tensor Weighted(Tensor predicted, Tensor target, Tensor weights)
    {
        using var scope = NewDisposeScope();
        return ((predicted - target).square().mean([0, 1]) * weights).sum().div(weights.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// An option of ours: weights (70) under which scale, rotation, translation, the six lip keypoints and the others' expression count
    /// as one share each, and numbers that never move (<paramref name="alive"/> false) not at all.
    /// </summary>
    /// <param name="alive">which of the 70 numbers vary in the training data</param>
    public static float[] RegionWeights(IReadOnlyList<bool> alive)
    {
        int[] lips = [6, 12, 14, 17, 19, 20];
        int Region(int m) => m switch { 0 => 0, < 4 => 1, < 7 => 2, _ => lips.Contains((m - 7) / 3) ? 3 : 4 };
        return [.. Enumerable.Range(0, alive.Count).Select(m =>
            alive[m] ? 1f / Enumerable.Range(0, alive.Count).Count(o => alive[o] && Region(o) == Region(m)) : 0)];
    }

    /// <summary>An option of ours: the mean of (difference of neighbouring frames, predicted - target)², for predictions of the clean sample.</summary>
    public static Tensor Velocity(Tensor predicted, Tensor target)
    {
        using var scope = NewDisposeScope();
        var wrong = predicted - target;
        return (wrong.narrow(1, 1, wrong.shape[1] - 1) - wrong.narrow(1, 0, wrong.shape[1] - 1)).square().mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The divergence of N(mean, exp(logVariance)) from N(0, 1), summed over the latent's numbers, mean over the batch (Kingma and Welling, 2014,
    /// appendix B).
    /// </summary>
    /// <param name="mean">(B, Z)</param>
    /// <param name="logVariance">(B, Z)</param>
    public static Tensor Divergence(Tensor mean, Tensor logVariance)
    {
        using var scope = NewDisposeScope();
        return (0.5 * (mean.square() + logVariance.exp() - 1 - logVariance).sum(1)).mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The critic's loss (Goodfellow et al., 2014, equation 1, its negative) in one backward pass for both players: softplus(-D(real)) +
    /// softplus(D(made)), mean over all scores, where the gradient to <paramref name="made"/> is reversed and scaled (Ganin and Lempitsky, 2015).
    /// </summary>
    /// <param name="score">motion to logits of being real, with gradients to its own weights</param>
    /// <param name="real">(B, T, M)</param>
    /// <param name="made">(B, T, M), of the generator</param>
    /// <param name="strength">of the gradient to the generator, 0 or more</param>
    public static Tensor Adversarial(Func<Tensor, Tensor> score, Tensor real, Tensor made, double strength = 1)
    {
        using var scope = NewDisposeScope();
        // Its value is made's, its gradient -strength times.
        var reversed = (1 + strength) * made.detach() - strength * made;
        return (nn.functional.softplus(-score(real)).mean() + nn.functional.softplus(score(reversed)).mean()).MoveToOuterDisposeScope();
    }
}
