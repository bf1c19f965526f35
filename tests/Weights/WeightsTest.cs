using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Weights;

public sealed class WeightsTest
{
    private static Module<Tensor, Tensor> Net() => Sequential(("fc", Linear(3, 2)), ("norm", BatchNorm1d(2)));

    private static Dictionary<string, Tensor> State()
    {
        using var file = Fixtures.AsFile("state_zip");
        return PyTorchFile.LoadStateDict(file.Name);
    }

    [Fact]
    public void Load_Fitting_PutsEveryValueIn()
    {
        using var scope = NewDisposeScope();
        using var net = Net();
        var report = Retort.Torch.Weights.Load(net, State());
        Assert.True(report.IsComplete);
        Assert.Equal("all 7 weights loaded", report.ToString());
        TensorAssert.Same(Fixtures.Tensors("state_zip"), net.state_dict());
        Assert.All(net.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Load_Strict_NamesEveryProblemAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var net = Net();
        var before = net.state_dict().ToDictionary(s => s.Key, s => TensorAssert.Values(s.Value));
        var weights = State();
        weights.Remove("fc.bias");
        weights["norm.weight"] = ones(3);
        weights["head.weight"] = ones(1);
        weights["head.bias"] = ones(1);
        var error = Assert.Throws<BadInputException>(() => Retort.Torch.Weights.Load(net, weights, source: "w.pt"));
        Assert.Equal("w.pt", error.Input);
        Assert.Contains("1 missing: fc.bias; 2 unexpected: head.bias, head.weight; 1 misshapen: norm.weight is [3], expected [2]", error.Message);
        foreach (var (name, tensor) in net.state_dict())
        {
            Assert.Equal(before[name], TensorAssert.Values(tensor));
        }
    }

    [Fact]
    public void Load_Lenient_LoadsWhatFitsAndReportsTheRest()
    {
        using var scope = NewDisposeScope();
        using var net = Net();
        var weights = State();
        var bias = TensorAssert.Values(net.state_dict()["fc.bias"]);
        weights["fc.bias"] = ones(5);
        weights["fc.weight"] = weights["fc.weight"].to(ScalarType.Float64);
        var report = Retort.Torch.Weights.Load(net, weights, strict: false);
        Assert.Equal(6, report.Loaded.Count);
        Assert.Equal(["fc.bias"], report.Misshapen.Select(m => m.Name));
        Assert.Equal(bias, TensorAssert.Values(net.state_dict()["fc.bias"]));
        Assert.Equal(Fixtures.Tensors("state_zip")["fc.weight"].Values, TensorAssert.Values(net.state_dict()["fc.weight"]));
        Assert.Equal(ScalarType.Float32, net.state_dict()["fc.weight"].dtype);
    }

    [Fact]
    public void SaveAndLoad_OfAModule_GivesItsBits()
    {
        using var scope = NewDisposeScope();
        using var file = new TemporaryFile(name: "net.safetensors");
        using var a = Net();
        using var b = Net();
        SafeTensors.Save(file.Name, a.state_dict());
        Retort.Torch.Weights.Load(b, SafeTensors.Load(file.Name), source: file.Name);
        foreach (var (name, tensor) in a.state_dict())
        {
            Assert.Equal(TensorAssert.Values(tensor), TensorAssert.Values(b.state_dict()[name]));
        }
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("module.net.")]
    public void Load_NamesBehindAWrappersPrefix_AreTakenWithoutIt(string prefix)
    {
        using var scope = NewDisposeScope();
        var (from, into) = (nn.Linear(2, 3), nn.Linear(2, 3));
        var weights = from.state_dict().ToDictionary(w => prefix + w.Key, w => w.Value);
        var report = Retort.Torch.Weights.Load(into, weights);
        Assert.Equal(prefix, report.Prefix);
        Assert.Equal($"all 2 weights loaded; names taken without their prefix '{prefix}'", report.ToString());
        Assert.True(into.weight!.Equals(from.weight!));
        weights["loss.scale"] = ones(1);
        report = Retort.Torch.Weights.Load(into, weights, strict: false);
        Assert.Equal(["loss.scale"], report.Unexpected);
    }

    [Fact]
    public void Load_NaN_IsSaidAndUnderStrictRefused()
    {
        using var scope = NewDisposeScope();
        var net = nn.Linear(2, 3);
        var before = net.bias!.clone();
        var weights = new Dictionary<string, Tensor> { ["weight"] = full([3, 2], double.NaN, float32), ["bias"] = zeros(3) };
        var error = Assert.Throws<BadInputException>(() => Retort.Torch.Weights.Load(net, weights, source: "a.pt"));
        Assert.Contains("1 with NaN: weight", error.Message);
        Assert.True(net.bias!.Equals(before));
        Assert.Equal(["weight"], Retort.Torch.Weights.Load(net, weights, strict: false).NotNumbers);
    }
}
