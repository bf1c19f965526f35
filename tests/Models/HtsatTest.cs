using Retort.Models;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against the published teacher's encoder with formula weights, in all its size.</summary>
public sealed class HtsatTest
{
    private static Htsat Model(SafeTensorsFile file)
    {
        var model = new Htsat();
        var state = model.state_dict();
        var weights = new Dictionary<string, Tensor>();
        foreach (var line in File.ReadAllLines(CaptionGolden.File("caption_htsat_keys.tsv")).Select(l => l.Split('\t')))
        {
            var shape = line[1].Length == 0 ? [] : line[1].Split(',').Select(long.Parse).ToArray();
            weights[line[0]] = file.Names.Contains("w." + line[0]) ? file.Read("w." + line[0])
                : line[0].EndsWith("num_batches_tracked") || line[0].EndsWith("relative_position_index") || line[0].EndsWith("attn_mask") ? state[line[0]].clone()
                : tensor(FormulaWeights.Values(line[0], shape)!, shape);
        }
        Assert.True(Retort.Torch.Weights.Load(model, weights).IsComplete);
        model.eval();
        return model;
    }

    [Fact]
    public void Forward_Golden_MatchesImagePatchesStagesStepsAndEmbedding()
    {
        using var file = SafeTensorsFile.Open(CaptionGolden.File("caption_htsat.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Model(file);
        // The tagging head's last layer and the masks are in the checkpoint: 30,241,687 learned values.
        Assert.Equal(30_241_687, model.parameters().Sum(p => p.numel()));
        var mel = file.Read("in.logmel").squeeze(1);
        var seen = new List<Tensor>();
        model.Map(mel, x => seen.Add(x.clone().MoveToOuterDisposeScope()));
        static Tensor Every(Tensor x, int dimension, int step) => x.index_select(dimension, arange(0, x.shape[dimension], step));
        Assert.InRange(CaptionGolden.Distance(file.Read("out.image_slice"), Every(Every(seen[0], 2, 5), 3, 5)), 0, 1e-4f);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.patch_slice"), Every(Every(seen[1], 1, 31), 2, 3)), 0, 1e-4f);
        for (var i = 0; i < 4; i++)
        {
            Assert.InRange(CaptionGolden.Distance(file.Read($"out.stage{i}_slice"), Every(Every(seen[2 + i], 1, 11), 2, 7)), 0, 2e-4f);
        }
        var steps = model.FromFeatures(mel, null);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.fine_grained_steps"), steps), 0, 1e-4f);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.embedding"), Htsat.Embedding(steps)), 0, 1e-4f);
        Assert.InRange(CaptionGolden.Distance(file.Read("out.clipwise"), model.Probabilities(mel)), 0, 1e-4f);
    }

    [Fact]
    public void Forward_LongerThanItsSquare_SaysHowLong()
    {
        using var scope = NewDisposeScope();
        using var model = new Htsat(new HtsatSettings { Width = 8, Heads = [1, 1, 1, 1], Depths = [1, 1, 1, 1], Classes = 3 });
        model.eval();
        Assert.Contains("10.2 s", Assert.Throws<ArgumentException>(() => model.FromFeatures(zeros(1, 1025, 64), null)).Message);
        Assert.Equal((1, 32, 64), ((int)model.call(zeros(1, 32000), null).shape[0], (int)model.Frames(32000), model.Width));
    }
}
