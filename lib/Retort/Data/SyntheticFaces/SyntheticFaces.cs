using System.Runtime.InteropServices;
using System.Text.Json;
using Retort.Audio;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>A clip of a synthetic speaker.</summary>
/// <param name="Id">names it; what it is drawn from</param>
/// <param name="Speaker">the voice's number</param>
/// <param name="Words">what is said</param>
/// <param name="Samples">sound at 16 kHz, 640 samples a frame and 640 more</param>
/// <param name="Phonemes">when each phoneme begins</param>
/// <param name="Motion">70 numbers a frame, frame by frame: scale, yaw, pitch, roll (degrees), translation, expression of 21 keypoints</param>
/// <param name="Canonical">63 numbers: the keypoints of the face at rest</param>
public sealed record FaceClip(string Id, int Speaker, string Words, float[] Samples, IReadOnlyList<TimedPhoneme> Phonemes, float[] Motion, float[] Canonical)
{
    /// <summary>Numbers of a frame.</summary>
    public const int Width = 70;

    /// <summary>Frames, at 25 a second.</summary>
    public int Frames => Motion.Length / Width;
}

/// <summary>
/// Talking faces as keypoint motion with its sound, in KDTalker's 70 numbers: lips follow phonemes' times, heads move in each
/// speaker's style with random phases, eyes blink. The stand-in for motion that is extracted from video.
/// </summary>
public sealed class SyntheticFaces
{
    private const string Version = "synthetic faces 1";

    private SyntheticFaces(IReadOnlyList<FaceClip> clips, string hash) => (Clips, Hash) = (clips, hash);

    /// <summary>The clips, speaker by speaker.</summary>
    public IReadOnlyList<FaceClip> Clips { get; }

    /// <summary>SHA-256 (hexadecimal) of everything that decides them.</summary>
    public string Hash { get; }

    /// <summary>The clips of a split; their sound is spoken first where the cache lacks it. No sentence is in two splits.</summary>
    /// <param name="settings">how many, by whom; null for the defaults</param>
    /// <param name="split">the split</param>
    /// <exception cref="BadInputException">libespeak-ng is missing or fails.</exception>
    public static SyntheticFaces Of(SyntheticFacesSettings? settings, Split split)
    {
        settings ??= new SyntheticFacesSettings();
        var words = CommandGrammar.Embedded.Generic;
        var lines = new List<(string Id, int Speaker, string Words, int Speed, int Pitch)>();
        for (var speaker = 0; speaker < settings.Voices.Count; speaker++)
        {
            for (var i = 0; i < settings.Clips(split) / settings.Voices.Count; i++)
            {
                var id = $"{split.ToString().ToLowerInvariant()}-{speaker}-{i:000}";
                var random = RandomStream.Of(settings.Seed, "face sentence", id);
                // Enough words for the frames at the highest speed; what is too long is cut.
                var said = string.Join(' ', Enumerable.Range(0, 4 + settings.Frames / 8).Select(_ => random.Pick(words)));
                lines.Add((id, speaker, said, random.Next(140, 190), random.Next(35, 65)));
            }
        }
        var spokenHash = Hashing.Of([Version, $"{settings.Frames}", .. lines.Select(l => $"{l.Id}|{settings.Voices[l.Speaker]}|{l.Words}|{l.Speed}|{l.Pitch}")]);
        var folder = Cache.Entry("faces", spokenHash, into =>
        {
            foreach (var line in lines)
            {
                var (samples, phonemes) = SpokenPhonemes.Speak(line.Words, settings.Voices[line.Speaker], line.Speed, line.Pitch);
                File.WriteAllBytes(Path.Combine(into, line.Id + ".f32"), MemoryMarshal.AsBytes<float>(samples).ToArray());
                File.WriteAllText(Path.Combine(into, line.Id + ".json"), JsonSerializer.Serialize(phonemes));
            }
        });
        var length = (settings.Frames + 1) * Wav2LipMel.SamplesPerFrame;
        var clips = lines.Select(line =>
        {
            var samples = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, line.Id + ".f32"))).ToArray();
            var phonemes = JsonSerializer.Deserialize<TimedPhoneme[]>(File.ReadAllText(Path.Combine(folder, line.Id + ".json")))!;
            Array.Resize(ref samples, length);
            var face = new FaceStyle(settings, line.Speaker, line.Id);
            return new FaceClip(line.Id, line.Speaker, line.Words, samples, phonemes, face.Motion(phonemes, samples), face.Canonical);
        }).ToArray();
        var text = JsonSerializer.Serialize(settings);
        return new SyntheticFaces(clips, Hashing.Of([spokenHash, text]));
    }
}
