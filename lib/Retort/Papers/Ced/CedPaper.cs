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

/// <summary>CED at the paper's size: AudioSet on disk, a teacher store, one student.</summary>
public static class CedPaper
{
    /// <summary>The balanced list, 22 thousand clips: CED-Tiny reaches 36.5 mAP as published, CED-Base 44.0.</summary>
    public static CedSettings As20K { get; } = new()
    {
        Size = "as-20k",
        Teacher = AudioTransformerSettings.Base,
        Student = AudioTransformerSettings.Tiny with { Pooling = Pooling.Logit },
        Views = new ViewSettings(),
        StoredViews = 120,
        TeacherTraining = new CedTraining { Batch = 128, LearningRate = 3e-4, Mixup = 0, Mixed = true },
        StudentTraining = new CedTraining { Mixed = true },
        Seeds = [42],
        Arms = [CedArms.Ced],
    };

    /// <summary>The whole list, 1.9 million clips: CED-Tiny reaches 48.1 mAP as published, CED-Base 50.0.</summary>
    public static CedSettings As2M { get; } = As20K with
    {
        Size = "as-2m",
        StoredViews = 10,
        TeacherTraining = As20K.TeacherTraining with { Steps = 300 * 6250, WarmUp = 62_500, EvaluateEvery = 3 * 6250 },
        StudentTraining = As20K.StudentTraining with { Batch = 128, Steps = 300 * 6250, WarmUp = 62_500, EvaluateEvery = 3 * 6250, Mixup = 0 },
    };

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

    /// <summary>Any two data sets of the same classes: training clips, the first of them held out, and test clips.</summary>
    /// <param name="train">training clips</param>
    /// <param name="test">test clips</param>
    /// <param name="heldOut">training clips held out to choose weights by; 0 chooses them on the test clips</param>
    /// <param name="device">where models will be</param>
    /// <exception cref="BadInputException">The classes differ, or fewer clips are left than a batch needs.</exception>
    public static CedData Of(TaggingData train, TaggingData test, int heldOut, Device? device = null)
    {
        if (!train.Classes.SequenceEqual(test.Classes))
        {
            throw new BadInputException("test clips", "", $"have {test.Classes.Count} classes that are not the training clips' {train.Classes.Count}");
        }
        if (train.Count <= heldOut)
        {
            throw new BadInputException("training clips", "", $"only {train.Count} are there, {heldOut} are to be held out");
        }
        var validation = heldOut == 0 ? test : train.Take(heldOut);
        var rest = heldOut == 0 ? train : train.Subset([.. Enumerable.Range(heldOut, train.Count - heldOut)]);
        var frontEnd = new MelFrontEnd();
        frontEnd.to(device ?? CPU);
        return new CedData(rest, validation, test, frontEnd, device, keep: false);
    }

    /// <summary>
    /// Trains one student: fills the teacher store, or what is missing of it, then trains on it. Both go on where they were
    /// when they were stopped.
    /// </summary>
    /// <param name="settings"><see cref="As20K"/>, <see cref="As2M"/> or a variant of them</param>
    /// <param name="data">the clips (<see cref="AudioSet"/>)</param>
    /// <param name="teachers">trained by <see cref="CedTeachers.Train"/>, or read by <see cref="CedCheckpoint.Open"/></param>
    /// <param name="folder">where store and run are kept; 1.6 GB for ten views of AS-2M</param>
    /// <param name="start">weights to start from, such as a published masked autoencoder; null for random ones</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it with a checkpoint</param>
    /// <returns>the student and its mAP on the test clips</returns>
    public static (AudioTransformer Student, double TestMap) Run(
        CedSettings settings, CedData data, TeacherEnsemble teachers, string folder, Action<AudioTransformer>? start = null,
        Progress? progress = null, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(folder);
        var views = new ViewSource(data.Train, settings.Views, data.FrontEnd, device: data.Device);
        var storing = progress?.Run("teachers' scores");
        storing?.Begin();
        using var scores = CedScores.Fill(Path.Combine(folder, "store"), teachers, data.Train, views, settings.StoredViews, settings.TopK, settings.TeacherSeed,
            (done, all) => storing?.Report(done, all), cancel);
        storing?.Done();
        return Train(settings, data, scores, views, folder, start, progress, cancel);
    }

    /// <summary>As the other, on scores that are stored already, such as the released ones (<see cref="Released"/>): no teacher is needed.</summary>
    /// <param name="settings"><see cref="As20K"/>, <see cref="As2M"/> or a variant of them; views and their number are the store's</param>
    /// <param name="data">the clips; those for training have the store's ids, in its order</param>
    /// <param name="scores">the store; whoever opened it closes it</param>
    /// <param name="folder">where the run is kept</param>
    /// <param name="start">weights to start from, such as a published masked autoencoder; null for random ones</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it with a checkpoint</param>
    /// <returns>the student and its mAP on the test clips</returns>
    /// <exception cref="BadInputException">The store is of other clips, classes, views or another front-end.</exception>
    public static (AudioTransformer Student, double TestMap) Run(
        CedSettings settings, CedData data, TeacherStore scores, string folder, Action<AudioTransformer>? start = null,
        Progress? progress = null, CancellationToken cancel = default)
    {
        if (scores.Card.Algorithm == UpstreamLogits.Algorithm)
        {
            settings = settings with { Views = settings.Views with { Algorithm = ViewAlgorithm.Upstream } };
        }
        CheckStore(scores, data, settings.Views);
        Directory.CreateDirectory(folder);
        return Train(settings, data, scores, new ViewSource(data.Train, settings.Views, data.FrontEnd, device: data.Device), folder, start, progress, cancel);
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

    private static void CheckStore(TeacherStore scores, CedData data, ViewSettings views)
    {
        var card = scores.Card;
        if (!card.Classes.SequenceEqual(data.Train.Classes))
        {
            throw new BadInputException(scores.Folder, "classes", $"the store's {card.Classes.Count} classes are not the clips' {data.Train.Classes.Count}");
        }
        if (card.Clips != data.Train.Count)
        {
            throw new BadInputException(scores.Folder, "clips", $"the store is of {card.Clips} clips, {data.Train.Count} are to be trained on; none may be held out of them");
        }
        for (var clip = 0; clip < card.Clips; clip++)
        {
            if (scores.Row(data.Train.Id(clip), 0) != scores.Row(clip, 0))
            {
                throw new BadInputException(scores.Folder, $"clip {clip}", $"\"{data.Train.Id(clip)}\" has another place in the store; the clips must have the store's order");
            }
        }
        if (card.Augmentation != views.Identity)
        {
            throw new BadInputException(scores.Folder, "augmentation", $"the store's views are {card.Augmentation}, the settings' are {views.Identity}");
        }
        // Whether the floor is measured over the clip or over the teachers' batch cannot be had again; all else must be equal.
        if (!Enum.GetValues<DbFloor>().Any(floor => card.FrontEnd == (data.FrontEnd.Settings with { Floor = floor }).Identity))
        {
            throw new BadInputException(scores.Folder, "front-end", $"the store's is {card.FrontEnd}, the run's is {data.FrontEnd.Settings.Identity}");
        }
    }

    private static (AudioTransformer Student, double TestMap) Train(
        CedSettings settings, CedData data, TeacherStore scores, ViewSource views, string folder, Action<AudioTransformer>? start, Progress? progress, CancellationToken cancel)
    {
        var maskOnly = new ViewSource(data.Train, settings.Views with { ShiftProbability = 0, Algorithm = ViewAlgorithm.Retort1 }, data.FrontEnd, device: data.Device);
        var stage = new CedStage(data.Train, views, maskOnly, scores);
        var training = progress?.Run("student");
        training?.Begin();
        var (student, _) = CedStudent.Train(settings, settings.Arms[0], data, stage, settings.Seeds[0], start, Path.Combine(folder, "student"), training, cancel);
        training?.Done();
        return (student, data.TestMap(data.TestScores(student)));
    }
}
