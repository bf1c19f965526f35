using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Caption;

/// <summary>Captions of a batch as a decoder reads them.</summary>
/// <param name="Input">start and words, (B, L), int64</param>
/// <param name="Target">words and end, (B, L), int64</param>
/// <param name="Mask">true where a target counts, (B, L)</param>
public sealed record CaptionTokens(Tensor Input, Tensor Target, Tensor Mask)
{
    /// <summary>
    /// Scheduled sampling, as released: at each place, whether the whole batch is given the words of its captions up to there (true), or all the
    /// words that the student chose itself at the places before. Null: the captions' words at every place, teacher forcing.
    /// </summary>
    public IReadOnlyList<bool>? Forced { get; init; }

    /// <summary>These captions for a step of scheduled sampling, whose share of forced places falls linearly from 1 to what is asked for.</summary>
    /// <param name="last">share of forced places at the last step; 1: teacher forcing</param>
    /// <param name="done">share of the steps that are behind</param>
    /// <param name="random">what is drawn from</param>
    public CaptionTokens Sampled(double last, double done, RandomStream random) =>
        last >= 1 ? this : this with { Forced = [.. Enumerable.Range(0, (int)Input.shape[1]).Select(_ => random.Chance(1 - (1 - last) * done))] };

    /// <summary>Of sentences without marks; all on one device.</summary>
    /// <param name="sentences">words of each caption, by number</param>
    /// <param name="longest">words beyond this are cut off</param>
    /// <param name="device">where they are wanted; null for the CPU</param>
    public static CaptionTokens Of(IReadOnlyList<IReadOnlyList<int>> sentences, int longest = 20, Device? device = null)
    {
        const int Start = 1, End = 2;
        var length = 1 + sentences.Max(s => Math.Min(s.Count, longest));
        var (input, target) = (new long[sentences.Count * length], new long[sentences.Count * length]);
        for (var b = 0; b < sentences.Count; b++)
        {
            var words = sentences[b].Take(longest).ToArray();
            input[b * length] = Start;
            for (var i = 0; i < words.Length; i++)
            {
                input[b * length + i + 1] = target[b * length + i] = words[i];
            }
            target[b * length + words.Length] = End;
        }
        long[] lengths = [.. sentences.Select(s => 1L + Math.Min(s.Count, longest))];
        return new CaptionTokens(tensor(input, [sentences.Count, length], device: device), tensor(target, [sentences.Count, length], device: device), LengthMask.Valid(lengths, length, device));
    }
}

/// <summary>What a training step is given. Null where the arm does not use it.</summary>
public sealed class CaptionBatch
{
    /// <summary>Log-mel spectrograms (B, columns, mels).</summary>
    public required Tensor Sound { get; init; }

    /// <summary>Valid columns of each; null if all are.</summary>
    public IReadOnlyList<long>? Columns { get; init; }

    /// <summary>The captions; null in <see cref="AudioOnly"/>.</summary>
    public CaptionTokens? Captions { get; init; }

    /// <summary>The captions that the teacher decoded by beam search.</summary>
    public CaptionTokens? TeacherCaptions { get; init; }

    /// <summary>The teacher's clip embeddings (B, E).</summary>
    public Tensor? TeacherEmbedding { get; init; }

    /// <summary>The means of the teacher's layers, (B, width) each, its clip embedding last; what distillation from several layers reads ("Wml").</summary>
    public IReadOnlyList<Tensor>? TeacherLayers { get; init; }

    /// <summary>The teacher's log-probabilities (B, L, V) of each next word along <see cref="Captions"/>, read when they are first asked for.</summary>
    public Tensor? TeacherLogits => teacherLogits ??= ReadTeacherLogits?.Invoke();

    /// <summary>Reads <see cref="TeacherLogits"/>; null where there are none.</summary>
    public Func<Tensor>? ReadTeacherLogits { get; init; }

    private Tensor? teacherLogits;

    /// <summary>Clips without captions that are heard in the same step.</summary>
    public CaptionBatch? AudioOnly { get; init; }
}

/// <summary>What a student's encoder makes of sounds.</summary>
/// <param name="Frames">(B, T, C), for the decoder</param>
/// <param name="Lengths">valid frames; null if all are</param>
/// <param name="Embedding">(B, C), the mean of the valid frames</param>
public sealed record HeardSound(Tensor Frames, IReadOnlyList<long>? Lengths, Tensor Embedding);

/// <summary>A captioner in training: the model and the projections that encoder-level KD trains beside it.</summary>
public sealed class CaptionStudent : nn.Module
{
    private readonly AudioCaptionModel model;
    private readonly EmbeddingProjections projections;
    private readonly LayerProjections? layers;

    /// <param name="model">the captioner</param>
    /// <param name="projections">from its embedding and the teacher's to one space</param>
    /// <param name="layers">queries, keys and values for distillation from several of the teacher's layers; null without it</param>
    public CaptionStudent(AudioCaptionModel model, EmbeddingProjections projections, LayerProjections? layers = null) : base(nameof(CaptionStudent))
    {
        (this.model, this.projections, this.layers) = (model, projections, layers);
        RegisterComponents();
    }

    /// <summary>The captioner.</summary>
    public AudioCaptionModel Model => model;

    /// <summary>The trained scale of the contrastive loss.</summary>
    public Tensor LogitScale => projections.LogitScale;

    /// <summary>The encoder's frames and clip embeddings of a batch. One call serves every target of the batch.</summary>
    public HeardSound Hear(CaptionBatch batch)
    {
        var frames = model.Encoder.FromFeatures(batch.Sound, null);
        var lengths = batch.Columns is { } columns ? columns.Select(n => ((EfficientNetEncoder)model.Encoder).FramesOfColumns(n)).ToArray() : null;
        return new HeardSound(frames, lengths, AudioCaptionModel.Pool(frames, lengths));
    }

    /// <summary>Logits (B, L, V) of each next word: by teacher forcing, or with the student's own words where <see cref="CaptionTokens.Forced"/> says so.</summary>
    public Tensor Logits(HeardSound heard, CaptionTokens captions)
    {
        if (captions.Forced is not { } forced || forced.All(f => f))
        {
            return model.Decoder.call(captions.Input, heard.Frames, heard.Lengths);
        }
        using var scope = NewDisposeScope();
        var (places, own) = (new List<Tensor>(), captions.Input.narrow(1, 0, 1));
        for (var t = 0; t < forced.Count; t++)
        {
            // As released: every word re-reads its whole prefix.
            var prefix = forced[t] ? captions.Input.narrow(1, 0, t + 1) : own;
            places.Add(model.Decoder.call(prefix, heard.Frames, heard.Lengths).select(1, t));
            own = cat([own, places[^1].detach().argmax(-1, keepdim: true)], 1);
        }
        return stack(places, 1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The cross-entropies with label smoothing of several captions of the same sounds, added up: L_sup of the given and L_seq of the teacher's. One
    /// pass of the decoder serves them all.
    /// </summary>
    public Tensor CrossEntropy(HeardSound heard, params CaptionTokens[] captions)
    {
        using var scope = NewDisposeScope();
        Tensor Of(Tensor logits, CaptionTokens c) => CaptionDistillation.LabelSmoothing(logits, c.Target, c.Mask);
        if (captions.Length == 1 || captions.Any(c => c.Forced is not null))
        {
            return captions.Select(c => Of(Logits(heard, c), c)).Aggregate((sum, next) => sum + next).MoveToOuterDisposeScope();
        }
        var longest = captions.Max(c => c.Input.shape[1]);
        var words = cat([.. captions.Select(c => nn.functional.pad(c.Input, (0, longest - c.Input.shape[1])))]);
        long[]? lengths = heard.Lengths is { } own ? [.. captions.SelectMany(_ => own)] : null;
        var logits = model.Decoder.call(words, cat([.. captions.Select(_ => heard.Frames)]), lengths).chunk(captions.Length);
        return captions.Zip(logits, (c, l) => Of(l.narrow(1, 0, c.Input.shape[1]), c)).Aggregate((sum, next) => sum + next).MoveToOuterDisposeScope();
    }

    /// <summary>Student's and teacher's clip embeddings in the shared space, (B, S) each.</summary>
    public (Tensor Student, Tensor Teacher) Project(HeardSound heard, Tensor teacherEmbedding) => projections.call(heard.Embedding, teacherEmbedding);

    /// <summary>The student's query and value, and key and value of each of the teacher's layers, (B, 2 S) each, for <see cref="CaptionDistillation.MultiLayer"/>.</summary>
    /// <exception cref="InvalidOperationException">The student was made without projections of layers.</exception>
    public (Tensor Student, IReadOnlyList<Tensor> Teacher) ProjectLayers(HeardSound heard, IReadOnlyList<Tensor> teacherLayers) =>
        layers?.call(heard.Embedding, teacherLayers) ?? throw new InvalidOperationException("this student has no projections of the teacher's layers (CaptionArm.Layers, CaptionPaper.Layers)");

    /// <summary>The teacher's clip embeddings in the shared space, (B, S).</summary>
    public Tensor ProjectTeacher(Tensor teacherEmbedding) => projections.Teacher(teacherEmbedding);

    /// <summary>
    /// The paper's default loss, L_sup + L_seq + L_enc with the contrastive term, and L_seq + L_enc on the clips without captions where the
    /// batch has some.
    /// </summary>
    public static Tensor Contrastive(CaptionStudent student, CaptionBatch batch)
    {
        var heard = student.Hear(batch);
        CaptionTokens[] captions = batch.Captions is { } given ? [given, batch.TeacherCaptions!] : [batch.TeacherCaptions!];
        var (own, taught) = student.Project(heard, batch.TeacherEmbedding!);
        var loss = student.CrossEntropy(heard, captions) + CaptionDistillation.Contrastive(own, taught, student.LogitScale);
        return batch.AudioOnly is { } more ? loss + Contrastive(student, more) : loss;
    }
}

/// <summary>One row of the ablation: a name, a function from a batch to a loss, and what else differs.</summary>
/// <param name="Name">what tables call it</param>
/// <param name="Loss">from a student and a batch to a scalar</param>
public sealed record CaptionArm(string Name, Func<CaptionStudent, CaptionBatch, Tensor> Loss) : IArm
{
    /// <summary>Captioned clips; 0 for the settings'.</summary>
    public int Clips { get; init; }

    /// <summary>Clips without captions; half of each batch is then of them, so that every arm hears as much.</summary>
    public int AudioOnly { get; init; }

    /// <summary>Whether the student has the teacher's encoder, fresh.</summary>
    public bool LargeEncoder { get; init; }

    /// <summary>Whether the student has the teacher's decoder, fresh.</summary>
    public bool LargeDecoder { get; init; }

    /// <summary>
    /// Whether the teacher's embedding is taken as it is, without a projection that is trained. The released code's variant of this also feeds the student's
    /// projected frames to the decoder; here they are compared only, so that nothing else differs from the arm with two projections.
    /// </summary>
    public bool FixedTeacher { get; init; }

    /// <summary>Whether the student also gets projections for distillation from several of the teacher's layers (<see cref="CaptionStudent.ProjectLayers"/>).</summary>
    public bool Layers { get; init; }

    /// <summary>Whether the captions that stand for the teacher's are those of a student trained on L_sup alone under the same seed: self-training.</summary>
    public bool SelfTraining { get; init; }

    /// <summary>How the decoder's table of positions starts.</summary>
    public CaptionPositions Positions { get; init; } = CaptionPositions.Sinusoid;
}
