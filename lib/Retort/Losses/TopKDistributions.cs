// tok-KD from stored distributions. A store keeps the k largest probabilities of each place; what they lack of 1 is spread
// evenly over the other tokens, so that the student is not told that everything else is impossible.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>Losses against distributions of which the k largest probabilities are known.</summary>
public static class TopKDistributions
{
    /// <summary>
    /// L_tok = -1 / N sum over places of [sum over the k stored tokens of p log q + r sum over the V - k others of log q], with
    /// r = (1 - sum of the stored p) / (V - k): <see cref="SequenceDistillation.TokenKd"/> at temperature 1 against the
    /// distribution whose other tokens share the rest evenly. With k = V it is that loss itself.
    /// </summary>
    /// <param name="student">logits (B, L, V)</param>
    /// <param name="logProbabilities">the teacher's, (B, L, k), finite; detached</param>
    /// <param name="tokens">(B, L, k), int64: which tokens they are, no token twice</param>
    /// <param name="mask">(B, L), 1 where a place counts; N is how many do. With none the loss is 0</param>
    public static Tensor TokenKd(Tensor student, Tensor logProbabilities, Tensor tokens, Tensor mask)
    {
        if (logProbabilities.dim() != 3 || !tokens.shape.SequenceEqual(logProbabilities.shape) || !mask.shape.SequenceEqual(student.shape[..^1])
            || !logProbabilities.shape[..^1].SequenceEqual(mask.shape) || tokens.shape[^1] > student.shape[^1])
        {
            throw new ArgumentException($"logits ({string.Join(", ", student.shape)}), stored ({string.Join(", ", logProbabilities.shape)}), tokens ({string.Join(", ", tokens.shape)}) and mask ({string.Join(", ", mask.shape)}) do not fit");
        }
        using var scope = NewDisposeScope();
        long vocabulary = student.shape[^1], k = tokens.shape[^1];
        var logQ = nn.functional.log_softmax(student.to(float32), -1);
        var p = logProbabilities.detach().to(float32).exp();
        var known = logQ.gather(-1, tokens);  // (B, L, k)
        var loss = -(p * known).sum(-1);
        if (k < vocabulary)
        {
            // Rounding to float16 may bring the sum a little above 1.
            var rest = (1 - p.sum(-1)).clamp_min(0) / (vocabulary - k);
            loss = loss - rest * (logQ.sum(-1) - known.sum(-1));
        }
        var counts = mask.detach().to(ScalarType.Bool);
        return (loss.masked_fill(counts.logical_not(), 0).sum() / counts.sum().to(float32).clamp_min(1)).MoveToOuterDisposeScope();
    }
}
