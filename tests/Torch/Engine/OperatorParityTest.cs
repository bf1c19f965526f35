using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Values and gradients of the operators against those that environment/reference/operators.py printed.</summary>
public class OperatorParityTest
{
    // float parameters of TorchSharp (0.54f, beta: 0.5f) reach the operator as floats.
    private const double Tolerance = 1e-10, FloatTolerance = 1e-7;

    public static IEnumerable<object[]> Names() => Cases.Value.EnumerateArray().Select(c => new object[] { c.GetProperty("name").GetString()! });

    private static readonly Lazy<JsonElement> Cases = new(() =>
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Torch", "Golden", "operators.json");
        return JsonDocument.Parse(File.ReadAllText(path)).RootElement;
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Operator_OnReferenceInputs_GivesReferenceValuesAndGradients(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        JsonElement c = Cases.Value.EnumerateArray().Single(e => e.GetProperty("name").GetString() == name);
        double tolerance = name is "hamming_window" ? FloatTolerance : Tolerance;
        Tensor[] inputs = c.GetProperty("inputs").EnumerateArray().Select(Read).ToArray();
        Tensor[] outputs = OperatorTable.All[name](inputs);
        JsonElement[] expected = c.GetProperty("outputs").EnumerateArray().ToArray();
        Assert.Equal(expected.Length, outputs.Length);
        for (int i = 0; i < outputs.Length; i++)
        {
            Assert.Equal(expected[i].GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()), outputs[i].shape);
            Assert.Equal(Type(expected[i]), outputs[i].dtype);
            AssertClose(Numbers(expected[i].GetProperty("data")), outputs[i], tolerance, $"output {i}");
        }
        Tensor[] wanted = outputs.Where(o => o.dtype == float64 && o.requires_grad).ToArray();
        if (wanted.Length == 0) return;
        Tensor loss = wanted.Select(o => (o * (arange(o.numel(), float64) + 1).cos().reshape(o.shape)).sum()).Aggregate((a, b) => a + b);
        loss.backward();
        JsonElement[] grads = c.GetProperty("grads").EnumerateArray().ToArray();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (grads[i].ValueKind == JsonValueKind.Null) Assert.True(inputs[i].grad is null, $"a gradient of input {i} that PyTorch has not");
            else AssertClose(Numbers(grads[i]), inputs[i].grad!, tolerance, $"gradient {i}");
        }
    }

    [Fact]
    public void Table_HasExactlyTheReferenceCases()
        => Assert.Equal(Names().Select(n => (string)n[0]).Order(), OperatorTable.All.Keys.Order());

    private static void AssertClose(double[] expected, Tensor actual, double tolerance, string what)
    {
        double[] found = actual.detach().to(float64).contiguous().data<double>().ToArray();
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < found.Length; i++)
        {
            bool same = expected[i].Equals(found[i]) || Math.Abs(expected[i] - found[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(same, $"{what}, element {i}: {found[i]:r} instead of {expected[i]:r}");
        }
    }

    private static ScalarType Type(JsonElement t) => t.GetProperty("kind").GetString() switch { "double" => float64, "bool" => @bool, _ => int64 };

    private static Tensor Read(JsonElement t)
    {
        Tensor flat = tensor(Numbers(t.GetProperty("data"))).to(Type(t));
        return flat.reshape(t.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()).ToArray()).detach().requires_grad_(Type(t) == float64);
    }

    private static double[] Numbers(JsonElement array) => array.EnumerateArray().Select(e => e.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => double.Parse(e.GetString()!, System.Globalization.CultureInfo.InvariantCulture),
        _ => e.GetDouble(),
    }).ToArray();
}
