using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace Retort.Tests.Torch.NN;

/// <summary>Ten steps of every optimizer against PyTorch's (environment/reference/optimizers.py, which states the problem).</summary>
public class OptimizersTest
{
    private static readonly Dictionary<string, Func<Parameter[], OptimizerHelper>> Makers = new()
    {
        ["SGD"] = p => SGD(p, 0.1),
        ["SGD momentum"] = p => SGD(p, 0.05, momentum: 0.9, dampening: 0.1, weight_decay: 0.01),
        ["SGD nesterov"] = p => SGD(p, 0.05, momentum: 0.9, nesterov: true),
        ["SGD maximize"] = p => SGD(p, 0.01, maximize: true),
        ["Adam"] = p => Adam(p, 0.03, 0.8, 0.95),
        ["Adam decay"] = p => Adam(p, 0.03, weight_decay: 0.1),
        ["Adam amsgrad"] = p => Adam(p, 0.03, amsgrad: true, maximize: true),
        ["AdamW"] = p => AdamW(p, 0.03, weight_decay: 0.2),
        ["AdamW amsgrad"] = p => AdamW(p, 0.03, weight_decay: 0.01, amsgrad: true),
        ["RMSProp"] = p => RMSProp(p, 0.02, weight_decay: 0.01),
        ["RMSProp centered"] = p => RMSProp(p, 0.02, alpha: 0.9, centered: true, momentum: 0.5),
        ["Adagrad"] = p => Adagrad(p, 0.1, lr_decay: 0.1, weight_decay: 0.01, initial_accumulator_value: 0.2),
        ["NAdam"] = p => NAdam(p, 0.02, weight_decay: 0.01),
        ["Adamax"] = p => Adamax(p, 0.02, weight_decay: 0.01),
        ["Adadelta"] = p => Adadelta(p, 0.5, weight_decay: 0.01),
        ["Rprop"] = p => Rprop(p, 0.05),
        ["ASGD"] = p => ASGD(p, 0.05, lambd: 0.01, t0: 4, weight_decay: 0.01),
        ["RAdam"] = p => RAdam(p, 0.02, weight_decay: 0.01),
    };

    [Fact]
    public void Step_GradientsThatArePartsOfOneTensor_AreReadWhereTheyLie()
    {
        using var scope = NewDisposeScope();
        float[][] After(bool parts)
        {
            var parameters = Enumerable.Range(0, 2).Select(_ => new Parameter(ones(16))).ToArray();
            using var both = arange(32, float32).reshape(2, 16);
            for (var i = 0; i < 2; i++)
            {
                parameters[i].grad = parts ? both[i] : both[i].clone();
            }
            using var adam = AdamW(parameters, 0.1);
            adam.step();
            return [.. parameters.Select(p => p.detach().data<float>().ToArray())];
        }

        Assert.Equal(After(parts: false), After(parts: true));
    }

    public static TheoryData<string> Names => [.. Makers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_TenTimesInFloat64_GivesPyTorchsParameters(string name) => Compare(name, ScalarType.Float64, 1e-13);

    // A unit in the last place of float32 is 6e-8 to 1.2e-7 of the number; the gradients round, too.
    [Theory]
    [MemberData(nameof(Names))]
    public void Step_TenTimesInFloat32_GivesPyTorchsParameters(string name) => Compare(name, ScalarType.Float32, 1e-6);

    [Fact]
    public void Adam_FusedAndOperatorByOperator_AgreeToTheLastPlace()
    {
        // Strided parameters take the path of operators, contiguous ones the fused kernel; odd sizes leave a rest.
        using var scope = NewDisposeScope();
        var values = linspace(-1.0, 1.0, 1234 * 3, dtype: ScalarType.Float32).reshape(1234, 3);
        var fused = new Parameter(values.clone());
        var plain = new Parameter(values.t().contiguous().t());
        Assert.False(plain.is_contiguous());
        using var first = AdamW([fused], 1e-2, weight_decay: 0.1);
        using var second = AdamW([plain], 1e-2, weight_decay: 0.1);
        for (var step = 0; step < 20; step++)
        {
            fused.grad = (fused.detach() * 3).sin() * (step + 1);
            plain.grad = (plain.detach() * 3).sin() * (step + 1);
            first.step();
            second.step();
            Assert.True((fused - plain).abs().max().item<float>() <= 1.2e-7f, $"step {step}: {(fused - plain).abs().max().item<float>()}");
            using var guard = no_grad();
            plain.copy_(fused);
        }
    }

    [Fact]
    public void Adam_AStepBetweenTwoBackwardPasses_IsNoticedByAutograd()
    {
        var parameter = new Parameter(ones(3));
        using var optimizer = Adam([parameter]);
        using var loss = (parameter * parameter).sum();
        loss.backward(retain_graph: true);
        optimizer.step();
        var error = Assert.ThrowsAny<Exception>(() => loss.backward());
        Assert.Contains("modified by an inplace operation", error.Message);
    }

    [Fact]
    public void StateDict_LoadedIntoAFreshOptimizer_ContinuesBitForBit()
    {
        var straight = Begin(ScalarType.Float32);
        using var whole = Adam(straight, 0.05, amsgrad: true);
        var broken = Begin(ScalarType.Float32);
        using var half = Adam(broken, 0.05, amsgrad: true);
        for (var step = 0; step < 4; step++)
        {
            Step(whole, straight, step);
            Step(half, broken, step);
        }
        var resumed = broken.Select(p => new Parameter(p.detach().clone())).ToArray();
        using var rest = Adam(resumed, 0.9, amsgrad: true);
        rest.load_state_dict(half.state_dict());
        Assert.Equal(0.05, rest.ParamGroups.Single().LearningRate);
        Assert.True(rest.state_dict().State[2].ApproximatelyEquals(half.state_dict().State[2]));
        Assert.Equal([0, 1, 2], rest.state_dict().StateIndexRef.Single());
        for (var step = 4; step < 8; step++)
        {
            Step(whole, straight, step);
            Step(rest, resumed, step);
        }
        for (var i = 0; i < straight.Length; i++)
        {
            Assert.Equal(straight[i].detach().data<float>().ToArray(), resumed[i].detach().data<float>().ToArray());
        }
    }

    [Fact]
    public void LBFGS_ThreeStepsOfFiveIterations_GiveWhatPyTorchGives()
    {
        using var scope = NewDisposeScope();
        var parameters = Begin(ScalarType.Float64);
        using var optimizer = LBFGS(parameters, 0.1, max_iter: 5, history_size: 4);
        var golden = Golden.GetProperty("lbfgs");
        Tensor Closure()
        {
            optimizer.zero_grad();
            var k = arange(34, dtype: ScalarType.Float64);
            var x = cat([.. parameters.Select(p => p.flatten())]);
            var total = ((1 + k / 10) * (x - k.cos()).pow(2)).sum() / 2 + (x[1..] - x[..^1].pow(2)).pow(2).sum();
            total.backward();
            return total;
        }
        foreach (var wanted in golden.GetProperty("losses").EnumerateArray())
        {
            Assert.Equal(wanted.GetDouble(), optimizer.step(Closure).item<double>(), 1e-9 * wanted.GetDouble());
        }
        var found = parameters.SelectMany(p => p.detach().data<double>().ToArray()).ToArray();
        var pyTorchs = golden.GetProperty("parameters").EnumerateArray().SelectMany(p => p.EnumerateArray()).Select(v => v.GetDouble()).ToArray();
        Assert.Equal(pyTorchs.Length, found.Length);
        Assert.All(found.Zip(pyTorchs), pair => Assert.Equal(pair.Second, pair.First, 1e-9));
        Assert.Throws<ArgumentNullException>(() => ((Optimizer)optimizer).step());
    }

    [Fact]
    public void ParamGroups_OptionsOfTheirOwn_OverrideTheDefaults()
    {
        var parameters = Begin(ScalarType.Float64);
        var decayed = new SGD.ParamGroup { Parameters = parameters[..1], Options = new SGD.Options { LearningRate = 0.5, weight_decay = 1 } };
        using var optimizer = SGD([decayed], 0.1);
        optimizer.add_param_group(new SGD.ParamGroup { Parameters = parameters[1..] });
        Assert.Equal([0.5, 0.1], optimizer.ParamGroups.Select(g => g.LearningRate));
        var before = parameters.Select(p => p.detach().clone()).ToArray();
        foreach (var parameter in parameters)
        {
            parameter.grad = ones_like(parameter);
        }
        optimizer.step();
        Assert.True(parameters[0].allclose(before[0] - 0.5 * (1 + before[0])));
        Assert.True(parameters[1].allclose(before[1] - 0.1));
        Assert.Throws<ArgumentException>(() => optimizer.add_param_group(new SGD.ParamGroup { Parameters = parameters[1..] }));
    }

    [Fact]
    public void Step_WithAClosure_GivesItsLossAndGradients()
    {
        var parameter = new Parameter(tensor([3.0]));
        using var optimizer = SGD([parameter], 0.1);
        using var loss = optimizer.step(() =>
        {
            optimizer.zero_grad();
            var value = parameter.pow(2).sum();
            value.backward();
            return value;
        });
        Assert.Equal(9, loss.item<double>(), 12);
        Assert.Equal(2.4, parameter.item<double>(), 12);
        optimizer.zero_grad();
        Assert.Equal(0, parameter.grad!.item<double>());
    }

    private static void Compare(string name, ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        var parameters = Begin(type);
        using var optimizer = Makers[name](parameters);
        for (var step = 0; step < 10; step++)
        {
            Step(optimizer, parameters, step);
        }
        var golden = Golden.GetProperty("optimizers").GetProperty(name).GetProperty(type == ScalarType.Float64 ? "float64" : "float32");
        for (var i = 0; i < parameters.Length; i++)
        {
            var wanted = golden[i].EnumerateArray().Select(v => v.GetDouble()).ToArray();
            var got = parameters[i].detach().to(ScalarType.Float64).data<double>().ToArray();
            for (var k = 0; k < wanted.Length; k++)
            {
                Assert.True(Math.Abs(got[k] - wanted[k]) <= tolerance * Math.Max(Math.Abs(wanted[k]), 0.1), $"parameter {i} [{k}]: {got[k]}, PyTorch {wanted[k]}");
            }
        }
    }

    private static Parameter[] Begin(ScalarType type)
    {
        long[][] shapes = [[3, 7], [5], [2, 2, 2]];
        var k = 1L;
        return shapes.Select(shape =>
        {
            var count = shape.Aggregate(1L, (a, b) => a * b);
            var values = arange(k, k + count, dtype: ScalarType.Float64).sin().reshape(shape).to(type);
            k += count;
            return new Parameter(values);
        }).ToArray();
    }

    private static void Step(Optimizer optimizer, Parameter[] parameters, int step)
    {
        using var scope = NewDisposeScope();
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i].grad = null;
            if (i < 2 || step is not (3 or 6))
            {
                var k = arange(parameters[i].numel(), dtype: parameters[i].dtype);
                (((1 + k / 10) * (parameters[i].flatten() - k.cos()).pow(2)).sum() / 2).backward();
            }
        }
        optimizer.step();
    }

    internal static JsonElement Golden { get; } = Read();

    private static JsonElement Read()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Torch", "Golden", "optimizers.json")));
        return file.RootElement.Clone();
    }
}
