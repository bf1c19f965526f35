using Retort.Audio;
using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class AudioFolderTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-folders").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Put(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private void PutSound(string name, double seconds = 0.1, int rate = 16000, float level = 0.5f, int channels = 1)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var samples = Enumerable.Range(0, (int)(seconds * rate) * channels).Select(i => level * (float)Math.Sin(2 * Math.PI * 440 * (i / channels) / rate));
        WavFile.Write(path, new Wave([.. samples], rate, channels));
    }

    private const string Labels = "index,mid,display_name\n0,/m/09x0r,\"Speech\"\n1,/m/05zppz,\"Male speech, man speaking\"\n2,/t/dd00088,\"Gargling\"\n";

    private const string Segments = """
        # Segments csv created Sun Mar  5 10:54:31 2017
        # num_ytids=3, num_segs=3, num_unique_labels=3, num_positive_labels=5
        # YTID, start_seconds, end_seconds, positive_labels
        --PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
        abcdefghijk, 0.000, 10.000, "/m/05zppz"
        -zyxwvutsrq, 5.500, 15.500, "/t/dd00088"

        """;

    [Theory]
    [InlineData("--PJHxphWEs_30.000_40.000.wav", "abcdefghijk_0.000_10.000.wav", "-zyxwvutsrq_5.500_15.500.wav")]
    [InlineData("--PJHxphWEs_30.000.wav", "abcdefghijk_0.wav", "-zyxwvutsrq_5.5.wav")]
    [InlineData("--PJHxphWEs.wav", "deep/er/abcdefghijk.wav", "Y-zyxwvutsrq.wav")]
    [InlineData("Y--PJHxphWEs_30_40.wav", "abcdefghijk_0_10000.wav", "-zyxwvutsrq_5500.wav")]
    public void AudioSet_EachFileNaming_IsFound(string first, string second, string third)
    {
        PutSound("audio/" + first, 0.1);
        PutSound("audio/" + second, 0.2, rate: 44100, channels: 2);
        PutSound("audio/" + third, 0.3);
        var data = AudioSetFolder.Open(Put("eval_segments.csv", Segments), Path.Combine(folder, "audio"), Put("class_labels_indices.csv", Labels));
        Assert.Equal(["Speech", "Male speech, man speaking", "Gargling"], data.Classes);
        Assert.Equal(["--PJHxphWEs_30.000", "abcdefghijk_0.000", "-zyxwvutsrq_5.500"], Enumerable.Range(0, 3).Select(data.Id));
        Assert.Equal([[0, 2], [1], [2]], Enumerable.Range(0, 3).Select(i => data.Labels(i)));
        // Stereo at 44.1 kHz comes as 16 kHz, one channel.
        Assert.Equal([1600, 3200, 4800], Enumerable.Range(0, 3).Select(i => data.Samples(i).Length));
        Assert.Equal(64, data.Hash.Length);
    }

    [Fact]
    public void AudioSet_MissingFile_IsRefusedOrLeftOut()
    {
        PutSound("audio/abcdefghijk.wav");
        var (segments, audio, labels) = (Put("s.csv", Segments), Path.Combine(folder, "audio"), Put("l.csv", Labels));
        var e = Assert.Throws<BadInputException>(() => AudioSetFolder.Open(segments, audio, labels));
        Assert.Equal((segments, "line 4"), (e.Input, e.Place));
        Assert.Contains("--PJHxphWEs_30.000_40.000.wav", e.Message);
        Assert.Contains("1 more problems", e.Message);
        var data = AudioSetFolder.Open(segments, audio, labels, BadRows.LeaveOut);
        Assert.Equal((1, 2), (data.Count, data.Problems.Count));
        File.WriteAllText(segments, Segments.Replace("/m/05zppz", "/m/unknown").Replace("30.000, 40.000", "40.000, 30.000"));
        var problems = Problems.Check(rows => AudioSetFolder.Open(segments, audio, labels, rows));
        Assert.Contains("start and end", problems[0].What); // nothing is left, so the first problem is told with the count
        File.WriteAllText(labels, Labels.Replace("2,/t/", "3,/t/"));
        Assert.Contains("\"3\", 2 was expected", Problems.Check(rows => AudioSetFolder.Open(segments, audio, labels, rows)).Single().What);
    }

    [Fact]
    public void Fsd50k_EachPart_HasItsRows()
    {
        Put("FSD50K.ground_truth/vocabulary.csv", "0,Accelerating_and_revving,/m/07q2z82\n1,Bark,/m/05tny_\n2,Bell,/m/0395lw\n");
        Put("FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n64760,\"Bark,Bell\",\"/m/05tny_,/m/0395lw\",train\n16399,Bell,/m/0395lw,val\n16401,Bark,/m/05tny_,train\n");
        Put("FSD50K.ground_truth/eval.csv", "fname,labels,mids\n37199,Accelerating_and_revving,/m/07q2z82\n");
        foreach (var name in new[] { "dev_audio/64760", "dev_audio/16399", "dev_audio/16401", "eval_audio/37199" })
        {
            PutSound($"FSD50K.{name}.wav", 0.1, 44100);
        }
        var train = Fsd50kFolder.Open(folder, Split.Train);
        Assert.Equal(["64760", "16401"], Enumerable.Range(0, train.Count).Select(train.Id));
        Assert.Equal([1, 2], train.Labels(0));
        Assert.Equal(1600, train.Samples(0).Length);
        Assert.Equal("16399", Fsd50kFolder.Open(folder, Split.Validation).Id(0));
        Assert.Equal([0], Fsd50kFolder.Open(folder, Split.Test).Labels(0));
        Put("FSD50K.ground_truth/eval.csv", "fname,labels,mids\n37199,Barking,/m/x\n");
        Assert.Contains("\"Barking\" is none of the 3 classes", Assert.Throws<BadInputException>(() => Fsd50kFolder.Open(folder, Split.Test)).Message);
    }

    [Fact]
    public void Esc50_Folds_SplitTheClips()
    {
        var list = "filename,fold,target,category,esc10,src_file,take\n";
        for (var fold = 1; fold <= 5; fold++)
        {
            list += $"{fold}-100-A-1.wav,{fold},1,rooster,False,100,A\n{fold}-101-A-0.wav,{fold},0,dog,True,101,A\n";
            PutSound($"audio/{fold}-100-A-1.wav");
            PutSound($"audio/{fold}-101-A-0.wav");
        }
        Put("meta/esc50.csv", list);
        var (train, test) = Esc50Folder.OpenFold(folder, 2);
        Assert.Equal(["dog", "rooster"], test.Classes);
        Assert.Equal((8, 2), (train.Count, test.Count));
        Assert.Equal(["2-100-A-1", "2-101-A-0"], Enumerable.Range(0, 2).Select(test.Id));
        Assert.Equal([1], test.Labels(0));
        Assert.DoesNotContain(Enumerable.Range(0, 8), i => train.Id(i).StartsWith('2'));
        Assert.Throws<ArgumentOutOfRangeException>(() => Esc50Folder.Open(folder, [6]));
        File.Delete(Path.Combine(folder, "audio/2-100-A-1.wav"));
        Assert.Contains("2-100-A-1.wav is missing", Assert.Throws<BadInputException>(() => Esc50Folder.Open(folder, [2])).Message);
    }

    [Fact]
    public void Csv_Sections_AreCutFromTheFile()
    {
        PutSound("long.wav", 2, rate: 8000);
        PutSound("short.wav", 0.25);
        var csv = Put("clips.csv", "filename,labels,start,end\nlong.wav,dog;cat,0.5,1.5\nlong.wav,,1.5,\nshort.wav,bird | dog,,\n");
        var data = CsvFolder.Open(csv);
        Assert.Equal(["bird", "cat", "dog"], data.Classes);
        Assert.Equal(["long.wav@0.5-1.5", "long.wav@1.5-", "short.wav"], Enumerable.Range(0, 3).Select(data.Id));
        Assert.Equal([[1, 2], [], [0, 2]], Enumerable.Range(0, 3).Select(i => data.Labels(i)));
        Assert.Equal([16000, 8000, 4000], Enumerable.Range(0, 3).Select(i => data.Samples(i).Length));
        var hash = data.Hash;
        Assert.Equal(hash, CsvFolder.Open(csv).Hash);
        PutSound("short.wav", 0.3);
        Assert.NotEqual(hash, CsvFolder.Open(csv).Hash);
        Assert.Equal([3], CsvFolder.Open(csv, classes: ["fish", "cat", "bird", "dog"]).Labels(2).Where(l => l != 2));
    }

    [Fact]
    public void Check_ManyProblems_ListsAllWithFileAndLine()
    {
        PutSound("good.wav");
        PutSound("silent.wav", level: 0);
        PutSound("brief.wav", 0.1);
        Put("broken.wav", "RIFF this is no sound");
        Put("empty.wav", "");
        var csv = Put("clips.csv", "filename,labels,start,end\ngood.wav,dog,,\nmissing.wav,dog,,\ngood.wav,unicorn,,\nbroken.wav,dog,,\nempty.wav,dog,,\nsilent.wav,dog,,\nbrief.wav,dog,7,8\ngood.wav,dog,3,2\ngood.wav,dog,,\n");
        var problems = Problems.Check(rows => CsvFolder.Open(csv, classes: ["dog"], badRows: rows));
        Assert.Equal(8, problems.Count);
        Assert.Equal(["line 3", "line 4", "line 9", "line 10"], problems.Take(4).Select(p => p.Place));
        Assert.Contains("missing.wav is missing", problems[0].ToString());
        Assert.Contains("unicorn", problems[1].ToString());
        Assert.Contains("from \"3\" to \"2\"", problems[2].ToString());
        Assert.Contains("listed before", problems[3].ToString());
        Assert.Equal(["broken.wav", "empty.wav", "silent.wav", "brief.wav"], problems.Skip(4).Select(p => Path.GetFileName(p.File)));
        Assert.Equal(4, Problems.Check(rows => CsvFolder.Open(csv, classes: ["dog"], badRows: rows), readAudio: false).Count);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("file,labels\na.wav,dog\n", "\"filename\" is missing")]
    [InlineData("filename,labels\n", "lists no clip")]
    [InlineData("filename,labels\na.wav\n", "line 2")]
    [InlineData("filename,labels\n\"a.wav,dog\n", "line")]
    public void Csv_UnusableList_IsOneClearError(string text, string told)
    {
        var csv = Put("clips.csv", text);
        var e = Assert.Throws<BadInputException>(() => CsvFolder.Open(csv));
        Assert.StartsWith(csv, e.Message);
        Assert.Contains(told, e.Message);
        Assert.NotEmpty(Problems.Check(rows => CsvFolder.Open(csv, badRows: rows)));
    }

    [Fact]
    public void Open_AbsentFileOrFolder_IsNamed()
    {
        Assert.Contains("cannot be opened", Assert.Throws<BadInputException>(() => CsvFolder.Open(Path.Combine(folder, "none.csv"))).Message);
        Assert.Contains("no such folder", Assert.Throws<BadInputException>(() => CsvFolder.Open(Put("a.csv", "filename,labels\n"), Path.Combine(folder, "none"))).Message);
        Assert.Contains("no such folder", Assert.Throws<BadInputException>(() => Esc50Folder.Open(Path.Combine(folder, "none"), [1])).Message);
    }

    [Fact]
    public void Open_MutatedLists_ThrowOnlyBadInput()
    {
        PutSound("audio/abcdefghijk.wav");
        var (segments, labels) = (Path.Combine(folder, "s.csv"), Put("l.csv", Labels));
        var whole = System.Text.Encoding.UTF8.GetBytes(Segments);
        var draw = RandomStream.Of(1, "csv fuzz");
        var opened = 0;
        for (var n = 0; n < 1500; n++)
        {
            var bytes = whole[..(draw.Chance(0.3) ? draw.Next(whole.Length + 1) : whole.Length)];
            for (var i = draw.Next(8); i > 0 && bytes.Length > 0; i--)
            {
                bytes[draw.Next(bytes.Length)] = draw.Pick("\"\",\n\r#\0 ;\u00ff9"u8.ToArray());
            }
            File.WriteAllBytes(segments, bytes);
            try
            {
                AudioSetFolder.Open(segments, Path.Combine(folder, "audio"), labels, BadRows.LeaveOut);
                opened++;
            }
            catch (BadInputException)
            {
            }
        }
        Assert.InRange(opened, 100, 1499);
    }
}
