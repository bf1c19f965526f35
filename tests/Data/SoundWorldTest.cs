using System.Security.Cryptography;
using Retort.Data;

namespace Retort.Tests.Data;

public sealed class SoundWorldTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-world").FullName;

    private static readonly SoundWorldSettings Small = new() { Seconds = 0.5, ShortestEvent = 0.15, LongestEvent = 0.4, TrainClips = 300, ValidationClips = 60, TestClips = 60 };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void MakeAll_OneThreadOrMany_TheSameBits()
    {
        string Hash(int threads)
        {
            var into = Directory.CreateDirectory(Path.Combine(folder, $"{threads}")).FullName;
            SoundWorld.MakeAll(into, Small, Split.Train, threads);
            return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(into, "clips.records"))));
        }
        Assert.Equal(Hash(1), Hash(4));
    }

    [Fact]
    public void Open_Clip_IsTheSceneOfItsNumber()
    {
        using var world = SoundWorld.Open(Small, Split.Validation);
        Assert.Equal((60, "validation-7", 8000), (world.Count, world.Id(7), world.Samples(7).Length));
        var scene = SoundWorld.Scene(Small, Split.Validation, 7);
        Assert.All(world.Samples(7).Zip(scene.Samples), p => Assert.Equal(p.Second, p.First, 1.01f / 65536));
        Assert.Equal(scene.Labels, world.Labels(7));
        Assert.Equal(scene.Labels, scene.Events.Select(e => e.Class).Distinct().Order());
        Assert.Equal(64, world.Hash.Length);
        Assert.NotEqual(world.Hash, SoundWorld.Open(Small, Split.Test).Hash);
        Assert.NotEqual(world.Hash, SoundWorld.Open(Small with { Seed = 2 }, Split.Validation).Hash);
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Samples(60));
    }

    [Fact]
    public void Scenes_OfTwoSplits_ShareNothing()
    {
        var (train, test) = (new SceneMaker(Small, Split.Train), new SceneMaker(Small, Split.Test));
        for (var c = 0; c < train.Classes.Count; c++)
        {
            Assert.NotEqual(train.Event(c, 0, 4000), test.Event(c, 0, 4000));
        }
        var speech = SoundRecipe.Embedded.Speech.Values.ToArray();
        Assert.Equal(3, speech.Length);
        Assert.Equal(speech.Sum(s => s.Voices.Count), speech.SelectMany(s => s.Voices).Distinct().Count());
        Assert.Equal(speech.Sum(s => s.Phrases.Count), speech.SelectMany(s => s.Phrases).Distinct().Count());
    }

    [Fact]
    public void Train_LabelsAndClasses_HaveTheStatisticsOfTheSettings()
    {
        var settings = Small with { LongTail = 1 };
        var maker = new SceneMaker(settings, Split.Train);
        var clips = SampleLabels(maker, 4000);
        // 1 to 3 classes a clip, evenly: 2 on average; all labels are classes of the recipe.
        Assert.Equal(2, clips.Average(s => s.Labels.Count), 0.05);
        Assert.InRange(maker.Classes.Count, 24, 28);
        // A label of a clip with n labels stays with 0.7 + 0.3^n / n (the one that is kept where all would go).
        var stays = (0.7 + 0.3 + (2 * 0.7 + 0.09) + (3 * 0.7 + 0.027)) / 6;
        Assert.Equal(stays, clips.Sum(s => s.LabelsGiven.Count) / (double)clips.Sum(s => s.Labels.Count), 0.015);
        Assert.All(clips, s => Assert.NotEmpty(s.LabelsGiven));
        Assert.All(clips, s => Assert.Subset(s.Labels.ToHashSet(), s.LabelsGiven.ToHashSet()));
        // Long tail: the counts fall by rank, and drawing without replacement flattens them a little.
        var counts = Counts(clips, maker.Classes.Count).OrderDescending().ToArray();
        Assert.InRange(counts[0] / (double)counts[^1], 8, 30);
        Assert.True(counts[^1] > 20);
        var even = Counts(SampleLabels(new SceneMaker(settings, Split.Test), 4000), maker.Classes.Count);
        Assert.InRange(even.Max() / (double)even.Min(), 1, 1.5);
    }

    private static Scene[] SampleLabels(SceneMaker maker, int count)
    {
        var scenes = new Scene[count];
        Parallel.For(0, count, i => scenes[i] = maker.Make(i) with { Samples = [] });
        return scenes;
    }

    private static int[] Counts(IEnumerable<Scene> scenes, int classes)
    {
        var counts = new int[classes];
        foreach (var label in scenes.SelectMany(s => s.Labels))
        {
            counts[label]++;
        }
        return counts;
    }

    [Fact]
    public void Scene_LevelsAndTimes_LieInTheSettings()
    {
        for (var i = 0; i < 200; i++)
        {
            var scene = SoundWorld.Scene(Small, Split.Train, i);
            Assert.Equal(8000, scene.Samples.Length);
            Assert.All(scene.Samples, s => Assert.InRange(s, -0.991f, 0.991f));
            Assert.All(scene.Events, e => Assert.True(e.Level is >= -18 and <= -6 && e.Start >= 0 && e.Start + e.Seconds <= 0.5001 && e.Seconds is >= 0.149 and <= 0.401, e.ToString()));
            // The loudest event's peak is heard above the bed.
            Assert.InRange(scene.Samples.Max(MathF.Abs), 0.4 * Math.Pow(10, scene.Events.Max(e => e.Level) / 20), 1);
        }
    }

    [Fact]
    public void Event_OfEveryClass_IsFiniteAudibleAndVaries()
    {
        foreach (var name in SoundRecipe.Embedded.Classes.Select(c => c.Name))
        {
            var variations = Enumerable.Range(0, 20).Select(n => SoundWorld.Event(name, n, 0.4)).ToArray();
            Assert.All(variations, x =>
            {
                Assert.Equal(6400, x.Length);
                Assert.Equal(0.5f, x.Max(MathF.Abs), 1e-4f);
                Assert.True(x.Average(s => s * s) > 1e-5, $"{name} is too short to hear");
                Assert.True(MathF.Abs(x[0]) < 0.01f && MathF.Abs(x[^1]) < 0.01f, $"{name} begins or ends with a click");
            });
            Assert.Equal(20, variations.Select(x => Convert.ToHexString(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(x.AsSpan())))).Distinct().Count());
            Assert.Equal(variations[3], SoundWorld.Event(name, 3, 0.4));
        }
        Assert.Contains("there is no class \"flute\"", Assert.Throws<ArgumentException>(() => SoundWorld.Event("flute")).Message);
    }

    [Fact]
    public void TenSeconds_RepeatsEventsOverTheScene()
    {
        var scenes = Enumerable.Range(0, 20).Select(i => SoundWorld.Scene(SoundWorldSettings.TenSeconds, Split.Train, i)).ToArray();
        Assert.All(scenes, s => Assert.Equal(160_000, s.Samples.Length));
        Assert.True(scenes.Average(s => s.Events.Count) > 1.5 * scenes.Average(s => s.Labels.Count));
        Assert.Contains(scenes, s => s.Events.Any(e => e.Start > 6));
    }

    [Fact]
    public void Run_ProgramMissing_SaysWhichPackage()
    {
        var e = Assert.Throws<BadInputException>(() => SpeechBank.Run("espeak-ng-that-is-not-there", "en"));
        Assert.Contains("apt-get install espeak-ng", e.Message);
        Assert.DoesNotContain("speech", new SceneMaker(Small with { Speech = false }, Split.Train).Classes.Select(c => c.Name));
    }

    [Fact]
    public void Speak_VoiceThatDoesNotExist_IsOneErrorThoughManyThreadsMeetIt()
    {
        var folder = Directory.CreateTempSubdirectory("retort-test-").FullName;
        try
        {
            var part = new SpeechPart(["zz9"], ["one", "two", "three", "four"]);
            Assert.Equal("espeak-ng", Assert.Throws<BadInputException>(() => SpeechBank.Speak(part, folder)).Input);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Parse_DamagedRecipe_NamesThePlace()
    {
        var text = SoundRecipe.ReadEmbedded();
        Assert.Contains("line", Assert.Throws<BadInputException>(() => SoundRecipe.Parse("r.json", text[..500])).Message);
        Assert.Contains("nothing makes the sound \"Sirene\"", Assert.Throws<BadInputException>(() => SoundRecipe.Parse("r.json", text.Replace("\"Siren\"", "\"Sirene\""))).Message);
        Assert.Contains("the lower first", Assert.Throws<BadInputException>(() => SoundRecipe.Parse("r.json", text.Replace("[0.7, 1.4]", "[1.5, 1.4]"))).Message);
        Assert.Throws<ArgumentException>(() => SoundWorld.Open(Small with { LongestEvent = 2 }));
    }

    [Fact]
    public void Checksums_OfTheDataFolder_Match()
    {
        var text = SoundRecipe.ReadEmbedded();
        var data = new DirectoryInfo(AppContext.BaseDirectory);
        while (data is not null && !File.Exists(Path.Combine(data.FullName, "data", "CHECKSUMS")))
        {
            data = data.Parent;
        }
        Assert.NotNull(data);
        var lines = File.ReadAllLines(Path.Combine(data.FullName, "data", "CHECKSUMS"));
        Assert.NotEmpty(lines);
        Assert.All(lines, line =>
        {
            var path = Path.Combine(data.FullName, "data", line[66..]);
            Assert.Equal(line[..64], Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))).ToLowerInvariant());
        });
        Assert.Equal(text, File.ReadAllText(Path.Combine(data.FullName, "data", "sound-world.json")));
    }
}
