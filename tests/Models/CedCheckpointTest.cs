using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class CedCheckpointTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-ced").FullName;

    private static readonly AudioTransformerSettings toy = new() { Classes = 5, Width = 4, Depth = 1, Heads = 2, TargetFrames = 112 };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    /// <summary>A file as PyTorch writes it, laid out as the published ones; environment/reference/ced_checkpoint.py made it.</summary>
    private string Published()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Models", "Golden", "ced_toy.pt.base64.txt"));
        File.WriteAllBytes(At("toy.pt"), Convert.FromBase64String(text));
        return At("toy.pt");
    }

    private static float[] Of(AudioTransformer model, string key)
    {
        using var scope = NewDisposeScope();
        return model.state_dict()[key].contiguous().data<float>().ToArray();
    }

    private static float Formula(string key, int i) => (float)(0.5 * Math.Sin(0.37 * i + 0.11 * key.Length));

    [Fact]
    public void Load_PyTorchFileWithModelKey_TakesEachWeight()
    {
        using var model = new AudioTransformer(toy, 1);
        var report = CedCheckpoint.Load(model, Published());
        Assert.True(report.Complete, report.ToString());
        foreach (var (name, parameter) in model.named_parameters())
        {
            var values = Of(model, name);
            Assert.Equal(parameter.numel(), values.Length);
            Assert.All(Enumerable.Range(0, values.Length), i => Assert.Equal(Formula(name, i), values[i], 1e-6f));
        }
        Assert.Equal(Formula("init_bn.1.running_var", 5), Of(model, "init_bn.1.running_var")[5], 1e-6f);
    }

    [Fact]
    public void Load_OtherNumberOfClasses_KeepsTheModelsHeadAndSaysSo()
    {
        using var model = new AudioTransformer(toy with { Classes = 3 }, 1);
        var before = Of(model, "outputlayer.1.weight");
        var report = CedCheckpoint.Load(model, Published());
        Assert.Equal((5, 3), report.FreshHead);
        Assert.False(report.Complete);
        Assert.Contains("the file has 5 classes, the model 3", report.ToString());
        Assert.Equal(before, Of(model, "outputlayer.1.weight"));
        Assert.Equal(Formula("norm.weight", 2), Of(model, "norm.weight")[2], 1e-6f);
    }

    [Theory]
    [InlineData(64, 4)]
    [InlineData(16 * 19, 19)]
    public void Load_OtherTargetLength_ResizesTimePositionsAndSaysSo(int frames, int columns)
    {
        using var model = new AudioTransformer(toy with { TargetFrames = frames }, 1);
        var report = CedCheckpoint.Load(model, Published());
        Assert.Equal([$"time_pos_embed: from (1, 4, 1, 7) to (1, 4, 1, {columns})"], report.Resized);
        var values = Of(model, "time_pos_embed");
        for (var c = 0; c < columns; c++)
        {
            // Linear interpolation between centres, corners not aligned; the first columns where fewer are needed.
            var place = columns < 7 ? c : Math.Clamp((c + 0.5) * 7 / columns - 0.5, 0, 6);
            var left = (int)place;
            var share = (float)(place - left);
            var expected = (1 - share) * Formula("time_pos_embed", 7 + left) + share * Formula("time_pos_embed", 7 + Math.Min(left + 1, 6));
            Assert.Equal(expected, values[columns + c], 1e-5f);
        }
    }

    [Fact]
    public void Load_PortedNames_AreThePublishedOnes()
    {
        using var model = new AudioTransformer(toy, 2);
        using (var scope = NewDisposeScope())
        {
            SafeTensors.Save(At("ported.safetensors"), model.state_dict().Where(e => !e.Key.StartsWith("front_end."))
                .Select(e => (e.Key.StartsWith("outputlayer.") ? e.Key : "encoder." + e.Key.Replace("init_bn.1.", "init_bn."), e.Value.detach())));
        }
        using var other = new AudioTransformer(toy, 3);
        var report = CedCheckpoint.Load(other, At("ported.safetensors"));
        Assert.True(report.Complete, report.ToString());
        Assert.All(model.state_dict().Keys.Where(k => !k.EndsWith("tracked")), key => Assert.Equal(Of(model, key), Of(other, key)));
    }

    [Fact]
    public void Load_StartWithoutHead_NeedsLeniencyAndIsReported()
    {
        using var model = new AudioTransformer(toy, 2);
        using (var scope = NewDisposeScope())
        {
            SafeTensors.Save(At("mae.safetensors"), model.state_dict().Where(e => !e.Key.StartsWith("outputlayer."))
                .Select(e => (e.Key, e.Value.detach())).Append(("decoder.weight", zeros(3))));
        }
        using var other = new AudioTransformer(toy, 3);
        var before = Of(other, "norm.weight");
        var error = Assert.Throws<BadInputException>(() => CedCheckpoint.Load(other, At("mae.safetensors")));
        Assert.Contains("outputlayer.0.weight", error.Message);
        var report = CedCheckpoint.Load(other, At("mae.safetensors"), lenient: true);
        Assert.Equal(["decoder.weight"], report.Unexpected);
        Assert.Equal(4, report.Missing.Count);
        Assert.Equal(Of(model, "patch_embed.proj.weight"), Of(other, "patch_embed.proj.weight"));
        Assert.Equal(before.Length, Of(other, "norm.weight").Length);
    }

    [Fact]
    public void Open_OurOwnFile_GivesTheSameModelWithItsSettings()
    {
        var settings = toy with { Pooling = Pooling.Token, Heads = 1, LongClips = LongClipRule.Upstream };
        using var model = new AudioTransformer(settings, 2);
        CedCheckpoint.Save(model, At("own.safetensors"));
        var (opened, report) = CedCheckpoint.Open(At("own.safetensors"));
        Assert.True(report.Complete, report.ToString());
        Assert.Equal(settings, opened.Settings);
        Assert.False(opened.training);
        Assert.All(model.named_parameters(), p => Assert.Equal(Of(model, p.name), Of(opened, p.name)));
    }

    [Fact]
    public void Open_PublishedShapes_FindsTheSettings()
    {
        using (var model = new AudioTransformer(AudioTransformerSettings.Small with { Depth = 1, Classes = 4 }, 2))
        using (var scope = NewDisposeScope())
        {
            SafeTensors.Save(At("shapes.safetensors"), model.state_dict().Select(e => (e.Key, e.Value.detach())));
        }
        var (opened, report) = CedCheckpoint.Open(At("shapes.safetensors"), s => s with { Classes = 2, Pooling = Pooling.Logit });
        Assert.Equal(AudioTransformerSettings.Small with { Depth = 1, Classes = 2, Pooling = Pooling.Logit }, opened.Settings);
        Assert.Equal((4, 2), report.FreshHead);
        Assert.Empty(report.Missing);
    }

    [Fact]
    public void Open_WeightsOfSomethingElse_SaysWhatIsMissing()
    {
        using (var scope = NewDisposeScope())
        {
            SafeTensors.Save(At("else.safetensors"), [("a", zeros(3))]);
        }
        Assert.Contains("time_pos_embed", Assert.Throws<BadInputException>(() => CedCheckpoint.Open(At("else.safetensors"))).Message);
    }

    [Fact]
    public void Load_OtherWidth_NamesTheKeyAndLeavesTheModel()
    {
        using var model = new AudioTransformer(toy with { Width = 8 }, 1);
        var before = Of(model, "norm.bias");
        var error = Assert.Throws<BadInputException>(() => CedCheckpoint.Load(model, Published()));
        Assert.Contains("time_pos_embed", error.Message);
        Assert.Equal(before, Of(model, "norm.bias"));
    }
}
