using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch.NN;

/// <summary>PyTorch's Transformer, number for number (environment/reference/transformer.py, which states the weights).</summary>
public class TransformerTest
{
    private static readonly double[] OfTheWhole =
        [0.557105881143, -0.661858595223, 1.24892633099, -1.921548088042, 1.897666137284, -1.750676766956, 1.284746028304, -0.831789004507, 0.091045837505, 0.615013594217];
    private static readonly double[] OfALayer =
        [-0.501951764953, -0.45966677265, 0.117259142951, 0.132784807783, 0.567045234874, 0.840491073394, 1.076296686698, 0.943103558017, -0.269137101032];

    private static void Fill(nn.Module module)
    {
        using var none = no_grad();
        foreach (var (key, value) in module.state_dict())
        {
            var wave = (arange(value.numel(), dtype: float64) * 0.37 + key.Sum(c => (double)c)).sin() * 0.2;
            value.copy_(wave.reshape(value.shape) + (key.Contains("norm") && key.EndsWith("weight") ? 1.0 : 0.0));
        }
    }

    private static Tensor Sequence(long[] shape, double k) => (arange(shape.Aggregate(1L, (a, b) => a * b), dtype: float64) * 0.7 + 0.1 * k).sin().reshape(shape);

    private static void Near(double[] expected, Tensor actual, int step)
    {
        var values = actual.detach().flatten().data<double>().ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], values[i * step], 1e-9);
        }
    }

    [Fact]
    public void Transformer_WithMasks_GivesPyTorchsNumbers()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var net = nn.Transformer(8, 2, 2, 1, 16, 0.0, nn.Activations.GELU);
        net.to(float64).eval();
        Fill(net);
        var mask = full([3, 3], double.NegativeInfinity, float64).triu(1);
        var pad = tensor(new bool[,] { { false, false, false, false, false }, { false, false, false, false, true } });
        var y = net.call(Sequence([5, 2, 8], 1), Sequence([3, 2, 8], 2), null!, mask, src_key_padding_mask: pad, memory_key_padding_mask: pad);
        Assert.Equal([3, 2, 8], y.shape);
        Near(OfTheWhole, y, 5);
    }

    [Fact]
    public void EncoderLayer_Alone_GivesPyTorchsNumbersAndKeys()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0);
        layer.to(float64).eval();
        Fill(layer);
        Near(OfALayer, layer.call(Sequence([5, 2, 8], 1)), 9);
        Assert.Equal(
            ["self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias", "linear1.weight",
                "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"],
            layer.state_dict().Keys);
    }

    [Fact]
    public void Encoder_OfALayer_BeginsWithCopiesOfItsWeights()
    {
        using var layer = nn.TransformerEncoderLayer(8, 2, 16);
        using var encoder = nn.TransformerEncoder(layer, 2);
        var state = encoder.state_dict();
        Assert.Equal(24, state.Count);
        Assert.True(state["layers.0.linear1.weight"].Equals(state["layers.1.linear1.weight"]));
        Assert.NotSame(state["layers.0.linear1.weight"], layer.state_dict()["linear1.weight"]);
    }
}
