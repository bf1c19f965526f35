using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Papers.Slu;

namespace Retort.Tests.Papers.Ced;

/// <summary>The paper's recipe on an AudioSet folder: here a folder of the published layout with a few made clips.</summary>
public sealed class CedPaperTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-audioset-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Run_OnAnAudioSetFolder_GoesFromFilesToAStudent()
    {
        var audio = Path.Combine(folder, "audio");
        Directory.CreateDirectory(audio);
        string[] names = ["siren", "drum", "bell"];
        File.WriteAllText(Path.Combine(folder, "class_labels_indices.csv"),
            "index,mid,display_name\n" + string.Concat(names.Select((n, i) => $"{i},/m/0{i},\"{n}\"\n")));
        foreach (var (list, clips) in new[] { ("train", 10), ("eval", 6) })
        {
            var rows = "# made\n# for a test\n# YTID, start_seconds, end_seconds, positive_labels\n";
            for (var i = 0; i < clips; i++)
            {
                var id = $"{list}-{i:D6}";
                WavFile.Write(Path.Combine(audio, $"{id}_30.000_30.600.wav"), new Wave(SoundWorld.Event(names[i % 3], i), 16000), WavEncoding.Pcm16);
                rows += $"{id}, 30.000, 30.600, \"/m/0{i % 3}\"\n";
            }
            File.WriteAllText(Path.Combine(folder, list + ".csv"), rows);
        }
        var small = new AudioTransformerSettings { Width = 32, Depth = 1, Heads = 1, Classes = 3, TargetFrames = 64 };
        var short_ = new CedTraining { Steps = 4, Batch = 4, WarmUp = 1, EvaluateEvery = 2 };
        var recipe = CedPaper.As20K with { Arm = CedPaper.As20K.Arm with { Student = small, Training = short_ }, StoredViews = 2, Views = new ViewSettings { TimeMask = 12 } };
        using var data = CedPaper.AudioSet(Path.Combine(folder, "train.csv"), Path.Combine(folder, "eval.csv"), audio, Path.Combine(folder, "class_labels_indices.csv"), heldOut: 3);
        using var teacher = new AudioTransformer(small, seed: 1);

        var (student, map) = CedPaper.Run(recipe, data, new TeacherEnsemble(teacher), Path.Combine(folder, "run"));

        using (student)
        {
            Assert.Equal((7, 3, 6), (data.Train.Count, data.Validation.Count, data.Test.Count));
            Assert.Empty(Enumerable.Range(0, 7).Select(data.Train.Id).Intersect(Enumerable.Range(0, 3).Select(data.Validation.Id)));
            Assert.Equal(data.TestMap(data.TestScores(student)), map);
            using var fresh = new AudioTransformer(student.Settings, recipe.Seed);
            Assert.NotEqual(data.TestScores(fresh), data.TestScores(student));
            using var store = TeacherStore.Open(Path.Combine(folder, "run", "store", "views"));
            Assert.Equal(14, store.Rows);
        }
    }

    [Fact]
    public void Run_OnReleasedScoresOfVeryShortClips_NeedsNoTeacherAndRefusesOtherClips()
    {
        const int Clips = 6, TopK = 2;
        File.WriteAllText(Path.Combine(folder, "labels.csv"), "index,mid,display_name\n0,/m/0,a\n1,/m/1,b\n2,/m/2,c\n");
        using var rows = new MemoryStream();
        var index = "";
        for (var clip = 0; clip < Clips; clip++)
        {
            foreach (var value in new[] { (Half)0.75f, (Half)0.25f })
            {
                rows.Write(BitConverter.GetBytes(value));
            }
            rows.Write(BitConverter.GetBytes((ushort)(clip % 3)));
            rows.Write(BitConverter.GetBytes((ushort)((clip + 1) % 3)));
            rows.Write(BitConverter.GetBytes((uint)(clip + 5)));
            index += $"clip{clip}.wav\t0.000\t0.060\n";
            // 60 ms are seven frames, less than a patch.
            WavFile.Write(Path.Combine(folder, $"clip{clip}.wav"), new Wave(SoundWorld.Event("bell", clip)[..960], 16000), WavEncoding.Pcm16);
        }
        static string Sha(byte[] bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        File.WriteAllBytes(Path.Combine(folder, "rows_1.bin"), rows.ToArray());
        File.WriteAllText(Path.Combine(folder, "index_1.tsv"), index);
        File.WriteAllText(Path.Combine(folder, "card.json"),
            $"{{\"format\":\"ced-logits\",\"version\":1,\"topk\":{TopK},\"epochs\":[{{\"rows\":{Clips},\"sha256\":\"{Sha(rows.ToArray())}\",\"index_sha256\":\"{Sha(System.Text.Encoding.UTF8.GetBytes(index))}\"}}]}}");
        File.WriteAllText(Path.Combine(folder, "test.csv"), "filename,labels\n" + string.Concat(Enumerable.Range(0, 3).Select(i => $"clip{i}.wav,{"abc"[i]}\n")));
        var test = CsvFolder.Open(Path.Combine(folder, "test.csv"), classes: ["a", "b", "c"]);
        var recipe = CedPaper.As20K with
        {
            Arm = CedPaper.As20K.Arm with
            {
                Student = new AudioTransformerSettings { Width = 32, Depth = 1, Heads = 1, TargetFrames = 64 },
                Training = new CedTraining { Steps = 3, Batch = 2, WarmUp = 1, EvaluateEvery = 3 },
            },
        };

        var (data, scores) = CedPaper.Released(folder, folder, Path.Combine(folder, "labels.csv"), test, Path.Combine(folder, "made"));

        using (data)
        using (scores)
        {
            Assert.Equal((Clips, 1, 8u), (data.Train.Count, scores.Views, scores.Seed(scores.Row("clip3.wav@0-0.06", 0))));
            var (student, map) = CedPaper.Run(recipe, data, scores, Path.Combine(folder, "run"));
            Assert.Equal(data.TestMap(data.TestScores(student)), map);
            student.Dispose();
            using var fewer = CedPaper.Of(data.Train.Take(4), test, heldOut: 0);
            Assert.Contains("6 clips, 4 are to be trained on", Assert.Throws<BadInputException>(() => CedPaper.Run(recipe, fewer, scores, Path.Combine(folder, "no"))).Message);
            using var turned = CedPaper.Of(data.Train.Subset([1, 0, 2, 3, 4, 5]), test, heldOut: 0);
            Assert.Contains("another place", Assert.Throws<BadInputException>(() => CedPaper.Run(recipe, turned, scores, Path.Combine(folder, "no"))).Message);
            var otherViews = recipe with { Views = recipe.Views with { TimeMask = 8 } };
            Assert.Contains("augmentation", Assert.Throws<BadInputException>(() => CedPaper.Run(otherViews, data, scores, Path.Combine(folder, "no"))).Message);
        }
    }

    [Fact]
    public void Recipes_OfBothLists_AreThePublishedOnes()
    {
        var (small, large) = (CedPaper.As20K, CedPaper.As2M);
        Assert.Equal((1e-3, 32, 206_400), (small.Arm.Training.LearningRate, small.Arm.Training.Batch, small.Arm.Training.Steps));
        Assert.Equal((1_875_000, 128), (large.Arm.Training.Steps, large.Arm.Training.Batch));
        Assert.Equal(nameof(CedLoss.ConsistentMixup), small.Arm.Loss.Method.Name);
        Assert.Equal(nameof(CedLoss.Consistent), large.Arm.Loss.Method.Name);
        Assert.Equal((120, 10, 20, 192), (small.StoredViews, large.StoredViews, large.TopK, large.Views.TimeMask));
        Assert.Equal(3e-4, CedPaper.LearningRate(AudioTransformerSettings.Base));
    }

    [Fact]
    public void Of_OtherClasses_IsRefused()
    {
        var world = SoundWorldSettings.HalfSecond with { TrainClips = 4, ValidationClips = 4, TestClips = 4, Speech = false };
        using var train = SoundWorld.Open(world, Split.Train);
        using var test = SoundWorld.Open(world with { Speech = true }, Split.Test);

        Assert.Throws<BadInputException>(() => CedPaper.Of(train, test, heldOut: 1));
    }
}
