// The losses of "Sequence-level knowledge distillation for class-incremental end-to-end spoken language understanding"
// (Cappellazzo et al., Interspeech 2023). Equations from the authors' slides; the distance of audio-KD and the adaptive
// weight from the sister code (arXiv 2211.08161), as the paper has no released code. The sister code's cross-entropy counts
// padding; that is CrossEntropy without a mask here.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>
/// Losses of a sequence-to-sequence student against the previous task's model and against gold. Each is computed in
/// float32; what comes from the teacher is detached. A mask has 1 where a frame or token counts and 0 elsewhere: in the padding,
/// and for the KD terms in rows that are not from the memory. N is how many count; with none the loss is 0.
/// </summary>
public static class SequenceDistillation
{
    /// <summary>
    /// L_CE = 1 / N sum over tokens of -log softmax(logits)[target]. Mean over the tokens that count; no temperature.
    /// With pseudo-targets this is seq-KD's loss: see <see cref="SequenceKd"/>.
    /// </summary>
    /// <param name="logits">(B, L, V)</param>
    /// <param name="targets">(B, L), int64; what stands where the mask is 0 does not matter, but must be less than V</param>
    /// <param name="mask">(B, L); null: all count, padding too, as in the released code</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        CheckMask(mask, targets.shape);
        var rows = nn.functional.cross_entropy(logits.to(float32).reshape(-1, logits.shape[^1]), targets.reshape(-1), reduction: nn.Reduction.None);
        return Mean(rows.view(targets.shape), mask).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_audio = 1 / (N D) sum over frames and dimensions of (student - teacher)^2 of the encoders' outputs. Mean over the
    /// frames that count and over D; no temperature.
    /// </summary>
    /// <param name="student">(B, T, D)</param>
    /// <param name="teacher">(B, T, D); detached</param>
    /// <param name="mask">(B, T)</param>
    public static Tensor AudioKd(Tensor student, Tensor teacher, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        CheckMask(mask, student.shape[..^1]);
        return Mean((student.to(float32) - teacher.detach().to(float32)).square().mean([-1]), mask).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_tok = -T^2 / N sum over tokens and vocabulary of p log q, with p = softmax(teacher / T), q = softmax(student / T), both
    /// decoders fed the same gold tokens. Cross-entropy form: sum over the vocabulary, mean over the tokens that count. (The
    /// sister code takes T^2 KL with a mean over the vocabulary too: the same gradient, 1 / V of it.)
    /// </summary>
    /// <param name="student">logits (B, L, V)</param>
    /// <param name="teacher">logits (B, L, V), finite; detached</param>
    /// <param name="mask">(B, L)</param>
    /// <param name="temperature">T</param>
    public static Tensor TokenKd(Tensor student, Tensor teacher, Tensor? mask = null, double temperature = 1)
    {
        if (temperature is not > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is positive");
        }
        using var scope = NewDisposeScope();
        CheckMask(mask, student.shape[..^1]);
        var p = nn.functional.softmax(teacher.detach().to(float32) / temperature, -1);
        var logQ = nn.functional.log_softmax(student.to(float32) / temperature, -1);
        return (Mean(-(p * logQ).sum(-1), mask) * (temperature * temperature)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_seq = 1 / N sum over tokens of -log softmax(logits)[y], where y is the sequence that the teacher decoded by beam
    /// search and the student's decoder was fed: the one-best stand-in for the sum over all sequences. Mean over the tokens
    /// that count; no temperature; nothing to detach, as y is tokens.
    /// </summary>
    /// <param name="logits">(B, L, V), of the student fed with y</param>
    /// <param name="pseudoTargets">y, (B, L), int64</param>
    /// <param name="mask">(B, L)</param>
    public static Tensor SequenceKd(Tensor logits, Tensor pseudoTargets, Tensor? mask = null) => CrossEntropy(logits, pseudoTargets, mask);

    /// <summary>alpha = sqrt(memory rows of the batch / rows of the batch).</summary>
    /// <param name="memoryRows">rows from the memory</param>
    /// <param name="batchRows">all rows</param>
    public static double AdaptiveWeight(int memoryRows, int batchRows)
    {
        if (batchRows < 1 || memoryRows < 0 || memoryRows > batchRows)
        {
            throw new ArgumentException($"{memoryRows} memory rows of {batchRows}");
        }
        return Math.Sqrt((double)memoryRows / batchRows);
    }

    /// <summary>(1 - alpha) L_CE + alpha (sum of the KD losses); L_CE itself if there are none.</summary>
    /// <param name="crossEntropy">L_CE, over all rows</param>
    /// <param name="kd">the KD losses, over memory rows</param>
    /// <param name="alpha">the weight, <see cref="AdaptiveWeight"/> or a fixed one, in [0, 1]</param>
    public static Tensor Combine(Tensor crossEntropy, IReadOnlyList<Tensor> kd, double alpha)
    {
        if (alpha is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "the weight of the KD losses lies in [0, 1]");
        }
        using var scope = NewDisposeScope();
        if (kd.Count == 0)
        {
            return crossEntropy.alias().MoveToOuterDisposeScope();
        }
        return (crossEntropy * (1 - alpha) + kd.Aggregate((a, b) => a + b) * alpha).MoveToOuterDisposeScope();
    }

    // With nothing that counts the sum is 0, and dividing by 1 keeps it so.
    private static Tensor Mean(Tensor rows, Tensor? mask)
    {
        if (mask is null)
        {
            return rows.mean();
        }
        var counts = mask.detach().to(ScalarType.Bool);
        return rows.masked_fill(counts.logical_not(), 0).sum() / counts.sum().to(float32).clamp_min(1);
    }

    private static void CheckMask(Tensor? mask, long[] shape)
    {
        if (mask is not null && !mask.shape.SequenceEqual(shape))
        {
            throw new ArgumentException($"a mask of shape ({string.Join(", ", mask.shape)}) does not fit rows of shape ({string.Join(", ", shape)})");
        }
    }
}
