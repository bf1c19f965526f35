// tok-KD from stored distributions: of each place the k largest log-probabilities of the teacher and their tokens are
// known. Only temperature 1: another one needs the probabilities of all tokens (k = V), and then they are as good as logits
// for SequenceDistillation.TokenKd.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>
/// Distributions over V tokens of which k log-probabilities are known, p_1 to p_k, and losses against them. With S = sum of
/// the known p_i, token i of the k gets P(i) = p_i / max(S, 1) and each of the V - k others (1 - min(S, 1)) / (V - k) if the
/// rest is spread; P(i) = p_i / S and 0 if the stored ones are renormalised, or k = V. (S exceeds 1 only by the rounding
/// of the store.)
/// </summary>
public static class TopKDistributions
{
    /// <summary>The distribution, dense.</summary>
    /// <param name="logProbabilities">(..., k), finite; detached</param>
    /// <param name="tokens">(..., k), int64: which tokens they are, none twice at a place</param>
    /// <param name="vocabulary">V</param>
    /// <param name="unstored">what becomes of the rest</param>
    /// <returns>probabilities (..., V), float32; each place's add up to 1</returns>
    public static Tensor Expand(Tensor logProbabilities, Tensor tokens, long vocabulary, TailMass unstored = TailMass.Spread)
    {
        using var scope = NewDisposeScope();
        Check(logProbabilities, tokens, [.. logProbabilities.shape[..^1], vocabulary]);
        var (known, rest) = Known(logProbabilities, vocabulary, unstored);
        var dense = zeros([.. logProbabilities.shape[..^1], vocabulary], dtype: float32, device: logProbabilities.device);
        if (rest is not null)
        {
            dense = dense + rest.unsqueeze(-1);
        }
        return dense.scatter(-1, tokens, known).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_tok = -1 / N sum over places of [sum over the k stored tokens of P(i) log q(i) + r (sum over all tokens of log q - sum over
    /// the stored of log q)], with q = softmax(student) and r what each other token gets: <see cref="SequenceDistillation.TokenKd"/>
    /// at temperature 1 against <see cref="Expand"/>, without making that. Mean over the places that count.
    /// </summary>
    /// <param name="student">logits (B, L, V)</param>
    /// <param name="logProbabilities">the teacher's, (B, L, k), finite where the mask counts; detached</param>
    /// <param name="tokens">(B, L, k), int64: which tokens they are, none twice at a place where the mask counts; each less than V everywhere</param>
    /// <param name="mask">(B, L), 1 where a place counts; N is how many do. With none the loss is 0. Null: all count</param>
    /// <param name="unstored">what becomes of the rest</param>
    public static Tensor TokenKd(Tensor student, Tensor logProbabilities, Tensor tokens, Tensor? mask = null, TailMass unstored = TailMass.Spread)
    {
        using var scope = NewDisposeScope();
        Check(logProbabilities, tokens, student.shape);
        if (mask is not null && !mask.shape.SequenceEqual(student.shape[..^1]))
        {
            throw new ArgumentException($"a mask of shape ({string.Join(", ", mask.shape)}) does not fit logits of shape ({string.Join(", ", student.shape)})");
        }
        var counts = mask?.detach().to(ScalarType.Bool);
        if (counts is not null)
        {
            // Whatever stands in the padding reaches neither the loss nor, as 0 times NaN, the gradient.
            logProbabilities = logProbabilities.detach().masked_fill(counts.logical_not().unsqueeze(-1), 0);
        }
        var logQ = nn.functional.log_softmax(student.to(float32), -1);
        var (known, rest) = Known(logProbabilities, student.shape[^1], unstored);
        var at = logQ.gather(-1, tokens);  // (B, L, k)
        var loss = -(known * at).sum(-1);
        if (rest is not null)
        {
            loss = loss - rest * (logQ.sum(-1) - at.sum(-1));
        }
        if (counts is null)
        {
            return loss.mean().MoveToOuterDisposeScope();
        }
        return (loss.masked_fill(counts.logical_not(), 0).sum() / counts.sum().to(float32).clamp_min(1)).MoveToOuterDisposeScope();
    }

    // P of the stored tokens (..., k), and of each other token (...); null where the others get nothing.
    private static (Tensor Stored, Tensor? Other) Known(Tensor logProbabilities, long vocabulary, TailMass unstored)
    {
        var p = logProbabilities.detach().to(float32).exp();
        var sum = p.sum(-1);
        var others = vocabulary - logProbabilities.shape[^1];
        return unstored switch
        {
            TailMass.Spread when others > 0 => (p / sum.clamp_min(1).unsqueeze(-1), (1 - sum).clamp_min(0) / others),
            TailMass.Spread or TailMass.Renormalise => (p / sum.unsqueeze(-1), null),
            _ => throw new ArgumentOutOfRangeException(nameof(unstored), unstored, "neither spread nor renormalise"),
        };
    }

    private static void Check(Tensor logProbabilities, Tensor tokens, long[] dense)
    {
        if (!logProbabilities.shape.SequenceEqual(tokens.shape) || !logProbabilities.shape[..^1].SequenceEqual(dense[..^1])
            || logProbabilities.shape[^1] < 1 || logProbabilities.shape[^1] > dense[^1])
        {
            throw new ArgumentException($"log-probabilities of shape ({string.Join(", ", logProbabilities.shape)}) and tokens of shape ({string.Join(", ", tokens.shape)}) do not fit ({string.Join(", ", dense)})");
        }
    }
}
