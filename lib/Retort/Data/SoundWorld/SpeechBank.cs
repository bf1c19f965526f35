using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Each phrase by each voice of a split, spoken once by espeak-ng and kept in the cache. An event is a section of one of
/// them. Speed and pitch differ from phrase to phrase.
/// </summary>
internal sealed class SpeechBank
{
    private static readonly ConcurrentDictionary<string, Lazy<SpeechBank>> made = new();
    private readonly float[][] takes;

    private SpeechBank(float[][] takes) => this.takes = takes;

    public static SpeechBank Of(SoundRecipe recipe, Split split)
    {
        var part = recipe.SpeechOf(split);
        var key = Hashing.Of(["speech bank 1", .. part.Voices, "/", .. part.Phrases]);
        var bank = made.GetOrAdd(key + Cache.Root, _ => new Lazy<SpeechBank>(() => Load(part, key)));
        try
        {
            return bank.Value;
        }
        catch
        {
            made.TryRemove(key + Cache.Root, out _); // so that the next call tries again
            throw;
        }
    }

    /// <summary>Fills the span with a section of some take, of those tried the one with most sound in it.</summary>
    public void Say(Span<float> x, RandomStream draw)
    {
        var take = draw.Pick(takes);
        var (best, most) = (0, -1f);
        for (var i = 0; i < 3; i++)
        {
            var from = draw.Next(Math.Max(1, take.Length - x.Length + 1));
            var energy = 0f;
            foreach (var sample in take.AsSpan(from, Math.Min(x.Length, take.Length - from)))
            {
                energy += sample * sample;
            }
            (best, most) = energy > most ? (from, energy) : (best, most);
        }
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = take[(best + i) % take.Length];
        }
    }

    private static SpeechBank Load(SpeechPart part, string key)
    {
        var folder = Cache.Entry("speech", key, into => Speak(part, into));
        return new SpeechBank([.. Enumerable.Range(0, part.Voices.Count * part.Phrases.Count)
            .Select(i => AudioFile.Load(Path.Combine(folder, Name(i))).Samples)]);
    }

    private static string Name(int take) => string.Create(CultureInfo.InvariantCulture, $"{take:000}.wav");

    internal static void Speak(SpeechPart part, string folder) =>
        AllCores.For(part.Voices.Count * part.Phrases.Count, take =>
        {
            var (voice, phrase) = (part.Voices[take / part.Phrases.Count], part.Phrases[take % part.Phrases.Count]);
            var draw = RandomStream.Of(0, "speaking style", $"{voice}/{phrase}");
            var raw = Path.Combine(folder, Name(take) + ".raw");
            Run("espeak-ng", voice, [.. Espeak.Fixed, "-v", voice, "-s", $"{draw.Next(135, 211)}", "-p", $"{draw.Next(25, 76)}", "-w", raw, phrase]);
            WavFile.Write(Path.Combine(folder, Name(take)), AudioFile.Load(raw));
            File.Delete(raw);
        });

    internal static void Run(string program, string voice, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        try
        {
            // Read on this thread, not by the pool: its threads all wait here, and it adds but one a second.
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEnd();
            process.StandardOutput.ReadToEnd(); // nothing, for the sound goes to a file
            process.WaitForExit();
            if (process.ExitCode != 0 || error.Length > 0)
            {
                throw new BadInputException(program, $"voice {voice}", $"it failed with exit code {process.ExitCode}: {error.Split('\n')[0]}");
            }
        }
        catch (Win32Exception e)
        {
            throw new BadInputException(program, "", "the program is missing and speech needs it: install the package espeak-ng (apt-get install espeak-ng), or leave speech out (SoundWorldSettings.Speech = false)", e);
        }
    }
}
