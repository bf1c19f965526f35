using System.Diagnostics;
using Retort.Audio;

namespace Retort.Tests.Data;

/// <summary>A folder laid out as SLURP is, with a few short recordings.</summary>
internal sealed class SlurpFiles : IDisposable
{
    internal const string Line = """
        {"slurp_id": 1, "sentence": "Wake me at five o'clock", "intent": "set", "action": "set", "scenario": "alarm", "tokens": [{"surface": "Wake", "id": 0}, {"surface": "me", "id": 1}, {"surface": "at", "id": 2}, {"surface": "Five", "id": 3}, {"surface": "o'clock", "id": 4}], "recordings": [{"file": "audio-1.flac"}, {"file": "audio--1-headset.flac"}], "entities": [{"span": [3, 4], "type": "time"}, {"span": [1], "type": "person"}]}
        """;

    internal const string Second = """
        {"slurp_id": 2, "sentence": "tell me a joke", "intent": "general_joke", "action": "joke", "scenario": "general", "tokens": [], "recordings": [{"file": "audio-2.flac"}], "entities": []}
        """;

    public SlurpFiles()
    {
        Root = Directory.CreateTempSubdirectory("retort-slurp-").FullName;
        Directory.CreateDirectory(Path.Combine(Audio, "slurp_real"));
        Directory.CreateDirectory(Path.Combine(Audio, "slurp_synth"));
        foreach (var name in new[] { "train.jsonl", "devel.jsonl", "test.jsonl" })
        {
            Write(name, Line + "\n" + Second + "\n");
        }
        Write("train_synthetic.jsonl", Second.Replace("audio-2", "audio-synth-2") + "\n");
        Sound("slurp_real/audio-1.wav", 8_000);
        Sound("slurp_real/audio--1-headset.wav", 32_000);
        Sound("slurp_real/audio-2.wav", 16_000);
        Sound("slurp_synth/audio-synth-2.wav", 16_000);
    }

    public string Root { get; }

    public string Audio => Path.Combine(Root, "audio");

    public string Write(string name, string content)
    {
        File.WriteAllText(Path.Combine(Root, name), content);
        return Path.Combine(Root, name);
    }

    public string Sound(string name, int samples)
    {
        WavFile.Write(Path.Combine(Audio, name), new Wave([.. Enumerable.Range(0, samples).Select(i => 0.1f * MathF.Sin(i * 0.1f))], 16_000));
        return Path.Combine(Audio, name);
    }

    /// <summary>The sound as FLAC, by ffmpeg.</summary>
    public string Flac(string name, int samples)
    {
        var (wave, flac) = (Sound(name + ".wav", samples), Path.Combine(Audio, name));
        using var process = Process.Start("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", wave, flac])!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        File.Delete(wave);
        return flac;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
