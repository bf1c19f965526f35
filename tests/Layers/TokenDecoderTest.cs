using System.Text.Json;
using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Layers;

/// <summary>Against PyTorch's pre-norm decoder; environment/reference/token_decoder.py printed the numbers.</summary>
public sealed class TokenDecoderTest
{
    private static readonly JsonElement golden = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Layers", "Golden", "token_decoder.json"))).RootElement;

    private static readonly TokenDecoderSettings small = new() { Vocabulary = 11, Width = 8, Depth = 2, Heads = 2, Hidden = 12, MaxLength = 700 };

    private static Tensor Read(JsonElement e) =>
        tensor(e.GetProperty("values").EnumerateArray().Select(v => v.GetSingle()).ToArray(), [.. e.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64())]);

    private static Tensor Tokens => tensor(golden.GetProperty("tokens").EnumerateArray().SelectMany(r => r.EnumerateArray().Select(v => v.GetInt64())).ToArray(), [2, 5]);

    private static TokenDecoder Reference()
    {
        var model = new TokenDecoder(small, seed: 0);
        Retort.Torch.Weights.Load(model, golden.GetProperty("weights").EnumerateObject().ToDictionary(w => w.Name, w => Read(w.Value)));
        model.eval();
        return model;
    }

    private static void Near(Tensor expected, Tensor value, double tolerance = 1e-5)
    {
        Assert.Equal(expected.shape, value.shape);
        Assert.InRange((expected - value).abs().max().item<float>(), 0, tolerance);
    }

    [Fact]
    public void Forward_IsPyTorchs_WithAndWithoutMemoryMask()
    {
        using var scope = NewDisposeScope();
        using var model = Reference();
        var memory = Read(golden.GetProperty("memory"));
        // The second row's padding begins at place 3; what stands there has no meaning.
        foreach (var (name, lengths) in new[] { ("masked", new long[] { 6, 4 }), ("unmasked", null) })
        {
            var expected = Read(golden.GetProperty(name));
            var logits = model.call(Tokens, memory, lengths);
            Near(expected.select(0, 0), logits.select(0, 0));
            Near(expected.select(0, 1).narrow(0, 0, 3), logits.select(0, 1).narrow(0, 0, 3));
        }
    }

    [Fact]
    public void Backward_IsPyTorchs()
    {
        using var scope = NewDisposeScope();
        using var model = Reference();
        var logits = model.call(Tokens, Read(golden.GetProperty("memory")), [6, 4]);
        var loss = nn.functional.cross_entropy(logits.narrow(1, 0, 3).reshape(-1, 11), tensor(new long[] { 5, 7, 1, 9, 3, 3 }));
        Assert.Equal(golden.GetProperty("loss").GetSingle(), loss.item<float>(), 1e-5f);
        loss.backward();
        foreach (var gradient in golden.GetProperty("grads").EnumerateObject())
        {
            Near(Read(gradient.Value), model.get_parameter(gradient.Name).grad!);
        }
    }

    [Fact]
    public void Step_TokenByToken_IsForward()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Reference();
        var memory = Read(golden.GetProperty("memory"));
        var all = model.call(Tokens, memory, [6, 4]);
        using var cache = model.Start(memory, [6, 4]);
        for (var i = 0; i < 5; i++)
        {
            Near(all.select(1, i), model.Step(Tokens.select(1, i), cache));
        }
        Assert.Equal(5, cache.Length);
    }

    [Fact]
    public void Step_HypothesesSwappedAndAMemoryDropped_IsForwardOfTheirTokens()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Reference();
        var memory = Read(golden.GetProperty("memory"));
        using var cache = model.Start(memory, [6, 4]);
        model.Step(tensor(new long[] { 2, 2, 2, 2 }), cache);  // two hypotheses of each memory
        model.Step(tensor(new long[] { 5, 6, 7, 8 }), cache);
        cache.SelectRows(tensor(new long[] { 3, 2 }));
        cache.SelectMemories(tensor(new long[] { 1 }));
        var logits = model.Step(tensor(new long[] { 9, 10 }), cache);
        var tokens = tensor(new long[] { 2, 8, 9, 2, 7, 10 }, [2, 3]);
        var one = memory.narrow(0, 1, 1).expand(2, -1, -1);
        Near(model.call(tokens, one, [4, 4]).select(1, 2), logits);
    }

    [Fact]
    public void CrossAttention_IsWhatForwardMixesWith()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Reference();
        var memory = Read(golden.GetProperty("memory"));
        var layers = model.CrossAttention(Tokens, memory, [6, 4]);
        Assert.Equal(2, layers.Count);
        foreach (var weights in layers)
        {
            Assert.Equal([2, 2, 5, 6], weights.shape);
            Near(ones(2, 2, 5), weights.sum(-1));
            Assert.Equal(0, weights.select(0, 1).narrow(-1, 4, 2).abs().max().item<float>());
        }
        // The weights are those of the published formula: of the first layer by hand, from the state.
        var state = model.state_dict();
        Tensor Weight(string name) => state["layers.0." + name];
        var x = state["token_embedding.weight"].index_select(0, Tokens.select(0, 0)).unsqueeze(0) * Math.Sqrt(8) + SinePositions.Table(5, 8);
        var causal = LengthMask.Causal(5, float32, CPU);
        Tensor Norm(Tensor y, string name) => nn.functional.layer_norm(y, [8], Weight(name + ".weight"), Weight(name + ".bias"));
        Tensor Part(Tensor y, string name, int part) => nn.functional.linear(y, Weight(name + ".in_proj_weight").narrow(0, 8 * part, 8), Weight(name + ".in_proj_bias").narrow(0, 8 * part, 8)).view(1, -1, 2, 4).transpose(1, 2);
        var normed = Norm(x, "norm1");
        var self = (matmul(Part(normed, "self_attn", 0), Part(normed, "self_attn", 1).transpose(-2, -1)) / 2 + causal).softmax(-1);
        var mixed = matmul(self, Part(normed, "self_attn", 2)).transpose(1, 2).reshape(1, 5, 8);
        var y = x + nn.functional.linear(mixed, Weight("self_attn.out_proj.weight"), Weight("self_attn.out_proj.bias"));
        var one = memory.narrow(0, 0, 1);
        var expected = (matmul(Part(Norm(y, "norm2"), "multihead_attn", 0), Part(one, "multihead_attn", 1).transpose(-2, -1)) / 2).softmax(-1);
        Near(expected.squeeze(0), layers[0].select(0, 0));
        model.train();
        Assert.Throws<InvalidOperationException>(() => model.CrossAttention(Tokens, memory, null));
    }

    [Fact]
    public void Step_InTraining_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var model = Reference();
        model.train();
        Assert.Throws<InvalidOperationException>(() => model.Start(zeros(1, 3, 8), null));
    }

    [Fact]
    public void Forward_LongerThanThePositions_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var model = Reference();
        Assert.Equal(600, model.call(zeros(1, 600, dtype: int64), zeros(1, 3, 8), null).shape[1]);
        Assert.Contains("701", Assert.Throws<ArgumentException>(() => model.call(zeros(1, 701, dtype: int64), zeros(1, 3, 8), null)).Message);
    }

    [Fact]
    public void Paper_ParametersAndState_AreThePublishedOnes()
    {
        using var scope = NewDisposeScope();
        using var model = new TokenDecoder(new TokenDecoderSettings { Depth = 1 }, seed: 0);
        // Six layers and the last norm have 56,712,192 parameters, embedding and head 768,000 and 769,000.
        Assert.Equal((56_712_192 - 1536) / 6 + 1536 + 768_000 + 769_000, model.parameters().Sum(p => p.numel()));
        Assert.DoesNotContain(model.state_dict().Keys, key => key.Contains("positions"));
    }
}
