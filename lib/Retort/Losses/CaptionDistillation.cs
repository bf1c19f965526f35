// The losses of "Efficient audio captioning with encoder-level knowledge distillation" (Xu et al., Interspeech 2024). The paper's
// equations were not at hand: the formulas are those of its released code. It adds the terms without weights:
// L = L_sup + L_seq + L_enc.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>
/// Losses of a captioning student. Each is computed in float32. A mask has 1 where a token counts (a caption's words and its end) and 0
/// in the padding; token losses are means over all tokens of the batch that count, not over captions.
/// </summary>
public static class CaptionDistillation
{
    /// <summary>
    /// L_sup, and with a teacher's caption for a target L_seq: -sum over v of q_v log softmax(logits)_v, where q is 1 - eps at the
    /// target and eps / (V - 1) elsewhere (PyTorch's own smoothing spreads eps over all V). Mean over the tokens that count; no temperature.
    /// </summary>
    /// <param name="logits">(B, L, V)</param>
    /// <param name="targets">(B, L), int64; what stands where the mask is 0 does not matter, but must be less than V</param>
    /// <param name="mask">(B, L); null: all count</param>
    /// <param name="smoothing">eps, in [0, 1)</param>
    public static Tensor LabelSmoothing(Tensor logits, Tensor targets, Tensor? mask = null, double smoothing = 0.1)
    {
        if (smoothing is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "the smoothed share is at least 0 and less than 1");
        }
        using var scope = NewDisposeScope();
        var logs = nn.functional.log_softmax(logits.to(float32), -1);
        var right = logs.gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        var rest = smoothing / (logits.shape[^1] - 1);
        var rows = smoothing == 0 ? -right : -(right * (1 - smoothing - rest) + logs.sum(-1) * rest);
        return Mean(rows, mask).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Token-level KD of the decoder: -sum over v of softmax(teacher / T)_v log softmax(student / T)_v. Mean over the tokens that count;
    /// no factor T^2, as released. Both decoders read the same words.
    /// </summary>
    /// <param name="student">logits (B, L, V)</param>
    /// <param name="teacher">logits (B, L, V); detached</param>
    /// <param name="mask">(B, L); null: all count</param>
    /// <param name="temperature">T</param>
    public static Tensor TokenKd(Tensor student, Tensor teacher, Tensor? mask = null, double temperature = 1) =>
        SequenceDistillation.TokenKd(student, teacher, mask, temperature) / (temperature * temperature);

    /// <summary>
    /// L_enc, mean squared error: the mean over batch and dimensions of (student - teacher)^2 in the shared space. If both
    /// come from trained projections, both projections at 0 are an optimum.
    /// </summary>
    /// <param name="student">projected clip embeddings (B, S)</param>
    /// <param name="teacher">projected or plain clip embeddings (B, S); gradients pass to its projection</param>
    /// <param name="normalise">whether each row is first divided by its length</param>
    public static Tensor EmbeddingMse(Tensor student, Tensor teacher, bool normalise = false)
    {
        using var scope = NewDisposeScope();
        var (s, t) = normalise ? (Unit(student), Unit(teacher)) : (student.to(float32), teacher.to(float32));
        return (s - t).square().mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_enc, contrastive: with logits a z_s z_t^T of the rows at unit length, the mean of the two cross-entropies of rows and of
    /// columns against the diagonal. Mean over the batch; the other clips of the batch are the negatives.
    /// </summary>
    /// <param name="student">projected clip embeddings (B, S)</param>
    /// <param name="teacher">projected clip embeddings (B, S); gradients pass to its projection</param>
    /// <param name="scale">the trained scalar</param>
    /// <param name="exponentiate">whether a = exp(scale), as in CLIP; if not a = scale, as in the released code</param>
    public static Tensor Contrastive(Tensor student, Tensor teacher, Tensor scale, bool exponentiate = false)
    {
        using var scope = NewDisposeScope();
        var logits = matmul(Unit(student), Unit(teacher).t()) * (exponentiate ? scale.exp() : scale);
        var diagonal = arange(logits.shape[0], device: logits.device);
        return ((nn.functional.cross_entropy(logits, diagonal) + nn.functional.cross_entropy(logits.t(), diagonal)) / 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// L_enc over several layers of the teacher ("Wml"): per clip, weights w = softmax over layers of q k_l, and the sum over layers of
    /// w_l times the mean over dimensions of (v - v_l)^2. Mean over the batch.
    /// </summary>
    /// <param name="student">query and value side by side (B, 2 S), one projection of the student's embedding</param>
    /// <param name="teacher">of each layer, key and value side by side (B, 2 S), a projection of the layer's embedding</param>
    public static Tensor MultiLayer(Tensor student, IReadOnlyList<Tensor> teacher)
    {
        using var scope = NewDisposeScope();
        var width = student.shape[1] / 2;
        var (query, value) = (student.narrow(1, 0, width), student.narrow(1, width, width));
        var weights = stack([.. teacher.Select(t => (query * t.narrow(1, 0, width)).sum(1))], 1).softmax(1);
        var errors = stack([.. teacher.Select(t => (value - t.narrow(1, width, width)).square().mean([1]))], 1);
        return (weights * errors).sum(1).mean().MoveToOuterDisposeScope();
    }

    private static Tensor Unit(Tensor x) => nn.functional.normalize(x.to(float32), dim: -1);

    // With nothing that counts the sum is 0, and dividing by 1 keeps it so.
    private static Tensor Mean(Tensor rows, Tensor? mask)
    {
        if (mask is null)
        {
            return rows.mean();
        }
        if (!mask.shape.SequenceEqual(rows.shape))
        {
            throw new ArgumentException($"a mask of shape ({string.Join(", ", mask.shape)}) does not fit tokens of shape ({string.Join(", ", rows.shape)})");
        }
        var counts = mask.detach().to(ScalarType.Bool);
        return rows.masked_fill(counts.logical_not(), 0).sum() / counts.sum().to(float32).clamp_min(1);
    }
}
