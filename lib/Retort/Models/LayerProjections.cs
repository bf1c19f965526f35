using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// The linear maps of encoder-level KD from several layers of the teacher (the released code's "Wml"; the paper does not name it): a query and a value of the student's
/// clip embedding, a key and a value of each layer's, for <see cref="Losses.CaptionDistillation.MultiLayer"/>. Needed in training only. Keys of its state are the released
/// ones: <c>stdnt_qv_proj</c>, <c>tchr_kv_proj_NAME</c> of each layer.
/// </summary>
public sealed class LayerProjections : nn.Module<Tensor, IReadOnlyList<Tensor>, (Tensor Student, IReadOnlyList<Tensor> Teacher)>
{
    private readonly Linear student;
    private readonly Linear[] teacher;

    /// <summary>Fresh projections: Kaiming-uniform weights, zero bias, as the released code starts its projections.</summary>
    /// <param name="student">width of the student's embedding</param>
    /// <param name="layers">name and width of each of the teacher's layers</param>
    /// <param name="shared">width S of keys, queries and values</param>
    /// <param name="seed">the run's seed</param>
    /// <exception cref="ArgumentException">No layer, or two of one name.</exception>
    public LayerProjections(int student, IReadOnlyList<(string Name, int Width)> layers, int shared = 1024, long seed = 0) : base(nameof(LayerProjections))
    {
        if (layers.Count == 0 || layers.DistinctBy(l => l.Name).Count() != layers.Count)
        {
            throw new ArgumentException($"the teacher's layers need a name each: {string.Join(", ", layers.Select(l => l.Name))}", nameof(layers));
        }
        this.student = nn.Linear(student, 2 * shared);
        teacher = [.. layers.Select(l => nn.Linear(l.Width, 2 * shared))];
        register_module("stdnt_qv_proj", this.student);
        foreach (var (layer, map) in layers.Zip(teacher))
        {
            register_module($"tchr_kv_proj_{layer.Name}", map);
        }
        FreshWeights.Fill(this, seed, "layer projections", (_, shape, draw) => shape.Length == 2 ? () => draw.Uniform(-1, 1) * Math.Sqrt(6.0 / shape[1]) : null);
        this.OutliveScopes();
    }

    /// <summary>The student's query and value (B, 2 S), and key and value (B, 2 S) of each layer. The teacher's embeddings are detached before their projections.</summary>
    /// <param name="embedding">the student's clip embeddings (B, D)</param>
    /// <param name="layers">clip embeddings (B, E) of each of the teacher's layers</param>
    /// <exception cref="ArgumentException">Another number of layers.</exception>
    public override (Tensor Student, IReadOnlyList<Tensor> Teacher) forward(Tensor embedding, IReadOnlyList<Tensor> layers)
    {
        if (layers.Count != teacher.Length)
        {
            throw new ArgumentException($"{layers.Count} layers of the teacher, where {teacher.Length} are projected", nameof(layers));
        }
        return (student.call(embedding), [.. teacher.Zip(layers, (map, layer) => map.call(layer.detach()))]);
    }
}
