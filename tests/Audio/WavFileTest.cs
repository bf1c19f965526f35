using Retort.Audio;

namespace Retort.Tests.Audio;

public sealed class WavFileTest
{
    private static Wave Sound(int frames, int channels) => new(
        [.. Enumerable.Range(0, frames * channels).Select(i => (float)Math.Sin(0.37 * i) * 0.9f)], 22050, channels);

    private static BadInputException Refusal(byte[] file) =>
        Assert.Throws<BadInputException>(() => WavFile.Read(new MemoryStream(file), "x.wav"));

    [Theory]
    [InlineData(WavEncoding.Pcm8, 1.0 / 128)]
    [InlineData(WavEncoding.Pcm16, 1.0 / 32768)]
    [InlineData(WavEncoding.Pcm24, 1.0 / 8388608)]
    [InlineData(WavEncoding.Pcm32, 1.0 / 8388608)]
    [InlineData(WavEncoding.Float32, 0)]
    [InlineData(WavEncoding.Float64, 0)]
    public void Write_ThenRead_GivesTheSoundToHalfAStep(WavEncoding encoding, double step)
    {
        foreach (var channels in new[] { 1, 2, 3, 7 })
        {
            using var file = new TemporaryFile();
            var wave = Sound(1001, channels);
            WavFile.Write(file.Name, wave, encoding);
            var read = WavFile.Read(file.Name);
            Assert.Equal((22050, channels, 1001), (read.SampleRate, read.Channels, read.Frames));
            Assert.InRange(wave.Samples.Zip(read.Samples, (a, b) => Math.Abs((double)a - b)).Max(), 0, step / 2 + 1e-9);
            var header = WavFile.ReadHeader(file.Name);
            Assert.Equal((encoding, 1001L, 22050), (header.Encoding, header.Frames, header.SampleRate));
            Assert.Equal(["file.bin"], file.Beside);
        }
    }

    [Theory]
    [InlineData(WavEncoding.Pcm8)]
    [InlineData(WavEncoding.Pcm16)]
    [InlineData(WavEncoding.Pcm24)]
    [InlineData(WavEncoding.Pcm32)]
    public void Write_BeyondFullScale_IsClipped(WavEncoding encoding)
    {
        using var file = new TemporaryFile();
        WavFile.Write(file.Name, new Wave([2f, -2f, 0f], 8000), encoding);
        var samples = WavFile.Read(file.Name).Samples;
        Assert.InRange(samples[0], 0.99f, 1f);
        Assert.Equal([-1f, 0f], samples[1..]);
    }

    [Fact]
    public void Read_KnownBytes_AreTheKnownNumbers()
    {
        static float[] Of(int tag, int bits, byte[] data) =>
            WavFile.Read(new MemoryStream(WavBytes.With(WavBytes.Format(tag, bits: bits), ("data", data))), "x.wav").Samples;
        Assert.Equal([-1f, 0f, 127f / 128], Of(1, 8, [0, 128, 255]));
        Assert.Equal([-1f, 0.5f], Of(1, 16, [0x00, 0x80, 0x00, 0x40]));
        Assert.Equal([-1f, 1f / 8388608], Of(1, 24, [0, 0, 0x80, 1, 0, 0]));
        Assert.Equal([-1f, 0.25f], Of(1, 32, [0, 0, 0, 0x80, 0, 0, 0, 0x20]));
        Assert.Equal([1.5f], Of(3, 64, BitConverter.GetBytes(1.5)));
    }

    [Fact]
    public void ReadSection_AnyPart_IsThatPartOfTheWhole()
    {
        using var file = new TemporaryFile();
        WavFile.Write(file.Name, Sound(50_000, 3), WavEncoding.Pcm24);
        var whole = WavFile.Read(file.Name);
        foreach (var (start, frames) in new[] { (0, 50_000), (0, 1), (12_345, 30_000), (49_999, 1), (49_990, 100), (50_000, 5) })
        {
            var part = WavFile.ReadSection(file.Name, start, frames);
            Assert.Equal(whole.Samples[(3 * start)..(3 * Math.Min(start + frames, 50_000))], part.Samples);
        }
        var error = Assert.Throws<BadInputException>(() => WavFile.ReadSection(file.Name, 50_001, 1));
        Assert.Contains("ends at frame 50000", error.Message);
    }

    [Fact]
    public void Read_UnknownChunksAndOddPadding_AreSteppedOver()
    {
        var file = WavBytes.With(WavBytes.Format(), ("LIST", [1, 2, 3]), ("xyz!", []), ("data", [1, 0, 2, 0]), ("end ", [9]));
        Assert.Equal([1f / 32768, 2f / 32768], WavFile.Read(new MemoryStream(file), "x.wav").Samples);
    }

    [Fact]
    public void Read_Rf64_TakesItsLengthFromDs64() =>
        Assert.Equal([1f / 32768, 2f / 32768], WavFile.Read(new MemoryStream(WavBytes.Rf64()), "x.wav").Samples);

    [Fact]
    public void Read_LengthLeftOpenByAPipe_GoesToTheEnd()
    {
        var file = WavBytes.With(WavBytes.Format(), ("data", [1, 0, 2, 0]));
        file.AsSpan(file.Length - 8, 4).Fill(0xff);
        Assert.Equal(2, WavFile.Read(new MemoryStream(file), "x.wav").Frames);
    }

    [Fact]
    public void Read_SampleThatIsNoNumber_NamesTheFirst()
    {
        var data = new[] { 0f, 1f, 2f, float.NaN, float.PositiveInfinity, 0f }.SelectMany(BitConverter.GetBytes).ToArray();
        var error = Refusal(WavBytes.With(WavBytes.Format(3, 2, bits: 32), ("data", data)));
        Assert.Equal("frame 1, channel 1", error.Place);
        Assert.Contains("NaN", error.Problem);
    }

    [Fact]
    public void Write_SampleThatIsNoNumber_IsRefusedAndNothingIsWritten()
    {
        using var file = new TemporaryFile();
        var error = Assert.Throws<ArgumentException>(() => WavFile.Write(file.Name, new Wave([0, float.NaN], 8000)));
        Assert.Contains("frame 1, channel 0", error.Message);
        Assert.Empty(file.Beside);
    }

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "not a WAV file", "RIFFxxxxAVI LIST"u8.ToArray() },
        { "the file ends inside the RIFF header", [1, 2, 3] },
        { "without a fmt chunk", WavBytes.With(WavBytes.Format())[..12] },
        { "without a data chunk", WavBytes.With(WavBytes.Format()) },
        { "before any fmt chunk", WavBytes.With(WavBytes.Format())[..12].Concat("data"u8.ToArray()).Concat(new byte[4]).ToArray() },
        { "says 4 bytes, but 3 are left", WavBytes.With(WavBytes.Format(), ("data", [1, 0, 2, 0]))[..^1] },
        { "but only 0 are left", WavBytes.With(WavBytes.Format(), ("LIST", [1, 2]))[..^2] },
        { "no whole number of 4-byte frames", WavBytes.With(WavBytes.Format(channels: 2), ("data", [1, 0, 2, 0, 3, 0])) },
        { "0 channels", WavBytes.With(WavBytes.Format(channels: 0), ("data", [])) },
        { "a sample rate of 0", WavBytes.With(WavBytes.Format(rate: 0), ("data", [])) },
        { "a sample rate of 4294967295", WavBytes.With(WavBytes.Format(rate: uint.MaxValue), ("data", [])) },
        { "frames of 3 bytes", WavBytes.With(WavBytes.Format(align: 3), ("data", [])) },
        { "12 bits a sample", WavBytes.With(WavBytes.Format(bits: 12), ("data", [])) },
        { "format tag 0x0055", WavBytes.With(WavBytes.Format(0x55), ("data", [])) },
        { "an extensible fmt chunk of 16 bytes", WavBytes.With(WavBytes.Format(0xFFFE), ("data", [])) },
        { "unknown sub-format", WavBytes.With([.. WavBytes.Format(0xFFFE), .. new byte[24]], ("data", [])) },
        { "a second fmt chunk", WavBytes.With(WavBytes.Format(), ("fmt ", WavBytes.Format())) },
        { "a fmt chunk of 4 bytes", WavBytes.With([1, 0, 1, 0], ("data", [])) },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Read_DamagedFile_SaysWhatIsWrong(string problem, byte[] file)
    {
        var error = Refusal(file);
        Assert.Contains(problem, error.Message);
        Assert.Equal("x.wav", error.Input);
    }

    [Fact]
    public void Read_MissingFile_IsBadInput() =>
        Assert.Throws<BadInputException>(() => WavFile.Read("/nowhere/at/all.wav"));

    [Fact]
    public void Write_WhereNothingCanBe_IsBadInput()
    {
        using var file = new TemporaryFile([1]);
        Assert.Throws<BadInputException>(() => WavFile.Write(Path.Combine(file.Name, "x.wav"), Sound(1, 1)));
    }
}
