// The general knowledge distillation losses. TorchSharp's functional.kl_div takes log-space targets unless told otherwise
// and has no batch mean (PyTorch's default is the opposite); so the divergences are written out here.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Losses;

/// <summary>
/// Losses between a student's and a teacher's outputs. Each is computed in float32; what comes from the teacher is
/// detached. A mask has the shape of the outputs without their last axis, with 1 where a row counts and 0 where it does
/// not; without one all rows count. N is the number of rows that count.
/// </summary>
public static class Distillation
{
    /// <summary>
    /// T^2 / N sum over rows of KL(softmax(teacher / T) || softmax(student / T)) (Hinton, Vinyals, Dean 2015). Sum over
    /// classes, mean over rows; the factor T^2 keeps the gradient's size when T changes.
    /// </summary>
    /// <param name="student">logits (..., C)</param>
    /// <param name="teacher">logits (..., C), finite; detached</param>
    /// <param name="temperature">T</param>
    /// <param name="mask">(...)</param>
    public static Tensor Kl(Tensor student, Tensor teacher, double temperature = 1, Tensor? mask = null)
    {
        CheckTemperature(temperature);
        using var scope = NewDisposeScope();
        var logQ = nn.functional.log_softmax(student.to(float32) / temperature, -1);
        var logP = nn.functional.log_softmax(teacher.detach().to(float32) / temperature, -1);
        var rows = (logP.exp() * (logP - logQ)).sum(-1);
        return (Mean(rows, mask) * (temperature * temperature)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// 1 / N sum over rows of KL(p || softmax(student)) for a teacher that gives probabilities; 0 log 0 counts as 0. Sum
    /// over classes, mean over rows, no temperature.
    /// </summary>
    /// <param name="student">logits (..., C)</param>
    /// <param name="probabilities">p, (..., C), each row summing to 1; detached</param>
    /// <param name="mask">(...)</param>
    public static Tensor KlOfProbabilities(Tensor student, Tensor probabilities, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var logQ = nn.functional.log_softmax(student.to(float32), -1);
        var p = probabilities.detach().to(float32);
        // The least normal number, so that p = 0 gives 0 log p = 0 and not NaN.
        var rows = (p * (p.clamp_min(1.17549435e-38f).log() - logQ)).sum(-1);
        return Mean(rows, mask).MoveToOuterDisposeScope();
    }

    /// <summary>1 / N sum over rows of -sum over classes of p log softmax(student). No temperature.</summary>
    /// <param name="student">logits (..., C)</param>
    /// <param name="probabilities">p, (..., C); detached</param>
    /// <param name="mask">(...)</param>
    public static Tensor CrossEntropy(Tensor student, Tensor probabilities, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var rows = -(probabilities.detach().to(float32) * nn.functional.log_softmax(student.to(float32), -1)).sum(-1);
        return Mean(rows, mask).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (1 - a) CE(student, labels) + a T^2 KL(teacher || student at T), each a mean over rows (Hinton, Vinyals, Dean 2015).
    /// </summary>
    /// <param name="student">logits (B, C)</param>
    /// <param name="teacher">logits (B, C); detached</param>
    /// <param name="labels">class numbers (B), int64</param>
    /// <param name="temperature">T</param>
    /// <param name="weight">a, the teacher's share</param>
    public static Tensor WithLabels(Tensor student, Tensor teacher, Tensor labels, double temperature = 4, double weight = 0.9)
    {
        using var scope = NewDisposeScope();
        var hard = nn.functional.cross_entropy(student.to(float32), labels);
        return (hard * (1 - weight) + Kl(student, teacher, temperature) * weight).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The multi-label form of <see cref="Kl"/>: T^2 / (N C) sum over rows and classes of
    /// KL(Bernoulli(s(teacher / T)) || Bernoulli(s(student / T))), s the sigmoid. Mean over classes and rows.
    /// </summary>
    /// <param name="student">logits (..., C)</param>
    /// <param name="teacher">logits (..., C), finite; detached</param>
    /// <param name="temperature">T</param>
    /// <param name="mask">(...)</param>
    public static Tensor BernoulliKl(Tensor student, Tensor teacher, double temperature = 1, Tensor? mask = null)
    {
        CheckTemperature(temperature);
        using var scope = NewDisposeScope();
        var z = student.to(float32) / temperature;
        var t = teacher.detach().to(float32) / temperature;
        var p = t.sigmoid();
        // log s(t) - log s(z) and log(1 - s(t)) - log(1 - s(z)), with 1 - s(x) = s(-x).
        var on = nn.functional.logsigmoid(t) - nn.functional.logsigmoid(z);
        var off = nn.functional.logsigmoid(-t) - nn.functional.logsigmoid(-z);
        var rows = (p * on + (1 - p) * off).mean([-1]);
        return (Mean(rows, mask) * (temperature * temperature)).MoveToOuterDisposeScope();
    }

    /// <summary>1 / (N D) sum over rows and dimensions of (student - teacher)^2; for logits, features and embeddings. No temperature.</summary>
    /// <param name="student">(..., D)</param>
    /// <param name="teacher">(..., D); detached</param>
    /// <param name="mask">(...)</param>
    public static Tensor MeanSquare(Tensor student, Tensor teacher, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var rows = (student.to(float32) - teacher.detach().to(float32)).square().mean([-1]);
        return Mean(rows, mask).MoveToOuterDisposeScope();
    }

    /// <summary>1 / N sum over rows of 1 - cos(student, teacher), the product of the norms bounded below by 1e-8. No temperature.</summary>
    /// <param name="student">(..., D)</param>
    /// <param name="teacher">(..., D); detached</param>
    /// <param name="mask">(...)</param>
    public static Tensor Cosine(Tensor student, Tensor teacher, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        var s = student.to(float32);
        var t = teacher.detach().to(float32);
        var squares = (s.square().sum(-1) * t.square().sum(-1)).clamp_min(1e-16);
        return Mean(1 - (s * t).sum(-1) / squares.sqrt(), mask).MoveToOuterDisposeScope();
    }

    private static Tensor Mean(Tensor rows, Tensor? mask)
    {
        if (mask is null)
        {
            return rows.mean();
        }
        if (!mask.shape.SequenceEqual(rows.shape))
        {
            throw new ArgumentException($"a mask of shape ({string.Join(", ", mask.shape)}) does not fit rows of shape ({string.Join(", ", rows.shape)})");
        }
        var weight = mask.detach().to(float32);
        return (rows * weight).sum() / weight.sum();
    }

    private static void CheckTemperature(double temperature)
    {
        if (temperature is not > 0)
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is positive");
        }
    }
}
