using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

/// <summary>TorchSharp's own files: saved, read back, and byte for byte as its format has them.</summary>
public class SaveTest
{
    [Fact]
    public void Save_OfALinearLayer_WritesTorchSharpsBytes()
    {
        using var linear = Linear(2, 1);
        using (no_grad())
        {
            linear.weight!.copy_(tensor(new float[,] { { 1, -2 } }));
            linear.bias!.copy_(tensor(new float[] { 0.5f }));
        }
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, true)) linear.save(writer);
        // Two tensors: key, element type 6 (float32), dimensions and sizes, values.
        byte[] expected =
        [
            2,
            6, .. "weight"u8, 6, 2, 1, 2, .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-2f),
            4, .. "bias"u8, 6, 1, 1, .. BitConverter.GetBytes(0.5f),
        ];
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void Load_OfWhatWasSaved_GivesTheSameModel()
    {
        using var file = new TemporaryFile([], "net.dat");
        using var net = Sequential(("a", Linear(3, 200)), ("norm", BatchNorm1d(200)), ("b", Linear(200, 2)));
        using var other = Sequential(("a", Linear(3, 200)), ("norm", BatchNorm1d(200)), ("b", Linear(200, 2)));
        using var x = randn(5, 3);
        using (net.call(x)) { }
        net.save(file.Name);
        var loaded = new Dictionary<string, bool>();
        Assert.Same(other, other.load(file.Name, loadedParameters: loaded));
        Assert.All(net.state_dict(), entry => Assert.True(entry.Value.Equals(other.state_dict()[entry.Key])));
        Assert.Equal(9, loaded.Count(entry => entry.Value));
    }

    [Fact]
    public void Load_IntoAnotherModel_SaysWhatDoesNotFit()
    {
        using var file = new TemporaryFile([], "net.dat");
        using var net = Sequential(("a", Linear(3, 4)), ("b", Linear(4, 2)));
        net.save(file.Name);
        using var fewer = Sequential(("a", Linear(3, 4)));
        Assert.Throws<ArgumentException>(() => fewer.load(file.Name));
        fewer.load(file.Name, strict: false);
        Assert.True(fewer.state_dict()["a.weight"].Equals(net.state_dict()["a.weight"]));
        using var wider = Sequential(("a", Linear(3, 5)), ("b", Linear(5, 2)));
        Assert.Throws<ArgumentException>(() => wider.load(file.Name));
        wider.load(file.Name, strict: false, skip: ["a.weight", "a.bias", "b.weight"]);
        Assert.True(wider.state_dict()["b.bias"].Equals(net.state_dict()["b.bias"]));
    }

    [Fact]
    public void Tensor_SavedAndLoaded_IsTheSame()
    {
        using var scope = NewDisposeScope();
        foreach (var values in new[] { arange(24).reshape(2, 3, 4).transpose(0, 2), tensor(3.5), zeros(0, 3), ones([2], bfloat16), tensor(new[] { true, false }) })
        {
            using var stream = new MemoryStream();
            values.Save(stream);
            stream.Position = 0;
            var back = Tensor.Load(stream);
            Assert.Equal(values.dtype, back.dtype);
            Assert.Equal(values.shape, back.shape);
            Assert.True(values.Equals(back));
        }
    }

    public static TheoryData<string> Optimizers => [.. new[] { "SGD", "Adam", "AdamW", "RMSProp", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop" }];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void OptimizerState_SavedAndLoaded_GoesOnWithTheSameBits(string rule)
    {
        using var scope = NewDisposeScope();
        using var file = new TemporaryFile([], "optimizer.dat");
        OptimizerHelper Make(IEnumerable<Parameter> p) => rule switch
        {
            "SGD" => optim.SGD(p, 0.1, momentum: 0.9),
            "Adam" => optim.Adam(p, 0.1, amsgrad: true),
            "AdamW" => optim.AdamW(p, 0.1),
            "RMSProp" => optim.RMSProp(p, 0.1, momentum: 0.5, centered: true),
            "Adagrad" => optim.Adagrad(p, 0.1),
            "Adadelta" => optim.Adadelta(p, 0.1),
            "Adamax" => optim.Adamax(p, 0.1),
            "NAdam" => optim.NAdam(p, 0.1),
            "RAdam" => optim.RAdam(p, 0.1),
            "ASGD" => optim.ASGD(p, 0.1),
            _ => optim.Rprop(p, 0.1),
        };
        void Step(Linear net, OptimizerHelper optimizer, double k)
        {
            optimizer.zero_grad();
            (net.call(ones(1, 3) * k) - 1).square().sum().backward();
            optimizer.step();
        }

        using var one = Linear(3, 2);
        using var first = Make(one.parameters());
        for (var i = 0; i < 3; i++) Step(one, first, 1 + i);
        first.save_state_dict(file.Name);
        using var two = Linear(3, 2);
        two.load_state_dict(one.state_dict());
        using var second = Make(two.parameters());
        second.load_state_dict(file.Name);
        for (var i = 0; i < 3; i++)
        {
            Step(one, first, 2 - i);
            Step(two, second, 2 - i);
        }
        Assert.True(one.weight!.Equals(two.weight!));
        using var other = optim.Adadelta(two.parameters(), 1);
        if (rule != "Adadelta") Assert.Throws<InvalidDataException>(() => other.load_state_dict(file.Name));
    }

    [Fact]
    public void Load_OfADamagedFile_IsAnExceptionAndNoMemory()
    {
        using var linear = Linear(2, 1);
        foreach (var bytes in new byte[][] { [2, 6, .. "weight"u8, 99, 1], [2, 6, .. "weight"u8, 6, 2, 1, 2, 0], [2, 6, .. "weight"u8, 6, 1, 255, 255, 255, 255, 255, 255, 255, 127] })
        {
            using var stream = new MemoryStream(bytes);
            Assert.ThrowsAny<Exception>(() => linear.load(stream));
        }
    }
}
