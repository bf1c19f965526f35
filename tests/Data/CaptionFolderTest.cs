using Retort.Audio;
using Retort.Data;

namespace Retort.Tests.Data;

public sealed class CaptionFolderTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-captions-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Put(string name, string text)
    {
        File.WriteAllText(Path.Combine(folder, name), text);
        return Path.Combine(folder, name);
    }

    private void Sound(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, "audio", name))!);
        WavFile.Write(Path.Combine(folder, "audio", name), new Wave([0.1f, 0.2f, 0.3f], 16000));
    }

    private string Audio => Path.Combine(folder, "audio");

    [Fact]
    public void AudioCaps_FiveRowsAClipQuotedLinesAndNames_AreGathered()
    {
        Sound("Yabc.wav");
        Sound("part/d-e_f_30.wav");
        var csv = Put("val.csv", "audiocap_id,youtube_id,start_time,caption\n1,abc,10,\"A dog barks, twice\"\n2,d-e_f,30,\"a bell\nrings\"\n3,abc,10,a hound yaps\n");
        var data = CaptionFolder.AudioCaps(csv, Audio);
        Assert.Equal(2, data.Count);
        Assert.Equal(["A dog barks, twice", "a hound yaps"], data.Captions(0));
        Assert.Equal("a bell rings", data.Caption(1));
        Assert.Equal("d-e_f_30", data.Id(1));
        Assert.Equal(3, data.Samples(0).Length);
        Assert.Equal(64, data.Hash.Length);
    }

    [Fact]
    public void Clotho_NamesWithSpaces_AreFound()
    {
        Sound("Rain, heavy (loud).wav");
        var csv = Put("clotho.csv", "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n\"Rain, heavy (loud).wav\",a,b,c,d,e\n");
        Assert.Equal(["a", "b", "c", "d", "e"], CaptionFolder.Clotho(csv, Audio).Captions(0));
    }

    [Fact]
    public void Csv_MissingSoundAndEmptyCaption_AreListedAtOnceOrLeftOut()
    {
        Sound("a.wav");
        var csv = Put("own.csv", "filename,caption\na.wav,a dog barks\nb.wav,a bell rings\na.wav,\n");
        var error = Assert.Throws<BadInputException>(() => CaptionFolder.Csv(csv, Audio));
        Assert.Contains("line 3", error.Message);
        Assert.Contains("1 more", error.Message);
        var data = CaptionFolder.Csv(csv, Audio, BadRows.LeaveOut);
        Assert.Equal(1, data.Count);
        Assert.Equal(2, data.Problems.Count);
        Assert.Contains("empty", data.Problems[1].What);
    }

    [Fact]
    public void Released_JsonAndTable_AreJoined()
    {
        Sound("x.wav");
        var table = Put("wav.csv", "audio_id\tfile_name\nYx.wav\taudio/x.wav\n");
        var text = Put("text.json", "{\"audios\":[{\"audio_id\":\"Yx.wav\",\"captions\":[{\"caption\":\"a dog\",\"cap_id\":\"1\"}]}]}");
        Assert.Equal("a dog", CaptionFolder.Released(text, table).Caption(0));
        Assert.Throws<BadInputException>(() => CaptionFolder.Released(Put("bad.json", "{\"audios\":[{}]}"), table));
        Assert.Throws<BadInputException>(() => CaptionFolder.Released(Put("bad.json", "{"), table));
        var packed = Put("waveform.csv", "audio_id\thdf5_path\nYa.wav\tpack.h5\n");
        var error = Assert.Throws<BadInputException>(() => CaptionFolder.Released(text, packed));
        Assert.Contains("HDF5 are not read", error.Message);
        Assert.Contains("wav.csv", error.Message);
    }

    [Fact]
    public void AudioOnly_Folder_HasNoCaptions()
    {
        Sound("b.wav");
        Sound("a.wav");
        var data = CaptionFolder.AudioOnly(Audio);
        Assert.Equal(["a.wav", "b.wav"], [data.Id(0), data.Id(1)]);
        Assert.Empty(data.Captions(0));
    }

    [Fact]
    public void Csv_NoClips_SaysSo() =>
        Assert.Contains("no clip", Assert.Throws<BadInputException>(() => CaptionFolder.Csv(Put("own.csv", "filename,caption\n"), folder)).Message);
}
