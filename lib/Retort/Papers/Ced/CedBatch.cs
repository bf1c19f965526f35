using Retort.Audio;
using Retort.Data;
using Retort.Losses;
using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// The clips of one training step and all that a loss may ask of them. Each tensor is made when it is first asked for and
/// lives as long as the batch. B is the number of clips, C of classes; spectrograms are in dB.
/// </summary>
public sealed class CedBatch : IDisposable
{
    private readonly CedClips source;
    private readonly CedArm arm;
    private readonly Dictionary<string, Tensor> made = [];
    private readonly float[][]? read;

    internal CedBatch(CedClips source, CedArm arm, long seed, long step, long epoch, int[] clips, float[][]? read) =>
        (this.source, this.arm, Seed, Step, Epoch, Clips, this.read) = (source, arm, seed, step, epoch, clips, read);

    /// <summary>The run's seed.</summary>
    public long Seed { get; }

    /// <summary>The step, counted from 0.</summary>
    public long Step { get; }

    /// <summary>How often all clips have been seen before.</summary>
    public long Epoch { get; }

    /// <summary>The clips' numbers in the training data; B of them.</summary>
    public int[] Clips { get; }

    /// <summary>The clips' ids.</summary>
    public string[] Ids => [.. Clips.Select(source.Data.Id)];

    /// <summary>Which of the stored views this epoch shows: views are cycled through epoch by epoch.</summary>
    public int ViewNumber => (int)(Epoch % ViewCount);

    /// <summary>
    /// (B, mels, frames): the clips' views of this epoch. Where scores are stored the view is made from the seed that was
    /// stored with them, so that the two cannot part; else each epoch has fresh ones.
    /// </summary>
    public Tensor View => Once(nameof(View), () => source.Views.Mel(Clips,
        source.Scores is { } store ? [.. Clips.Select(clip => store.Seed(store.Row(clip, ViewNumber)))] : source.Views.Seeds(Clips, Seed, Epoch), read));

    /// <summary>(B, C): the teachers' stored scores of <see cref="View"/>, the arm's top k of them, the rest filled by its rule.</summary>
    public Tensor TeacherScores => Once(nameof(TeacherScores), () => Dense(source.Scores, _ => ViewNumber));

    /// <summary>
    /// (B, C): the teachers' stored scores of another view of the same clip, drawn for each clip among all but this epoch's:
    /// augmentation on both sides, independent of one another. (With a single view there is no other: it is an error.)
    /// </summary>
    public Tensor OtherViewScores => Once(nameof(OtherViewScores), () => Dense(source.Scores, clip => ViewCount < 2
        ? throw new InvalidOperationException("scores of another view need two stored views or more")
        : (ViewNumber + 1 + RandomStream.Of(Seed, "other view", source.Data.Id(clip), Epoch).Next(ViewCount - 1)) % ViewCount));

    /// <summary>(B, mels, frames): the clips as they are.</summary>
    public Tensor Clean => Once(nameof(Clean), () => source.Views.Clean(Clips));

    /// <summary>(B, C): the teachers' stored scores of the clips as they are; top k and fill as <see cref="TeacherScores"/>.</summary>
    public Tensor CleanScores => Once(nameof(CleanScores), () => Dense(source.CleanScores, _ => 0));

    /// <summary>
    /// (B, mels, frames): the clips unshifted under masks of this epoch's own, which no teacher saw: what the published
    /// switch <c>disable_consistency</c> gives the student.
    /// </summary>
    public Tensor FreshMasks => Once(nameof(FreshMasks), () => source.Views.Mel(Clips, source.Views.Seeds(Clips, ~Seed, Epoch), read, shift: false));

    /// <summary>(B, C): zeros and ones of the labels as training may see them, some of which may be missing.</summary>
    public Tensor Labels => Once(nameof(Labels), () => CedData.MultiHot(source.Data, Clips, source.Views.Device));

    /// <summary>(B, C): zeros and ones of all labels, the missing ones included: an oracle that only synthetic data has.</summary>
    /// <exception cref="InvalidOperationException">The data does not know its missing labels.</exception>
    public Tensor AllLabels => Once(nameof(AllLabels), () => CedData.MultiHot(source.Data.WithAllLabels() ?? throw new InvalidOperationException(
        "which labels are missing is known of synthetic data alone"), Clips, source.Views.Device));

    /// <summary>Mixup's weight of the partner, Beta(alpha, alpha), one for each clip, by (seed, clip, epoch).</summary>
    public float[] MixupWeights(double alpha) => Augment.MixupWeights(Seed, Ids, Epoch, alpha);

    /// <summary>Random numbers of a purpose for a clip in this epoch.</summary>
    public RandomStream Random(string purpose, string id = "") => RandomStream.Of(Seed, purpose, id, Epoch);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in made.Values)
        {
            value.Dispose();
        }
        made.Clear();
    }

    private int ViewCount => arm.Views == 0 ? source.Scores?.Card.Views ?? int.MaxValue : arm.Views;

    // Detached, so that a scope that the loss opens does not take it from whoever asks next.
    private Tensor Once(string name, Func<Tensor> make)
    {
        if (!made.TryGetValue(name, out var value))
        {
            using var none = no_grad();
            made[name] = value = make().DetachFromDisposeScope();
        }
        return value;
    }

    private Tensor Dense(TeacherStore? store, Func<int, int> view)
    {
        if (store is null)
        {
            throw new InvalidOperationException($"the loss of \"{arm.Name}\" asks for teachers' scores, and none are stored of these clips");
        }
        var rows = Array.ConvertAll(Clips, clip => store.Row(clip, view(clip)));
        var classes = store.Card.Classes.Count;
        var dense = new float[rows.Length * classes];
        store.Scatter(rows, dense, topK: arm.TopK, write: (row, target, values, ids) => TopKTargets.Fill(
            target, values, ids, arm.Fill, arm.Fill == TargetFill.LastRandom ? RandomStream.Of(Seed, "fill", $"{row}", Epoch) : null));
        return tensor(dense, [rows.Length, classes], device: source.Views.Device);
    }
}
