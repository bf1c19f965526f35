using Retort.Audio;
using Retort.Data;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>Stores an ensemble's scores of views: one pass over the clips for each view, after which no teacher is needed.</summary>
public static class CedScores
{
    private const int Batch = 100;

    /// <summary>What a store of these scores is known by.</summary>
    public static TeacherStoreCard Card(TeacherEnsemble teachers, TaggingData data, ViewSettings settings, int views, int topK) => new(
        [.. teachers.Members.Select((m, i) => $"teacher {i + 1}/{CedTeachers.WeightsHash(m)}")], teachers.FrontEnd.Settings.Identity,
        settings.Identity, settings.Algorithm.ToString(), data.Hash, data.Classes, data.Count, views)
    {
        TopK = Math.Min(topK, data.Classes.Count),
    };

    /// <summary>
    /// Fills the store, or what is missing of it after a kill, and opens it. A view's seed is
    /// <see cref="View.SeedOf"/>(seed, clip's id, view's number).
    /// </summary>
    /// <param name="folder">the store's folder</param>
    /// <param name="teachers">the ensemble</param>
    /// <param name="data">the clips</param>
    /// <param name="source">their views; a source that keeps spectrograms leaves them ready for the students</param>
    /// <param name="views">views of each clip</param>
    /// <param name="topK">scores kept of each</param>
    /// <param name="seed">decides the views</param>
    /// <param name="progress">told (rows done, rows in all)</param>
    /// <param name="cancel">stops between batches; what is stored stays</param>
    public static TeacherStore Fill(
        string folder, TeacherEnsemble teachers, TaggingData data, ViewSource source, int views, int topK, long seed,
        Action<long, long>? progress = null, CancellationToken cancel = default)
    {
        var card = Card(teachers, data, source.Settings, views, topK);
        using (var writer = TeacherStoreWriter.Open(folder, card, data))
        {
            while (!writer.Complete)
            {
                cancel.ThrowIfCancellationRequested();
                var view = writer.NextView;
                var clips = Enumerable.Range(writer.NextClip, Math.Min(Batch, data.Count - writer.NextClip)).ToArray();
                var seeds = CedStudent.Seeds(data, clips, seed, view);
                using var scope = NewDisposeScope();
                using var none = no_grad();
                writer.Append(teachers.ForwardMel(source.Mel(clips, seeds)).to(float32).cpu().contiguous().data<float>().ToArray(), seeds);
                progress?.Invoke(writer.NextRow, (long)data.Count * views);
            }
        }
        return TeacherStore.Open(folder, card);
    }

    /// <summary>Runs the teachers again on some rows chosen at random and compares with what is stored.</summary>
    public static StoreComparison Verify(TeacherStore store, TeacherEnsemble teachers, ViewSource source, int rows, long seed = 0) =>
        store.Compare(rows, (clip, _, viewSeed, scores) =>
        {
            using var scope = NewDisposeScope();
            using var none = no_grad();
            teachers.ForwardMel(source.Mel([clip], [viewSeed])).cpu().data<float>().ToArray().CopyTo(scores);
        }, seed);
}
