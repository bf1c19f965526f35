using System.Diagnostics;
using Retort.Audio;

namespace Retort.Tests.Audio;

public sealed class AudioFileTest
{
    private static Wave Tone(int frames, int rate, int channels) => new(
        [.. Enumerable.Range(0, frames * channels).Select(i => (float)(0.5 * Math.Sin(2 * Math.PI * (300 + 100 * (i % channels)) * (i / channels) / rate)))],
        rate, channels);

    private static void Ffmpeg(params string[] arguments)
    {
        try
        {
            using var process = Process.Start("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments]);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, "ffmpeg is not on this machine");
        }
    }

    [Fact]
    public void Load_Wav_IsMonoAtTheRateWanted()
    {
        using var file = new TemporaryFile(name: "a.wav");
        var wave = Tone(44_100, 44_100, 2);
        WavFile.Write(file.Name, wave, WavEncoding.Float32);
        var loaded = AudioFile.Load(file.Name);
        Assert.Equal((16_000, 1, 16_000), (loaded.SampleRate, loaded.Channels, loaded.Frames));
        Assert.Equal(Resampler.Resample(wave.Mono().Samples, 44_100, 16_000), loaded.Samples);
        var asItIs = AudioFile.Load(file.Name, sampleRate: null, mono: false);
        Assert.Equal(wave.Samples, asItIs.Samples);
    }

    [Theory]
    [InlineData(44_100, 16_000, true)]
    [InlineData(44_100, 16_000, false)]
    [InlineData(8_000, 16_000, true)]
    [InlineData(16_000, 16_000, true)]
    public void Load_SectionOfAWav_HasTheBitsOfTheWhole(int from, int to, bool mono)
    {
        using var file = new TemporaryFile(name: "a.wav");
        WavFile.Write(file.Name, Tone(3 * from, from, 2));
        var whole = AudioFile.Load(file.Name, to, mono);
        foreach (var (start, seconds) in new[] { (0.0, 0.5), (0.5, 1.0), (1.23456, 0.77), (2.5, 9.0), (0.001, 0.0), (3.0, 1.0) })
        {
            var part = AudioFile.Load(file.Name, to, mono, start, seconds);
            var first = (int)Math.Round(start * to);
            var last = Math.Min(whole.Frames, first + (int)Math.Round(seconds * to));
            Assert.Equal(whole.Samples[(first * whole.Channels)..(last * whole.Channels)], part.Samples);
        }
        Assert.Equal(whole.Samples[(to * whole.Channels)..], AudioFile.Load(file.Name, to, mono, 1).Samples);
    }

    [SkippableFact]
    public void Load_Flac_IsTheWavItWasMadeFrom()
    {
        using var wav = new TemporaryFile(name: "a.wav");
        using var flac = new TemporaryFile(name: "a b.flac");
        WavFile.Write(wav.Name, Tone(20_000, 16_000, 2));
        Ffmpeg("-i", wav.Name, flac.Name);
        Assert.Equal(AudioFile.Load(wav.Name, null, false).Samples, AudioFile.Load(flac.Name, null, false).Samples);
        Assert.Equal(AudioFile.Load(wav.Name, 8000).Samples, AudioFile.Load(flac.Name, 8000).Samples);
        var part = AudioFile.Load(flac.Name, startSeconds: 0.5, seconds: 0.25);
        Assert.Equal(AudioFile.Load(wav.Name, startSeconds: 0.5, seconds: 0.25).Samples, part.Samples);
        var behind = Assert.Throws<BadInputException>(() => AudioFile.Load(flac.Name, startSeconds: 9));
        Assert.Equal("second 9", behind.Place);
    }

    [SkippableFact]
    public void Load_CompressedWav_GoesThroughFfmpeg()
    {
        using var wav = new TemporaryFile(name: "a.wav");
        using var law = new TemporaryFile(name: "law.wav");
        var tone = Tone(8_000, 8_000, 1);
        WavFile.Write(wav.Name, tone);
        Ffmpeg("-i", wav.Name, "-c:a", "pcm_mulaw", law.Name);
        var loaded = AudioFile.Load(law.Name, null);
        Assert.Equal(8_000, loaded.Frames);
        Assert.InRange(tone.Samples.Zip(loaded.Samples, (a, b) => Math.Abs(a - b)).Max(), 1e-5, 0.02);
    }

    [SkippableFact]
    public void Load_NoSound_SaysWhatFfmpegSays()
    {
        Ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "0.01", "-f", "null", "-");
        using var file = new TemporaryFile("this is no sound"u8.ToArray(), "a.mp3");
        var error = Assert.Throws<BadInputException>(() => AudioFile.Load(file.Name));
        Assert.Equal(file.Name, error.Input);
        Assert.Contains("ffmpeg cannot decode it", error.Message);
        Assert.Contains("Invalid", error.Problem); // versions differ in whether they name the file
    }

    [SkippableFact]
    public void Decode_MoreThanMayBe_IsStopped()
    {
        using var wav = new TemporaryFile(name: "a.wav");
        WavFile.Write(wav.Name, Tone(100_000, 16_000, 1));
        Ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "0.01", "-f", "null", "-");
        var error = Assert.Throws<BadInputException>(() => Retort.Audio.Ffmpeg.Decode(wav.Name, 0, null, mostBytes: 1 << 16));
        Assert.Contains("load it in sections", error.Message);
    }

    [SkippableFact]
    public void Load_PlaylistThatNamesAnotherPlace_IsNotFollowed()
    {
        Ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "0.01", "-f", "null", "-");
        using var list = new TemporaryFile("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"u8.ToArray(), "a.m3u8");
        Assert.Throws<BadInputException>(() => AudioFile.Load(list.Name));
    }

    [Fact]
    public void Decode_WithoutFfmpeg_SaysHowToGetIt()
    {
        var error = Assert.Throws<BadInputException>(() => Retort.Audio.Ffmpeg.Decode("a.flac", 0, null, "no-such-ffmpeg"));
        Assert.Equal("no-such-ffmpeg", error.Input);
        Assert.Contains("apt-get install ffmpeg", error.Message);
        Assert.Contains("a.flac", error.Message);
    }

    [Fact]
    public void Load_StartBehindTheEnd_IsBadInput()
    {
        using var file = new TemporaryFile(name: "a.wav");
        WavFile.Write(file.Name, Tone(100, 100, 1));
        Assert.Contains("1 seconds long", Assert.Throws<BadInputException>(() => AudioFile.Load(file.Name, startSeconds: 1.5)).Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.0)]
    public void Load_RateThatIsFarTooLow_IsBadInput(double? seconds)
    {
        using var file = new TemporaryFile(WavBytes.With(WavBytes.Format(rate: 1), ("data", new byte[2000])), "a.wav");
        var error = Assert.Throws<BadInputException>(() => AudioFile.Load(file.Name, seconds: seconds));
        Assert.Contains("at a rate of 1 are too many at 16000", error.Message);
    }

    [Theory]
    [InlineData(double.NaN, 1.0)]
    [InlineData(-1.0, 1.0)]
    [InlineData(0.0, double.PositiveInfinity)]
    public void Load_TimesThatAreNone_AreArgumentErrors(double start, double seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AudioFile.Load("a.wav", startSeconds: start, seconds: seconds));
}
