using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Retort.Data;

namespace Retort.Tests.Data;

public sealed class SyntheticSpeechTest
{
    internal static readonly SyntheticSpeechSettings Small = new() { TrainUtterances = 60, ValidationUtterances = 20, TestUtterances = 36, GenericUtterances = 12 };

    private static readonly Split[] Splits = Enum.GetValues<Split>();

    [Fact]
    public void Of_EachSplit_HasItsCountAndEveryScenario()
    {
        foreach (var split in Splits)
        {
            var data = SyntheticSpeech.Of(Small, split);
            Assert.Equal(Small.Utterances(split), data.Count);
            Assert.Equal(18, data.Scenarios.Distinct().Count());
            Assert.Equal(data.Count, data.Recordings.Select(r => r.File).Distinct().Count());
            Assert.StartsWith($"{split.ToString().ToLowerInvariant()}-", data.Recordings[0].File);
            Assert.All(data.Recordings, r => Assert.Equal(r.Sentence, r.Transcript));
            Assert.All(data.Recordings, r => Assert.All(r.Meaning.Entities, e => Assert.Contains($" {e.Filler} ", $" {r.Sentence} ")));
        }
    }

    [Fact]
    public void Of_TwoSplits_ShareNoSentenceAndNoVoice()
    {
        var data = Splits.Select(s => SyntheticSpeech.Of(Small, s)).ToArray();
        foreach (var (a, b) in new[] { (0, 1), (0, 2), (1, 2) })
        {
            Assert.Empty(data[a].Recordings.Select(r => r.Sentence).Intersect(data[b].Recordings.Select(r => r.Sentence)));
            Assert.Empty(data[a].Voices.Intersect(data[b].Voices));
        }
    }

    [Fact]
    public void Of_FewerUtterancesThanWeightsGive_StillNamesEveryScenario()
    {
        var data = SyntheticSpeech.Of(Small with { TestUtterances = 18 }, Split.Test);
        Assert.All(data.Scenarios.GroupBy(s => s), g => Assert.Single(g));
        Assert.Equal(18, data.Count);
    }

    [Fact]
    public void Scenarios_BySize_HaveALongTail()
    {
        var sizes = SyntheticSpeech.Of(Small with { TrainUtterances = 208 }, Split.Train).Scenarios.GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(30, sizes["calendar"]);
        Assert.Equal(24, sizes["play"]);
        Assert.Equal(4, sizes["cooking"]);
        Assert.Equal("calendar", sizes.MaxBy(p => p.Value).Key);
    }

    [Fact]
    public void EvenIntents_InASplit_MakesItsIntentsEquallyFrequentAndLeavesTheOthers()
    {
        var even = Small with { TestUtterances = 68, Actions = 2, EvenIntents = [Split.Test] };
        var intents = SyntheticSpeech.Of(even, Split.Test).Recordings.GroupBy(r => r.Meaning.Intent).Select(g => g.Count()).ToArray();
        Assert.Equal(Enumerable.Repeat(2, 34), intents);
        Assert.Equal(SyntheticSpeech.Of(even with { EvenIntents = [] }, Split.Train).Hash, SyntheticSpeech.Of(even, Split.Train).Hash);
    }

    [Fact]
    public void Hash_WhatDecidesTheSound_ChangesIt()
    {
        string Of(SyntheticSpeechSettings settings) => SyntheticSpeech.Of(settings with { ValidationUtterances = 18 }, Split.Validation).Hash;
        var hashes = new[]
        {
            Of(Small), Of(Small with { Seed = 3 }), Of(Small with { Snr = (0, 10) }), Of(Small with { Reflections = 0 }), Of(Small with { RoomSeconds = 0.2 }),
            Of(Small with { Speed = (200, 200) }), Of(Small with { Pitch = (50, 50) }), Of(Small with { ValidationVariants = ["grandma"] }),
        };
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[0], Of(Small with { TrainUtterances = 1000 })); // what another split has does not concern this one
    }

    [Fact]
    public void Hash_InAnotherLanguage_IsTheSame()
    {
        var (settings, old) = (Small with { Snr = (2.5, 7.5), ValidationUtterances = 18 }, CultureInfo.CurrentCulture);
        var here = SyntheticSpeech.Of(settings, Split.Validation).Hash;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(here, SyntheticSpeech.Of(settings, Split.Validation).Hash);
        }
        finally
        {
            CultureInfo.CurrentCulture = old;
        }
    }

    [Fact]
    public void Settings_AsJson_KeepEveryLimit()
    {
        var read = JsonSerializer.Deserialize<SyntheticSpeechSettings>(JsonSerializer.Serialize(Small with { Snr = (1.5, 2.5), Speed = (180, 190) }))!;
        Assert.Equal((new Limits<double>(1.5, 2.5), new Limits<int>(180, 190), Small.Pitch), (read.Snr, read.Speed, read.Pitch));
    }

    [Fact]
    public void Samples_AreSpeechAt16KiloHertz_AsLongAsLengthSays()
    {
        var data = SyntheticSpeech.Of(Small, Split.Test);
        for (var i = 0; i < data.Count; i++)
        {
            var x = data.Samples(i);
            Assert.Equal(data.Length(i), x.Length);
            Assert.InRange(x.Length / 16_000.0, 0.4, 8);
            Assert.InRange(Math.Sqrt(x.Average(v => v * v)), 0.01, 0.2);
            Assert.True(x.Max(Math.Abs) <= 1);
        }
    }

    [Fact]
    public void Samples_FromManyThreads_AreThoseOfOne()
    {
        var data = SyntheticSpeech.Of(Small, Split.Test);
        var one = Enumerable.Range(0, data.Count).Select(data.Samples).ToArray();
        Parallel.For(0, 200, i => Assert.Equal(one[i % data.Count], data.Samples(i % data.Count)));
    }

    [Fact]
    public void Snr_Lower_LeavesMoreNoiseBetweenWords()
    {
        // The quietest hundredths of a second of a recording are noise alone.
        double Quiet(Limits<double> snr)
        {
            var data = SyntheticSpeech.Of(Small with { Snr = snr, ValidationUtterances = 18 }, Split.Validation);
            return Enumerable.Range(0, data.Count).Average(i =>
            {
                var power = data.Samples(i).Chunk(160).Select(c => c.Average(v => (double)v * v)).Order().ToArray();
                return 10 * Math.Log10(power[power.Length / 20] / power.Average());
            });
        }
        Assert.InRange(Quiet((5, 5)) - Quiet((20, 20)), 10, 16);
    }

    [Fact]
    public void Voices_ByTheirSamples_AreAllDifferent()
    {
        var heard = new Dictionary<string, string>();
        foreach (var voice in Splits.SelectMany(s => Small.Voices(s)))
        {
            var sound = Convert.ToHexString(SHA256.HashData(Espeak(voice)));
            Assert.True(heard.TryAdd(sound, voice), $"{voice} and {heard.GetValueOrDefault(sound)} are one voice");
        }
        Assert.Equal(6 * (12 + 3 + 4), heard.Count);
    }

    [Fact]
    public void Voices_ThatSoundAlikeOrAreInTwoSplits_AreRefused()
    {
        foreach (var bad in new[]
        {
            Small with { TestVariants = ["m1"] }, Small with { TrainVariants = ["f1", "f1"] }, Small with { TrainVariants = ["klatt"], TestVariants = ["caleb"] },
            Small with { Accents = ["en-us", "en-gb"] }, Small with { Accents = ["en-us", "en-us"] }, Small with { ValidationVariants = [] }, Small with { Snr = (20, 10) }, Small with { Reflections = -1 },
        })
        {
            Assert.Throws<ArgumentException>(() => SyntheticSpeech.Of(bad, Split.Train));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticSpeech.Of(Small with { TrainUtterances = 0 }, Split.Train));
        var unknown = Assert.Throws<BadInputException>(() => SyntheticSpeech.Of(Small with { Accents = ["xx-none"] }, Split.Train));
        Assert.Contains("xx-none", unknown.Message);
    }

    [Fact]
    public void Generic_Words_AreNoCommandsAndKnownToOverlapALittle()
    {
        var generic = GenericSpeech.Of(Small);
        Assert.Equal(Small.GenericUtterances, generic.Count);
        var words = Enumerable.Range(0, generic.Count).SelectMany(i => generic.Words(i).Split(' ')).ToArray();
        Assert.All(words, w => Assert.Contains(w, CommandGrammar.Embedded.Generic));
        var commands = Sentences(3000).SelectMany(s => s.Sentence.Split(' ')).ToHashSet();
        Assert.Equal((429, 33), (CommandGrammar.Embedded.Generic.Count, CommandGrammar.Embedded.Generic.Count(commands.Contains)));
        Assert.Equal(generic.Length(3), generic.Samples(3).Length);
        var said = Enumerable.Range(0, generic.Count).Select(generic.Words).ToHashSet();
        Assert.DoesNotContain(Splits.SelectMany(s => SyntheticSpeech.Of(Small, s).Recordings), r => said.Contains(r.Sentence));
    }

    internal static string Sounds(SyntheticSpeechSettings settings)
    {
        var data = SyntheticSpeech.Of(settings, Split.Validation);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < data.Count; i++)
        {
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(data.Samples(i)));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    internal static IEnumerable<(string Sentence, Retort.Text.Meaning Meaning)> Sentences(int ofEach) =>
        from scenario in CommandGrammar.Embedded.Scenarios
        from action in CommandGrammar.Embedded.Actions(scenario)
        from i in Enumerable.Range(0, ofEach)
        select CommandGrammar.Embedded.Sentence(scenario, action, Retort.Randomness.RandomStream.Of(1, "test", $"{scenario} {action} {i}"));

    private static byte[] Espeak(string voice)
    {
        using var process = Process.Start(new ProcessStartInfo("espeak-ng", ["-v", voice, "-s", "200", "--stdout", "five roads"]) { RedirectStandardOutput = true })!;
        using var sound = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(sound);
        process.WaitForExit();
        return sound.ToArray();
    }
}
