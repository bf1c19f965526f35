using Retort.Data;

namespace Retort.Tests.Data;

public sealed class SyntheticFacesTest
{
    private static readonly SyntheticFacesSettings small = new() { Voices = ["en-us+m1", "en-us+f2"], TrainClips = 2, ValidationClips = 1, TestClips = 1, Frames = 60 };

    [Fact]
    public void Speak_KnownWords_HasSoundAndRisingPhonemeTimes()
    {
        var (samples, phonemes) = SpokenPhonemes.Speak("mama papa", "en-us+m1");
        Assert.InRange(samples.Length, 8000, 40000);
        Assert.True(samples.Max() > 0.05);
        Assert.Equal(phonemes.Select(p => p.Seconds).Order(), phonemes.Select(p => p.Seconds));
        Assert.InRange(phonemes[^1].Seconds, 0.3, samples.Length / 16000.0 + 0.2);
        var named = string.Concat(phonemes.Select(p => p.Ipa));
        Assert.Contains("m", named);
        Assert.Contains("p", named);
        Assert.Throws<BadInputException>(() => SpokenPhonemes.Speak("hello", "no-such-voice-at-all"));
    }

    [Fact]
    public void Of_SameSettings_SameClipsWithLipsThatFollowPhonemes()
    {
        var faces = SyntheticFaces.Of(small, Split.Train);
        var again = SyntheticFaces.Of(small, Split.Train);
        Assert.Equal(4, faces.Clips.Count);
        Assert.Equal(faces.Hash, again.Hash);
        Assert.Equal(faces.Clips[1].Motion, again.Clips[1].Motion);
        Assert.NotEqual(faces.Clips[0].Canonical, faces.Clips[1].Canonical);
        foreach (var clip in faces.Clips)
        {
            Assert.Equal(60, clip.Frames);
            Assert.Equal(61 * 640, clip.Samples.Length);
            Assert.All(clip.Motion, v => Assert.True(float.IsFinite(v)));
            // Open on a-like sounds, closed on b, p, m.
            double Opening(double seconds) => clip.Motion[(int)(seconds * 25) * 70 + 7 + 3 * 19 + 1] - clip.Motion[(int)(seconds * 25) * 70 + 7 + 3 * 20 + 1];
            var middles = clip.Phonemes.Zip(clip.Phonemes.Skip(1)).Select(p => (p.First.Ipa, At: (p.First.Seconds + p.Second.Seconds) / 2)).Where(p => p.At < 2.3).ToArray();
            var open = middles.Where(p => Visemes.Shape(p.Ipa).Open > 0.7).Select(p => Opening(p.At)).ToArray();
            var closed = middles.Where(p => Visemes.Shape(p.Ipa).Open < 0.05).Select(p => Opening(p.At)).ToArray();
            if (open.Length > 0 && closed.Length > 0)
            {
                Assert.True(open.Average() > closed.Average() + 0.01, $"{clip.Words}: open {open.Average()}, closed {closed.Average()}");
            }
        }
        Assert.Empty(faces.Clips.Select(c => c.Words).Intersect(SyntheticFaces.Of(small, Split.Test).Clips.Select(c => c.Words)));
    }

    [Fact]
    public void Of_CanonicalEffectOff_FaceAtRestNoLongerMovesTheLips()
    {
        var with = SyntheticFaces.Of(small, Split.Train).Clips[0];
        var without = SyntheticFaces.Of(small with { CanonicalEffect = 0 }, Split.Train).Clips[0];
        Assert.Equal(with.Canonical, without.Canonical);
        Assert.NotEqual(with.Motion, without.Motion);
        var noisy = SyntheticFaces.Of(small with { ExtractorNoise = true }, Split.Train).Clips[0];
        // Keypoint 6 never moves but by an extractor's noise.
        Assert.Equal(0, with.Motion[7 + 18]);
        Assert.NotEqual(0, noisy.Motion[7 + 18]);
    }
}
