using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using TorchSharp;

namespace Retort.Tests.Papers.Ced;

/// <summary>The way from a folder of one's own, and what is refused on it.</summary>
public sealed class CedDataTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-own-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Csv(string name, IEnumerable<string> labels, double seconds = 0.4)
    {
        var rows = labels.Select((label, i) =>
        {
            var file = $"{name}-{i}.wav";
            WavFile.Write(Path.Combine(folder, file), new Wave([.. Enumerable.Range(0, (int)(8000 * seconds)).Select(t => 0.1f * MathF.Sin(0.05f * (i + 1) * t))], 8000), WavEncoding.Pcm16);
            return $"{file},{label}\n";
        });
        var path = Path.Combine(folder, name + ".csv");
        File.WriteAllText(path, "filename,labels\n" + string.Concat(rows.ToArray()));
        return path;
    }

    [Fact]
    public void Divide_ASortedList_GivesEachPartItsShareOfEachLabel()
    {
        var clips = CsvFolder.Open(Csv("sorted", Enumerable.Repeat("a", 20).Concat(Enumerable.Repeat("b", 10)).Concat(Enumerable.Repeat("c", 10))));
        using var data = CedData.Divide(clips);

        int[] Counts(TaggingData part) => [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, part.Count).Count(i => part.Labels(i).Contains(c)))];
        Assert.Equal([[14, 7, 7], [2, 1, 1], [4, 2, 2]], new[] { data.Train, data.Validation, data.Test }.Select(Counts));
        var ids = new[] { data.Train, data.Validation, data.Test }.SelectMany(p => Enumerable.Range(0, p.Count).Select(p.Id)).ToArray();
        Assert.Equal(40, ids.Distinct().Count());
        // Half a second at 16 kHz, whatever the file's rate, and masks that follow it.
        Assert.Equal((6400, 41, 8), (data.Train.Samples(0).Length, data.TypicalFrames, data.DefaultViews.TimeMask));
        Assert.Equal((0.1, 4, 8), (data.LightViews.MaximumShift, data.LightViews.TimeMask, data.LightViews.FrequencyMask));
    }

    [Fact]
    public void Scores_OfValidationAndTestClips_AreRowsOfTheirOwnClips()
    {
        using var data = CedData.Divide(CsvFolder.Open(Csv("rows", Enumerable.Repeat("a", 20).Concat(Enumerable.Repeat("b", 20)))));
        Assert.Equal((4, 8), (data.Validation.Count, data.Test.Count));
        foreach (var (part, scores) in new[] { (data.Validation, data.ValidationScores(Sums)), (data.Test, data.TestScores(Sums)) })
        {
            var clean = data.Views(part, ViewSettings.Clean);
            Assert.Equal(Enumerable.Range(0, part.Count).SelectMany(i => Sums(clean.Clean([i])).data<float>().ToArray()), scores);
        }

        static torch.Tensor Sums(torch.Tensor mel) => torch.stack([mel.amax([1, 2]), mel.amin([1, 2])], 1);
    }

    [Fact]
    public void Views_PaperMaskOnShortClips_IsRefusedWithTheRightOne()
    {
        using var data = CedData.Divide(CsvFolder.Open(Csv("short", Enumerable.Repeat("a", 10).Concat(Enumerable.Repeat("b", 10)))));
        var refusal = Assert.Throws<BadInputException>(() => data.Views(data.Train, new ViewSettings()));
        Assert.Contains("192 frames on clips of 41", refusal.Message);
        Assert.NotNull(data.Views(data.Train));
    }

    [Fact]
    public void New_ClassesInAnotherOrder_AreRefused()
    {
        var (train, test) = (Csv("train", ["a", "b", "a", "b"]), Csv("test", ["a", "b"]));
        var refusal = Assert.Throws<BadInputException>(() => new CedData(CsvFolder.Open(train), CsvFolder.Open(test), CsvFolder.Open(test, classes: ["b", "a"])));
        Assert.Contains("another order", refusal.Message);
        var lacking = Assert.Throws<BadInputException>(() => new CedData(CsvFolder.Open(train), CsvFolder.Open(test), CsvFolder.Open(Csv("one", ["a"]))));
        Assert.Contains("\"b\" is lacking", lacking.Message);
        Assert.Throws<BadInputException>(() => CedPaper.Of(CsvFolder.Open(train), CsvFolder.Open(test, classes: ["b", "a"]), heldOut: 1));
    }

    [Fact]
    public void DecodedClips_OfFlacAndWav_AreTheFilesSamplesAndDecodedOnce()
    {
        var csv = Csv("mixed", ["a", "b", "a"]);
        using (var ffmpeg = System.Diagnostics.Process.Start("ffmpeg", ["-v", "error", "-y", "-i", Path.Combine(folder, "mixed-1.wav"), Path.Combine(folder, "mixed-1.flac")]))
        {
            ffmpeg.WaitForExit();
        }
        File.WriteAllText(csv, File.ReadAllText(csv).Replace("mixed-1.wav", "mixed-1.flac"));
        var clips = CsvFolder.Open(csv);
        var decoded = DecodedClips.Of(clips);
        Assert.Equal((clips.Hash, "mixed-1.flac"), (decoded.Hash, decoded.Id(1)));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(clips.Samples(i), decoded.Samples(i));
        }
        var path = Path.Combine(folder, "mixed-0.wav");
        var (was, expected) = (File.GetLastWriteTimeUtc(path), decoded.Samples(0));
        File.WriteAllBytes(path, new byte[new FileInfo(path).Length]);
        File.SetLastWriteTimeUtc(path, was);
        Assert.Equal(expected, DecodedClips.Of(CsvFolder.Open(csv)).Samples(0));
    }

    [Fact]
    public void DecodedClips_ADamagedFile_IsNamed()
    {
        var csv = Csv("damaged", ["a", "b"]);
        File.WriteAllText(Path.Combine(folder, "no.flac"), "this is no sound");
        File.AppendAllText(csv, "no.flac,b\n");
        Assert.Contains("no.flac", Assert.ThrowsAny<BadInputException>(() => DecodedClips.Of(CsvFolder.Open(csv))).Message);
    }

    [Fact]
    public void NamedFolder_LabelsInFileNames_AreTheClassesOfTheSameClipsAsByAList()
    {
        var csv = Csv("9_ann", ["9", "9"]);
        Csv("2_bob", ["2"]);
        File.AppendAllText(csv, "2_bob-0.wav,2\n");
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        File.Move(Path.Combine(folder, "9_ann-1.wav"), Path.Combine(folder, "sub", "9_ann-1.wav"));
        File.WriteAllText(csv, File.ReadAllText(csv).Replace("9_ann-1.wav", "sub/9_ann-1.wav"));

        var named = NamedFolder.Open(folder, file => Path.GetFileName(file).Split('_')[0]);

        var listed = CsvFolder.Open(csv);
        Assert.Equal(["2", "9"], named.Classes);
        Assert.Equal(["2_bob-0.wav", "9_ann-0.wav", "sub/9_ann-1.wav"], Enumerable.Range(0, 3).Select(named.Id));
        Assert.Equal([0, 1, 1], Enumerable.Range(0, 3).Select(i => named.Labels(i).Single()));
        Assert.Equal(listed.Samples(2), named.Samples(0));
    }

    [Fact]
    public void NamedFolder_NamesWithoutALabel_AreNamed()
    {
        Csv("9_ann", ["9"]);
        Csv("noise", ["x"]);
        string Digit(string file) => char.IsDigit(file[0]) ? file[..1] : "";
        Assert.Contains("noise-0.wav", Assert.Throws<BadInputException>(() => NamedFolder.Open(folder, Digit)).Message);
        Assert.Equal(1, NamedFolder.Open(folder, Digit, badRows: BadRows.LeaveOut).Count);
        Assert.Contains("no label can be read", Assert.Throws<BadInputException>(() => NamedFolder.Open(folder, file => file.Split('_')[1])).Message);
        Assert.Contains("\"9\" is none of the 1 classes", Assert.Throws<BadInputException>(() => NamedFolder.Open(folder, Digit, ["8"])).Message);
        Assert.Contains("lists no clip", Assert.Throws<BadInputException>(() => NamedFolder.Open(Directory.CreateDirectory(Path.Combine(folder, "empty")).FullName, Digit)).Message);
    }

    [Fact]
    public void SmallModel_OfClipsOfManyLengths_TagsAFileAloneAsInABatch()
    {
        string[] eight = ["a", "b", "a", "b", "a", "b", "a", "b"];
        string[] csvs = [Csv("short", eight, 0.12), Csv("middle", eight, 0.4), Csv("long", eight, 0.9)];
        var all = Path.Combine(folder, "all.csv");
        File.WriteAllText(all, "filename,labels\n" + string.Concat(csvs.SelectMany(File.ReadLines).Where(line => line != "filename,labels").Select(line => line + "\n")));
        using var data = CedData.Divide(CsvFolder.Open(all), 0.25, 0.25);
        Assert.Equal((8, true, 91), (data.SmallModel.Patch, data.SmallModel.PadShort, data.SmallModel.TargetFrames));
        float[] Alone(AudioTransformer model)
        {
            var file = Path.Combine(folder, "model.safetensors");
            CedCheckpoint.Save(model, file, data.Train.Classes);
            var tagger = AudioTagger.Open(file);
            return [.. Enumerable.Range(0, data.Test.Count).SelectMany(i => tagger.Scores(tagger.Load(Path.Combine(folder, data.Test.Id(i)))))];
        }
        double Farthest(AudioTransformer model) => data.TestScores(model).Zip(Alone(model)).Max(p => Math.Abs(1 / (1 + Math.Exp(-p.First)) - p.Second));
        AudioTransformer Model(bool pad)
        {
            var model = new AudioTransformer(data.SmallModel with { Pooling = Pooling.Logit, PadShort = pad }, seed: 1);
            using var none = torch.no_grad();
            // A fresh model hardly listens.
            foreach (var weight in model.parameters().Where(p => p.dim() == 2))
            {
                weight.mul_(8);
            }
            return model;
        }
        var (padded, unpadded) = (Farthest(Model(pad: true)), Farthest(Model(pad: false)));
        Assert.True(padded < 1e-4 && unpadded > 1e-2, $"{padded} {unpadded}");
    }
}
