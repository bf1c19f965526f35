using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// The linear maps that bring a student's and a teacher's clip embedding into one space for encoder-level KD (Xu et al.,
/// Interspeech 2024), and the contrastive loss's trained scale. Needed in training only. Keys of its state are the published ones:
/// <c>logit_scale</c>, <c>stdnt_proj</c>, <c>tchr_proj</c>.
/// </summary>
public sealed class EmbeddingProjections : nn.Module<Tensor, Tensor, (Tensor Student, Tensor Teacher)>
{
    private readonly Parameter logit_scale;
    private readonly Linear stdnt_proj;
    private readonly Linear? tchr_proj;

    /// <summary>Fresh projections: Kaiming-uniform weights, zero bias, as published.</summary>
    /// <param name="student">width of the student's embedding</param>
    /// <param name="teacher">width of the teacher's</param>
    /// <param name="shared">width of the shared space; with a fixed teacher it must be the teacher's</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="fixedTeacher">true: the teacher's embedding is taken as it is, so that both projections cannot shrink to nothing together</param>
    /// <exception cref="ArgumentException">A fixed teacher has another width than the shared space.</exception>
    public EmbeddingProjections(int student, int teacher, int shared = 1024, long seed = 0, bool fixedTeacher = false) : base(nameof(EmbeddingProjections))
    {
        if (fixedTeacher && shared != teacher)
        {
            throw new ArgumentException($"without a projection of the teacher the shared width must be the teacher's {teacher}, not {shared}", nameof(shared));
        }
        logit_scale = new Parameter(tensor((float)Math.Log(1 / 0.07)));
        stdnt_proj = nn.Linear(student, shared);
        tchr_proj = fixedTeacher ? null : nn.Linear(teacher, shared);
        RegisterComponents();
        FreshWeights.Fill(this, seed, "embedding projections", (_, shape, draw) =>
            shape.Length == 2 ? () => draw.Uniform(-1, 1) * Math.Sqrt(6.0 / shape[1]) : null);
        using var noGrad = no_grad();
        logit_scale.fill_(Math.Log(1 / 0.07));
        this.OutliveScopes();
    }

    /// <summary>The trained scale of the contrastive logits, a scalar that starts at ln(1 / 0.07).</summary>
    public Tensor LogitScale => logit_scale;

    /// <summary>Embeddings (B, D) and (B, E) to the shared space, (B, S) each. The teacher's is detached before its projection.</summary>
    public override (Tensor Student, Tensor Teacher) forward(Tensor student, Tensor teacher)
    {
        using var scope = NewDisposeScope();
        return (stdnt_proj.call(student).MoveToOuterDisposeScope(), Teacher(teacher).MoveToOuterDisposeScope());
    }

    /// <summary>A teacher's embeddings (B, E) in the shared space, (B, S).</summary>
    public Tensor Teacher(Tensor teacher)
    {
        using var scope = NewDisposeScope();
        var fixedTeacher = teacher.detach();
        return (tchr_proj?.call(fixedTeacher) ?? fixedTeacher).MoveToOuterDisposeScope();
    }
}
