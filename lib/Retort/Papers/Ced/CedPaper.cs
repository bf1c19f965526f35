// The published AS-20K and AS-2M configurations, for the user's AudioSet folder and GPU. Where they part from the published
// runs: plain Adam instead of its 8-bit variant; bfloat16 instead of float16 with loss scaling; weights are chosen on clips
// held out of the training list, not on the evaluation list, unless asked for as published; a random start unless a
// published masked autoencoder is given.

using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>What a paper-size run consists of. A variant is <c>CedPaper.As20K with { StoredViews = 40 }</c>.</summary>
/// <param name="Arm">student, loss and training</param>
/// <param name="StoredViews">views stored of each clip</param>
public sealed record CedRecipe(CedArm Arm, int StoredViews)
{
    /// <summary>What a view may undergo.</summary>
    public ViewSettings Views { get; init; } = new();

    /// <summary>Scores stored of each view.</summary>
    public int TopK { get; init; } = 20;

    /// <summary>Decides stored views, start, order and mixup.</summary>
    public long Seed { get; init; } = 42;
}

/// <summary>CED at the paper's size: AudioSet on disk, a teacher store, one student.</summary>
public static class CedPaper
{
    /// <summary>The balanced list, 22 thousand clips: CED-Tiny reaches 36.5 mAP as published, CED-Base 44.0. Mixup of 0.5.</summary>
    public static CedRecipe As20K { get; } = new(new CedArm("CED", CedLoss.ConsistentMixup) { Training = new() { Mixed = true } }, StoredViews: 120);

    /// <summary>The whole list, 1.9 million clips: CED-Tiny reaches 48.1 mAP as published, CED-Base 50.0. No mixup.</summary>
    public static CedRecipe As2M { get; } = new(new CedArm("CED", CedLoss.Consistent)
    {
        Training = new() { Batch = 128, Steps = 300 * 6250, WarmUp = 62_500, EvaluateEvery = 3 * 6250, Mixed = true },
    }, StoredViews: 10);

    /// <summary>
    /// The student's learning rate as published, for whoever takes another student than CED-Tiny: 1e-3 for tiny and mini, 3e-4
    /// for small and base.
    /// </summary>
    public static double LearningRate(AudioTransformerSettings student) => student.Width <= 256 ? 1e-3 : 3e-4;

    /// <summary>The clips of an AudioSet folder.</summary>
    /// <param name="segments">the csv of training segments</param>
    /// <param name="evaluation">the csv of evaluation segments, which are the test</param>
    /// <param name="audio">the folder of sound files</param>
    /// <param name="classLabels">class_labels_indices.csv</param>
    /// <param name="device">where models will be</param>
    /// <param name="heldOut">
    /// training clips held out to choose weights by; 0 chooses them on the evaluation clips, as published, which makes the
    /// test's number a little too good
    /// </param>
    /// <param name="leftOut">told of each row that is left out, since a download of AudioSet always lacks some; null refuses a list that has any</param>
    /// <exception cref="BadInputException">A list or file that cannot be used.</exception>
    public static CedData AudioSet(
        string segments, string evaluation, string audio, string classLabels, Device? device = null, int heldOut = 1000, Action<Problem>? leftOut = null)
    {
        var rows = leftOut is null ? BadRows.Refuse : BadRows.LeaveOut;
        var train = AudioSetFolder.Open(segments, audio, classLabels, rows);
        var test = AudioSetFolder.Open(evaluation, audio, classLabels, rows);
        foreach (var problem in train.Problems.Concat(test.Problems))
        {
            leftOut?.Invoke(problem);
        }
        return Of(train, test, heldOut, device);
    }

    /// <summary>Any two data sets of the same classes: training clips, some of them held out at random by label, and test clips.</summary>
    /// <param name="train">training clips</param>
    /// <param name="test">test clips</param>
    /// <param name="heldOut">training clips held out to choose weights by; 0 chooses them on the test clips</param>
    /// <param name="device">where models will be</param>
    /// <param name="seed">decides which are held out</param>
    /// <exception cref="BadInputException">The classes differ or stand in another order, or no clip would be left.</exception>
    public static CedData Of(TaggingData train, TaggingData test, int heldOut, Device? device = null, long seed = 42)
    {
        test.RequireClasses(train.Classes, "test clips", "the training clips'");
        if (train.Count <= heldOut)
        {
            throw new BadInputException("training clips", "", $"only {train.Count} are there, {heldOut} are to be held out");
        }
        if (heldOut == 0)
        {
            return new CedData(train, test, test, null, device, keep: false);
        }
        var share = (double)heldOut / train.Count;
        var parts = train.Divide(seed, 1 - share, share);
        return new CedData(parts[0], parts[1], test, null, device, keep: false);
    }

    /// <summary>
    /// Trains one student: fills the teacher store, or what is missing of it, then trains on it. Both go on where they were
    /// when they were stopped.
    /// </summary>
    /// <param name="recipe"><see cref="As20K"/>, <see cref="As2M"/> or a variant of them</param>
    /// <param name="data">the clips (<see cref="AudioSet"/>)</param>
    /// <param name="teachers">trained by <see cref="CedTeachers"/>, or read by <see cref="CedCheckpoint.Open"/></param>
    /// <param name="folder">where store and run are kept; 1.6 GB for ten views of AS-2M</param>
    /// <param name="start">weights to start from, such as a published masked autoencoder; null for random ones</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it with a checkpoint</param>
    /// <returns>the student and its mAP on the test clips</returns>
    public static (AudioTransformer Student, double TestMap) Run(
        CedRecipe recipe, CedData data, TeacherEnsemble teachers, string folder, Action<AudioTransformer>? start = null,
        Progress? progress = null, CancellationToken cancel = default)
    {
        var storing = progress?.Run("teachers' scores");
        storing?.Begin();
        using var clips = CedClips.Score(Path.Combine(folder, "store"), teachers, data.Train, data.Views(data.Train, recipe.Views, keep: false),
            recipe.StoredViews, recipe.TopK, recipe.Seed, storing, cancel);
        storing?.Done();
        return Train(recipe, data, clips, folder, start, progress, cancel);
    }

    /// <summary>As the other, on scores that are stored already, such as the released ones (<see cref="Released"/>): no teacher is needed.</summary>
    /// <param name="recipe"><see cref="As20K"/>, <see cref="As2M"/> or a variant of them; views and their number are the store's</param>
    /// <param name="data">the clips; those for training have the store's ids, in its order</param>
    /// <param name="scores">the store; whoever opened it closes it</param>
    /// <param name="folder">where the run is kept</param>
    /// <param name="start">weights to start from, such as a published masked autoencoder; null for random ones</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it with a checkpoint</param>
    /// <returns>the student and its mAP on the test clips</returns>
    /// <exception cref="BadInputException">The store is of other clips, classes, views or another front-end.</exception>
    public static (AudioTransformer Student, double TestMap) Run(
        CedRecipe recipe, CedData data, TeacherStore scores, string folder, Action<AudioTransformer>? start = null,
        Progress? progress = null, CancellationToken cancel = default)
    {
        var views = scores.Card.Algorithm == UpstreamLogits.Algorithm ? recipe.Views with { Algorithm = ViewAlgorithm.Upstream } : recipe.Views;
        return Train(recipe, data, new CedClips(data.Train, data.Views(data.Train, views, keep: false), scores), folder, start, progress, cancel);
    }

    /// <summary>
    /// The scores that the CED authors released, as a store, and the clips that they are of. Weights are chosen on the test
    /// clips, as published, since the released lists have no labels.
    /// </summary>
    /// <param name="converted">the folder that environment/convert_ced_logits.py wrote</param>
    /// <param name="audio">the folder of sound files, named as in the released lists</param>
    /// <param name="classLabels">class_labels_indices.csv</param>
    /// <param name="test">the test clips, such as <see cref="AudioSetFolder.Open"/> of the evaluation list</param>
    /// <param name="folder">where list and store are made</param>
    /// <param name="device">where models will be</param>
    /// <param name="leftOut">told of each clip without a file, which is left out; null refuses a download that lacks any</param>
    /// <returns>what the second <c>Run</c> takes; both are to be disposed of</returns>
    /// <exception cref="BadInputException">A file is missing or damaged, or the test clips have other classes.</exception>
    public static (CedData Data, TeacherStore Scores) Released(
        string converted, string audio, string classLabels, TaggingData test, string folder, Device? device = null, Action<Problem>? leftOut = null)
    {
        var names = AudioSetFolder.ReadClasses(classLabels).Names;
        Directory.CreateDirectory(folder);
        var list = Path.Combine(folder, "clips.csv");
        UpstreamLogits.WriteList(converted, list);
        var train = CsvFolder.Open(list, audio, names, leftOut is null ? BadRows.Refuse : BadRows.LeaveOut);
        foreach (var problem in train.Problems)
        {
            leftOut?.Invoke(problem);
        }
        var store = Path.Combine(folder, "store");
        UpstreamLogits.Convert(converted, store, names, expect: [.. Enumerable.Range(0, train.Count).Select(train.Id)]);
        return (Of(train, test, heldOut: 0, device), TeacherStore.Open(store));
    }

    private static (AudioTransformer Student, double TestMap) Train(
        CedRecipe recipe, CedData data, CedClips clips, string folder, Action<AudioTransformer>? start, Progress? progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var training = progress?.Run("student");
        training?.Begin();
        var (student, _) = CedStudent.Train(recipe.Arm with { Start = start ?? recipe.Arm.Start }, data, clips, recipe.Seed, Path.Combine(folder, "student"), training, cancel);
        training?.Done();
        return (student, data.TestMap(data.TestScores(student)));
    }
}
