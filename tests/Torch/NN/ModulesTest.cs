using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch.NN;

/// <summary>Forward and gradient of every module and loss against numbers of stock PyTorch (environment/reference/modules.py).</summary>
public class ModulesTest
{
    private static readonly Dictionary<string, JsonElement> Golden = Read();

    public static TheoryData<string> Names => [.. Golden.Keys];

    [Fact]
    public void Cases_TableAndGoldenFile_NameTheSame() => Assert.Equal(Golden.Keys.Order(), ModuleCases.All.Keys.Order());

    [Theory]
    [MemberData(nameof(Names))]
    public void Module_GoldenInputs_GivesPyTorchsOutputsAndGradients(string name)
    {
        using var scope = NewDisposeScope();
        var golden = Golden[name];
        var (module, call) = ModuleCases.All[name]();
        using (module)
        {
            var state = golden.GetProperty("state").EnumerateObject().ToDictionary(p => Ours(p.Name), p => Unpack(p.Value));
            module?.load_state_dict(state);
            var inputs = golden.GetProperty("inputs").EnumerateArray().Select(Unpack).ToArray();
            foreach (var input in inputs.Where(i => i.dtype == ScalarType.Float32))
            {
                input.requires_grad_();
            }
            var outputs = call(inputs);
            var expected = golden.GetProperty("outputs").EnumerateArray().ToArray();
            Assert.Equal(expected.Length, outputs.Length);
            Tensor? total = null;
            for (var i = 0; i < outputs.Length; i++)
            {
                Same($"output {i}", expected[i], outputs[i]);
                if (outputs[i].dtype == ScalarType.Float32)
                {
                    var part = (outputs[i].flatten() * arange(outputs[i].numel(), dtype: ScalarType.Float32).cos()).sum();
                    total = total is null ? part : total + part;
                }
            }
            if (total is { requires_grad: true })
            {
                total.backward();
            }
            var inputGrads = golden.GetProperty("inputGrads").EnumerateArray().ToArray();
            for (var i = 0; i < inputs.Length; i++)
            {
                if (inputGrads[i].ValueKind != JsonValueKind.Null)
                {
                    Same($"gradient of input {i}", inputGrads[i], inputs[i].grad!);
                }
            }
            if (golden.TryGetProperty("grads", out var grads))
            {
                foreach (var grad in grads.EnumerateObject())
                {
                    Same("gradient of " + grad.Name, grad.Value, module!.get_parameter(grad.Name).grad!);
                }
            }
            if (golden.TryGetProperty("buffersAfter", out var buffers))
            {
                foreach (var buffer in buffers.EnumerateObject())
                {
                    Same(buffer.Name, buffer.Value, module!.get_buffer(Ours(buffer.Name)));
                }
            }
        }
    }

    /// <summary>TorchSharp's name for one buffer differs from PyTorch's.</summary>
    private static string Ours(string name) => name == "pos_weight" ? "pos_weights" : name;

    private static void Same(string what, JsonElement expected, Tensor actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(Shape(expected), actual.shape);
        var wanted = expected.GetProperty("data").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var got = actual.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        for (var i = 0; i < wanted.Length; i++)
        {
            Assert.True(Math.Abs(got[i] - wanted[i]) <= 2e-6 + 2e-5 * Math.Abs(wanted[i]), $"{what} [{i}]: {got[i]}, PyTorch {wanted[i]}");
        }
    }

    private static long[] Shape(JsonElement packed) => packed.GetProperty("shape").EnumerateArray().Select(v => v.GetInt64()).ToArray();

    private static Tensor Unpack(JsonElement packed)
    {
        var data = packed.GetProperty("data").EnumerateArray();
        return packed.GetProperty("type").GetString() switch
        {
            "long" => tensor(data.Select(v => v.GetInt64()).ToArray()).reshape(Shape(packed)),
            "bool" => tensor(data.Select(v => v.GetInt32() != 0).ToArray()).reshape(Shape(packed)),
            _ => tensor(data.Select(v => v.GetSingle()).ToArray()).reshape(Shape(packed)),
        };
    }

    private static Dictionary<string, JsonElement> Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Torch", "Golden", "modules.json")));
        return file.RootElement.EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.Clone());
    }
}
