using System.Text.Json;
using Retort.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Tests.Training;

public sealed class AdamOptimizerTest
{
    private static AdamSettings Settings(string name) => name switch
    {
        "adam_decay" => new() { WeightDecay = 0.1 },
        "adamw" => new() { WeightDecay = 0.1, Decoupled = true, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6 },
        _ => new(),
    };

    private static Tensor Start(int count, ScalarType type) => tensor(Enumerable.Range(0, count).Select(i => (float)Math.Cos(i)).ToArray()).to_type(type);

    private static Tensor Gradient(int count, int t, ScalarType type) =>
        tensor(Enumerable.Range(0, count).Select(i => (float)(Math.Sin(1.3 * i + 0.7 * t) / (1 + i % 3))).ToArray()).to_type(type);

    private static (Parameter Weight, AdamOptimizer Adam) Train(AdamSettings settings, int count, int steps, ScalarType type, double clip = 0, List<double>? norms = null)
    {
        var weight = new Parameter(Start(count, type));
        var adam = new AdamOptimizer([("w", weight)], settings);
        for (var t = 0; t < steps; t++)
        {
            weight.grad = Gradient(count, t, type);
            var norm = adam.GradientNorm();
            norms?.Add(norm);
            adam.Step(0.01 * (t + 1), clip > 0 ? Math.Min(1, clip / (norm + 1e-6)) : 1);
        }
        return (weight, adam);
    }

    private static void Close(JsonElement expected, Tensor actual, double tolerance)
    {
        var values = actual.detach().to_type(ScalarType.Float64).data<double>().ToArray();
        Assert.Equal(expected.GetArrayLength(), values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(expected[i].GetDouble(), values[i], tolerance);
        }
    }

    // float32 goes the fused way, float64 the way of tensor operators.
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Step_EveryReferenceCase_EqualsPyTorch(ScalarType type)
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Training", "Golden", "adam.json")));
        var tolerance = golden.RootElement.GetProperty("tolerance").GetDouble();
        foreach (var c in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var name = c.GetProperty("name").GetString()!;
            var norms = new List<double>();
            var (weight, adam) = Train(Settings(name), c.GetProperty("count").GetInt32(), c.GetProperty("steps").GetInt32(), type, name == "clipped" ? 1 : 0, norms);
            var state = adam.State().ToDictionary(s => s.Name, s => s.Value);
            Close(c.GetProperty("weights"), weight, tolerance);
            Close(c.GetProperty("exp_avg"), state["exp_avg.w"], tolerance);
            Close(c.GetProperty("exp_avg_sq"), state["exp_avg_sq.w"], tolerance);
            if (name == "clipped")
            {
                Assert.Equal(c.GetProperty("norms")[3].GetDouble(), norms[3], 1e-5);
            }
        }
    }

    [Fact]
    public void Step_AnyNumberOfThreads_GivesTheSameBits()
    {
        var before = get_num_threads();
        const int count = (1 << 19) + 5;
        try
        {
            set_num_threads(1);
            var (one, _) = Train(new(), count, 3, ScalarType.Float32);
            set_num_threads(2);
            var (two, _) = Train(new(), count, 3, ScalarType.Float32);
            Assert.True(one.bytes.SequenceEqual(two.bytes));
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Load_StateOfAnother_GoesOnWithItsBits()
    {
        var (weight, adam) = Train(new(), 37, 3, ScalarType.Float32);
        var other = new Parameter(weight.detach().clone());
        using var resumed = new AdamOptimizer([("w", other)]);
        resumed.Load(adam.State().ToDictionary(s => s.Name, s => s.Value));
        foreach (var (w, a) in new[] { (weight, adam), (other, resumed) })
        {
            w.grad = Gradient(37, 9, ScalarType.Float32);
            a.Step(0.01);
        }
        Assert.True(weight.bytes.SequenceEqual(other.bytes));
        Assert.Throws<ArgumentException>(() => resumed.Load(new Dictionary<string, Tensor>()));
    }

    [Fact]
    public void Step_ParameterWithoutGradientOrFactor0_StaysWhatItIs()
    {
        var (a, b, c) = (new Parameter(ones(3)), new Parameter(ones(3)), new Parameter(ones(3)));
        using var adam = new AdamOptimizer([("a", a), ("b", b), ("c", c)], rateFactor: name => name == "c" ? 0 : 1);
        a.grad = ones(3);
        c.grad = ones(3);
        adam.Step(0.1);
        Assert.Equal(0.9, a[0].ToDouble(), 1e-6);
        Assert.Equal(1.0, b[0].ToDouble());
        Assert.Equal(1.0, c[0].ToDouble());
        adam.ZeroGradients();
        Assert.Null(a.grad);
    }
}
