using System.Text.Json;
using Retort.Audio;
using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against the published model in small settings: outputs, loss and gradients.</summary>
public sealed class AudioTransformerGoldenTest
{
    private static AudioTransformer Model(SafeTensorsFile file)
    {
        var config = JsonDocument.Parse(file.Metadata["config"]).RootElement;
        int Of(string name) => config.GetProperty(name).GetInt32();
        var model = new AudioTransformer(new AudioTransformerSettings
        {
            Classes = Of("outputdim"),
            Width = Of("embed_dim"),
            Depth = Of("depth"),
            Heads = Of("num_heads"),
            TargetFrames = Of("target_length"),
            LongClips = LongClipRule.Upstream,
            Pooling = config.GetProperty("pooling").GetString() switch
            {
                "mean" => Pooling.Mean,
                "logit" => Pooling.Logit,
                "token" => Pooling.Token,
                _ => Pooling.DecisionMean,
            },
            Mel = new MelSettings { Floor = DbFloor.Batch },
        });
        using var noGrad = no_grad();
        var state = model.state_dict();
        foreach (var name in file.Names.Where(name => name.StartsWith("w.")))
        {
            state[name[2..]].copy_(file.Read(name));
        }
        // All but the two buffers of the front-end.
        Assert.Equal(state.Count - 2, file.Names.Count(name => name.StartsWith("w.")));
        model.eval();
        return model;
    }

    private static float Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    [Theory]
    [InlineData("mean")]
    [InlineData("logit")]
    [InlineData("token")]
    [InlineData("dm")]
    public void Forward_Golden_MatchesOutputs(string pooling)
    {
        using var file = SafeTensorsFile.Open(Golden.File("Models", $"ced/audio_transformer_{pooling}.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Model(file);
        for (var i = 0; i < 4; i++)
        {
            var x = file.Read($"in.x{i}");
            var mel = file.Read($"out.mel{i}");
            var ours = model.FrontEnd.call(x);
            Assert.Equal(mel.shape, ours.shape);
            Assert.InRange(Distance(mel, ours), 0, 1e-3f);
            Assert.InRange(Distance(file.Read($"out.y{i}"), model.call(x)), 0, 1e-4f);
        }
    }

    [Theory]
    [InlineData("mean")]
    [InlineData("token")]
    [InlineData("dm")]
    public void Backward_Golden_MatchesLossAndGradients(string pooling)
    {
        using var file = SafeTensorsFile.Open(Golden.File("Models", $"ced/audio_transformer_{pooling}.safetensors"));
        using var scope = NewDisposeScope();
        using var model = Model(file);
        var loss = nn.functional.binary_cross_entropy(model.call(file.Read("in.x0")), file.Read("in.soft"));
        Assert.Equal(file.Read("out.loss").item<float>(), loss.item<float>(), 1e-5f);
        loss.backward();
        var gradients = file.Names.Where(name => name.StartsWith("grad.")).ToArray();
        Assert.NotEmpty(gradients);
        foreach (var name in gradients)
        {
            var expected = file.Read(name);
            var gradient = model.get_parameter(name["grad.".Length..]).grad!;
            var relative = (expected - gradient).norm().item<float>() / (expected.norm().item<float>() + 1e-8f);
            Assert.True(relative < 1e-3f, $"{name}: relative difference {relative}");
        }
    }
}
