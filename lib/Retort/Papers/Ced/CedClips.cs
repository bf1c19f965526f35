using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Plots;
using Retort.Torch;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// Clips that a model is trained on: the clips, their augmented views, and the teachers' scores that are stored of these
/// views, if there are any. After the scores are stored no teacher is needed.
/// </summary>
public sealed class CedClips : IResultKey, IDisposable
{
    private const int Together = 100;
    private const double TenSeconds = 320_000, AudioSetClips = 1_904_746;

    /// <summary>Clips, their views and, for students of a teacher, stored scores.</summary>
    /// <param name="data">the clips</param>
    /// <param name="views">their views</param>
    /// <param name="scores">the teachers' scores of stored views; null where only labels teach</param>
    /// <param name="cleanScores">the teachers' scores of the clips as they are; null where no loss asks for them</param>
    /// <exception cref="BadInputException">The store is of other clips, classes, views or another front-end.</exception>
    public CedClips(TaggingData data, ViewSource views, TeacherStore? scores = null, TeacherStore? cleanScores = null)
    {
        (Data, Views, Scores, CleanScores) = (data, views, scores, cleanScores);
        if (scores is not null)
        {
            Check(scores);
        }
    }

    /// <summary>The clips.</summary>
    public TaggingData Data { get; }

    /// <summary>Their views.</summary>
    public ViewSource Views { get; }

    /// <summary>The teachers' scores of stored views.</summary>
    public TeacherStore? Scores { get; }

    /// <summary>The teachers' scores of the clips as they are.</summary>
    public TeacherStore? CleanScores { get; }

    /// <inheritdoc/>
    public string ResultKey => string.Join('|', [Data.Hash, Views.Settings.Identity, $"{Scores?.Card}", .. Scores?.Card.Teachers ?? [], $"{CleanScores?.Card.Views}"]);

    /// <summary>
    /// Runs teachers once over every view and opens what is stored; what a killed run had stored is not done again. A
    /// view's seed is <see cref="View.SeedOf"/>(seed, clip's id, view's number).
    /// </summary>
    /// <param name="folder">where the scores are stored</param>
    /// <param name="teachers">the ensemble, such as a published checkpoint's model alone</param>
    /// <param name="data">the clips</param>
    /// <param name="views">their views; of the teachers' front-end</param>
    /// <param name="count">views stored of each clip</param>
    /// <param name="topK">scores stored of each view; at most the number of classes</param>
    /// <param name="seed">decides the views</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops between batches; what is stored stays</param>
    /// <exception cref="BadInputException">The teachers have another number of classes, or the folder holds other scores.</exception>
    public static CedClips Score(
        string folder, TeacherEnsemble teachers, TaggingData data, ViewSource views, int count, int topK = 20, long seed = 42,
        RunProgress? progress = null, CancellationToken cancel = default)
    {
        if (teachers.Classes != data.Classes.Count)
        {
            throw new BadInputException("teachers", "classes", $"they score {teachers.Classes} classes and the clips have {data.Classes.Count}; " +
                "fine-tune the teachers on labels of the clips' classes first, or open the clips with the teachers' class list");
        }
        Directory.CreateDirectory(folder);
        var scores = Fill(Path.Combine(folder, "views"), teachers, data, views, count, topK, seed, progress, cancel);
        var unchanged = new ViewSource(data, ViewSettings.Clean, teachers.FrontEnd, device: views.Device);
        return new CedClips(data, views, scores, Fill(Path.Combine(folder, "clean"), teachers, data, unchanged, 1, topK, seed, null, cancel));
    }

    /// <summary>The batch of a step as a run of this arm and seed sees it, to take a step by hand.</summary>
    public CedBatch Batch(CedArm arm, long seed, long step)
    {
        var (epoch, clips) = new SampleOrder(Data.Count, seed).Batch(step, arm.Training.Batch);
        return new CedBatch(this, arm, seed, step, epoch, clips, read: null);
    }

    /// <summary>Makes stored views again from their seeds, runs the teachers on them again, and compares with what is stored.</summary>
    public StoreComparison Verify(TeacherEnsemble teachers, int rows, long seed = 0) =>
        Scores!.Compare(rows, (clip, _, viewSeed, scores) =>
        {
            using var scope = NewDisposeScope();
            teachers.ForwardMel(Views.Mel([clip], [viewSeed])).cpu().data<float>().ToArray().CopyTo(scores);
        }, seed);

    /// <summary>What the scores take on disk, beside the audio of these clips.</summary>
    /// <param name="audioSet">whether AudioSet's sizes at these bytes a view stand below, and all its scores in float32: right for as many scores a view as the paper stores</param>
    public Table Storage(bool audioSet = false)
    {
        var table = new Table("store", "views", "bytes a view", "MB", "% of the audio").WithTitle("What the scores take")
            .WithFormat("views", "N0").WithFormat("bytes a view", "F1").WithFormat("MB", "N1").WithFormat("% of the audio", "F2");
        void Row(string name, double views, double bytes, double audio) => table = table.WithRow(name, views, bytes, views * bytes / 1e6, 100 * views * bytes / audio);
        var (rows, mine) = (Scores!.Rows, (double)Scores.BytesOnDisk / Scores.Rows);
        Row("these clips", rows, mine, Enumerable.Range(0, Data.Count).Sum(i => 2.0 * Data.Samples(i).Length));
        if (!audioSet)
        {
            return table;
        }
        Row("AS-2M, 10 views", 10 * AudioSetClips, mine, AudioSetClips * TenSeconds);
        Row("AS-2M, 40 views (the shipped configuration)", 40 * AudioSetClips, mine, AudioSetClips * TenSeconds);
        Row("AS-20K, 120 views", 120 * 22_160, mine, 22_160 * TenSeconds);
        Row("AS-2M, 10 views, all 527 scores in float32", 10 * AudioSetClips, 4 * 527, AudioSetClips * TenSeconds);
        return table;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scores?.Dispose();
        CleanScores?.Dispose();
    }

    private static TeacherStore Fill(
        string folder, TeacherEnsemble teachers, TaggingData data, ViewSource source, int views, int topK, long seed, RunProgress? progress, CancellationToken cancel)
    {
        var card = new TeacherStoreCard([.. teachers.Members.Select((m, i) => $"teacher {i + 1}/{StateDict.Hash(m)}")], teachers.FrontEnd.Settings.Identity,
            source.Settings.Identity, source.Settings.Algorithm.ToString(), data.Hash, data.Classes, data.Count, views)
        { TopK = Math.Min(topK, data.Classes.Count) };
        using (var writer = TeacherStoreWriter.Open(folder, card, data))
        {
            while (!writer.Complete)
            {
                cancel.ThrowIfCancellationRequested();
                var clips = Enumerable.Range(writer.NextClip, Math.Min(Together, data.Count - writer.NextClip)).ToArray();
                var seeds = source.Seeds(clips, seed, writer.NextView);
                using var scope = NewDisposeScope();
                writer.Append(teachers.ForwardMel(source.Mel(clips, seeds)).to(float32).cpu().contiguous().data<float>().ToArray(), seeds);
                progress?.Report(writer.NextRow, (long)data.Count * views);
            }
        }
        return TeacherStore.Open(folder, card);
    }

    private void Check(TeacherStore scores)
    {
        var card = scores.Card;
        if (!card.Classes.SequenceEqual(Data.Classes))
        {
            throw new BadInputException(scores.Folder, "classes", $"the store's {card.Classes.Count} classes are not the clips' {Data.Classes.Count}, or stand in another order");
        }
        if (card.Clips != Data.Count)
        {
            throw new BadInputException(scores.Folder, "clips", $"the store is of {card.Clips} clips, {Data.Count} are to be trained on; none may be held out of them");
        }
        for (var clip = 0; clip < card.Clips; clip++)
        {
            if (scores.Row(Data.Id(clip), 0) != scores.Row(clip, 0))
            {
                throw new BadInputException(scores.Folder, $"clip {clip}", $"\"{Data.Id(clip)}\" has another place in the store; the clips must have the store's order");
            }
        }
        if (card.Augmentation != Views.Settings.Identity)
        {
            throw new BadInputException(scores.Folder, "augmentation", $"the store's views are {card.Augmentation}, the clips' are {Views.Settings.Identity}");
        }
        // Whether the floor is measured over the clip or over the teachers' batch cannot be had again; all else must be equal.
        if (!Enum.GetValues<DbFloor>().Any(floor => card.FrontEnd == (Views.FrontEnd.Settings with { Floor = floor }).Identity))
        {
            throw new BadInputException(scores.Folder, "front-end", $"the store's is {card.FrontEnd}, the run's is {Views.FrontEnd.Settings.Identity}");
        }
    }
}
