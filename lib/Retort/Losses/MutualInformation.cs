// Distilling the noise of audio into a language embedding: RobustGER (ICLR 2024), section 4.3, equation 8 and algorithm 1.
// psi is what the statistics network gives for a pair. "Joint" pairs are (E_LN, noisy audio), "marginal" ones (E_LN, clean audio)
// of the same utterance, as published; other pairings are the caller's choice.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>Losses around an estimate of mutual information.</summary>
public static class MutualInformation
{
    /// <summary>Stage 1 as the published code: mean of the marginal psi less mean of the joint psi.</summary>
    /// <param name="joint">psi (B) of joint pairs</param>
    /// <param name="marginal">psi (B) of marginal pairs</param>
    public static Tensor Difference(Tensor joint, Tensor marginal)
    {
        using var scope = NewDisposeScope();
        return (marginal.mean() - joint.mean()).MoveToOuterDisposeScope();
    }

    /// <summary>Stage 1 as the paper (equation 8), the negative of the Donsker-Varadhan bound: log mean exp(marginal) - mean(joint).</summary>
    /// <param name="joint">psi (B) of joint pairs</param>
    /// <param name="marginal">psi (B) of marginal pairs</param>
    public static Tensor DonskerVaradhan(Tensor joint, Tensor marginal)
    {
        using var scope = NewDisposeScope();
        return (marginal.logsumexp(0, false) - Math.Log(marginal.shape[0]) - joint.mean()).MoveToOuterDisposeScope();
    }

    /// <summary>Stage 2's term: minus the mean over the tapped embeddings of the mean psi with the noisy audio.</summary>
    /// <param name="joint">psi (B) for each tap: the tuners' outputs, negated, with the noisy audio</param>
    public static Tensor Tapped(IReadOnlyList<Tensor> joint)
    {
        using var scope = NewDisposeScope();
        return (-stack([.. joint.Select(psi => psi.mean())]).mean()).MoveToOuterDisposeScope();
    }
}
