// The paper's losses on a batch, as the notebook writes them out, and its arms. Equations: the authors' slides 11 to 21; the
// weight alpha: the group's sister code (arXiv 2211.08161), as the paper's is not published.

using Retort.Data;
using Retort.Losses;
using Retort.Models;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>The losses of a batch. A KD term is a function of the new model's pass and the batch, over the replayed rows alone.</summary>
public static class SluLosses
{
    /// <summary>L_CE on all rows: mean over the tokens that count.</summary>
    public static Tensor CrossEntropy(SpokenLanguageModel model, SluBatch batch) => CrossEntropy(batch.Forward(model));

    /// <summary>L_CE of a pass.</summary>
    public static Tensor CrossEntropy(SluForward pass) => SequenceDistillation.CrossEntropy(pass.Logits, pass.Gold.Outputs, pass.Gold.Mask);

    /// <summary>L_audio: the replayed rows' encoder output, new against old, both hearing the same (masked) features.</summary>
    public static Tensor Audio(SluForward pass, SluBatch batch)
    {
        var (student, teacher) = (batch.Replayed(pass), batch.Old);
        return SequenceDistillation.AudioKd(student.EncoderOutput, teacher.EncoderOutput, student.FrameMask);
    }

    /// <summary>L_tok at temperature 1: token distributions along the replayed rows' gold strings.</summary>
    public static Tensor Token(SluForward pass, SluBatch batch) => Token(pass, batch, 1);

    /// <summary>L_tok at a temperature.</summary>
    public static Tensor Token(SluForward pass, SluBatch batch, double temperature)
    {
        var student = batch.Replayed(pass);
        return SequenceDistillation.TokenKd(student.Logits, batch.Old.Logits, student.Gold.Mask, temperature);
    }

    /// <summary>L_seq: cross-entropy with the strings that the old model decodes of the replayed rows.</summary>
    public static Tensor Sequence(SluForward pass, SluBatch batch) => Strings(pass, batch, batch.Decoded);

    /// <summary>
    /// The control that the paper lacks: the gold strings at seq-KD's place and weight. What it gains is owed to the weight and
    /// not to the old model.
    /// </summary>
    public static Tensor Gold(SluForward pass, SluBatch batch)
    {
        // A pass of its own, as seq-KD has: with dropout in the decoder the other logits would be of other draws.
        var student = batch.Replayed(pass);
        return SequenceDistillation.SequenceKd(student.LogitsOf(student.Gold), student.Gold.Outputs, student.Gold.Mask);
    }

    /// <summary>Cross-entropy of the replayed rows with other strings, one a row.</summary>
    public static Tensor Strings(SluForward pass, SluBatch batch, TokenRows strings) =>
        SequenceDistillation.SequenceKd(batch.Replayed(pass).LogitsOf(strings), strings.Outputs, strings.Mask);

    /// <summary>
    /// seq-KD with all strings of the beam: for each row the mean over its strings, by their probability, of -log p(string) a token;
    /// then the mean over rows.
    /// </summary>
    public static Tensor NBest(SluForward pass, SluBatch batch)
    {
        using var scope = NewDisposeScope();
        var beam = batch.NBest;
        var (targets, mask) = (beam.Strings.Outputs, beam.Strings.Mask);
        var logs = nn.functional.log_softmax(batch.Replayed(pass).LogitsOf(beam).to(float32), -1).gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        var each = -(logs * mask).sum(-1) / mask.sum(-1);  // (strings)
        return ((each * beam.Weight).sum() / batch.ReplayedRows).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (1 - alpha) L_CE + alpha (sum of the KD terms), alpha = sqrt(replayed rows / rows); L_CE itself where nothing is replayed.
    /// </summary>
    /// <param name="model">the new model</param>
    /// <param name="batch">the batch</param>
    /// <param name="terms">the KD terms</param>
    public static Tensor With(SpokenLanguageModel model, SluBatch batch, params Func<SluForward, SluBatch, Tensor>[] terms) =>
        With(model, batch, SequenceDistillation.AdaptiveWeight(batch.ReplayedRows, batch.Rows), terms);

    /// <summary>The same with a weight of one's own in batches with replayed rows.</summary>
    /// <param name="model">the new model</param>
    /// <param name="batch">the batch</param>
    /// <param name="alpha">from 0 to 1</param>
    /// <param name="terms">the KD terms</param>
    public static Tensor With(SpokenLanguageModel model, SluBatch batch, double alpha, params Func<SluForward, SluBatch, Tensor>[] terms)
    {
        var pass = batch.Forward(model);
        var crossEntropy = CrossEntropy(pass);
        return batch.ReplayedRows == 0 ? crossEntropy : SequenceDistillation.Combine(crossEntropy, [.. terms.Select(term => term(pass, batch))], alpha);
    }
}

/// <summary>The rows of the paper's two tables, and the control that it lacks, with the published sizes of the memory on SLURP.</summary>
public static class SluArms
{
    /// <summary>All data at once: the upper bound.</summary>
    public static SluArm Offline { get; } = new("offline", SluLosses.CrossEntropy) { Split = new(1) };

    /// <summary>No memory.</summary>
    public static SluArm FineTune { get; } = new("fine-tuning", SluLosses.CrossEntropy);

    /// <summary>Plain rehearsal: a memory of 1 %, chosen by herding. What every KD row is compared to.</summary>
    public static SluArm Icarl { get; } = new("rehearsal 1 % iCaRL", SluLosses.CrossEntropy) { Memory = 66 };

    /// <summary>seq-KD: the paper's own.</summary>
    public static SluArm Sequence { get; } = Icarl with { Name = "seq-KD", Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Sequence) };

    /// <summary>The control: gold in place of the old model's strings, at the same weight.</summary>
    public static SluArm Gold { get; } = Icarl with { Name = "gold replay", Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Gold) };

    /// <summary>The main table's rows, offline apart.</summary>
    public static IReadOnlyList<SluArm> Main { get; } =
    [
        FineTune,
        Icarl with { Name = "rehearsal 5 % random", Memory = 333, Selection = MemorySelection.Random },
        Icarl with { Name = "rehearsal 1 % random", Selection = MemorySelection.Random },
        Icarl,
        Icarl with { Name = "audio-KD", Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Audio) },
        Icarl with { Name = "tok-KD", Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Token) },
        Sequence,
    ];

    /// <summary>The second table's rows, on 6 tasks.</summary>
    public static IReadOnlyList<SluArm> Combinations { get; } =
    [
        Icarl with { Name = "audio + tok", Split = new(6), Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Audio, SluLosses.Token) },
        Icarl with { Name = "audio + seq", Split = new(6), Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Audio, SluLosses.Sequence) },
        Icarl with { Name = "seq + tok", Split = new(6), Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Sequence, SluLosses.Token) },
        Icarl with { Name = "audio + seq + tok", Split = new(6), Loss = (model, batch) => SluLosses.With(model, batch, SluLosses.Audio, SluLosses.Sequence, SluLosses.Token) },
    ];

    /// <summary>Everything above on 3 and on 6 tasks; the names say which.</summary>
    public static IReadOnlyList<SluArm> All { get; } =
        [Offline, .. Main.Append(Gold).SelectMany(arm => new[] { OnTasks(arm, 3), OnTasks(arm, 6) }), .. Combinations.Select(arm => OnTasks(arm, 6))];

    /// <summary>An arm on another number of tasks, which its name then says.</summary>
    public static SluArm OnTasks(SluArm arm, int tasks) => arm with { Name = $"{arm.Name}, {tasks} tasks", Split = arm.Split with { Tasks = tasks } };
}
