using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// A folder of spoken digits and its CSV, as somebody's own recordings would lie on disk: 8 kHz WAV of about half a second, six
/// synthetic speakers (espeak-ng), room and noise. Easier than people's recordings.
/// </summary>
public static class SpokenDigits
{
    private static readonly string[] words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    /// <summary>Makes the folder in the cache, once.</summary>
    /// <param name="recordings">recordings of each digit</param>
    /// <param name="seed">decides speakers, rooms and noise</param>
    /// <returns>the CSV, with the columns filename and labels</returns>
    /// <exception cref="BadInputException">espeak-ng is missing, or the cache cannot be written.</exception>
    public static string Make(int recordings, long seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(recordings);
        var settings = new SyntheticSpeechSettings { Seed = seed };
        var hash = Hashing.Of("spoken digits 1", $"{recordings}", $"{seed}");
        var folder = Cache.Entry("spoken-digits", hash, into =>
        {
            var lines = new List<SpokenLine>();
            foreach (var word in words)
            {
                for (var i = 0; i < recordings; i++)
                {
                    var speaker = RandomStream.Of(seed, "digit speaker", $"{i % 6}");
                    var voice = $"{speaker.Pick(settings.Accents)}+{speaker.Pick(settings.TrainVariants)}";
                    var pitch = speaker.Next(settings.Pitch.Lowest, settings.Pitch.Highest + 1);
                    var said = RandomStream.Of(seed, "digit", $"{word}-{i}");
                    lines.Add(new SpokenLine($"{word}-{i % 6}-{i / 6}", word, voice, said.Next(settings.Speed.Lowest, settings.Speed.Highest + 1), Math.Clamp(pitch + said.Next(-10, 11), 0, 99)));
                }
            }
            var spoken = SpeechRecording.Of(lines, settings, hash);
            AllCores.For(lines.Count, i => WavFile.Write(Path.Combine(into, lines[i].Id + ".wav"),
                new Wave(Resampler.Resample(spoken.Samples(i), 16_000, 8_000), 8_000), WavEncoding.Pcm16));
            File.WriteAllText(Path.Combine(into, "digits.csv"), "filename,labels\n" + string.Concat(lines.Select(l => $"{l.Id}.wav,{l.Words}\n")));
        });
        return Path.Combine(folder, "digits.csv");
    }
}
