using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

public class ModuleTest
{
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Linear first = Linear(4, 3);

        [ComponentName(Name = "second_layer")]
        private readonly Linear renamed = Linear(3, 2, hasBias: false);

        private readonly Parameter scale = new(ones(2));
        private readonly Tensor table = arange(3, dtype: ScalarType.Float32);

        public Block() : base(nameof(Block))
        {
            register_buffer("passing", zeros(1), persistent: false);
            RegisterComponents();
            this.OutliveScopes();
        }

        public Parameter Scale => scale;
        public Linear First => first;

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return renamed.call(first.call(input)).mul(scale).MoveToOuterDisposeScope();
        }
    }

    [Fact]
    public void RegisterComponents_FieldsOfAllKinds_GivesPyTorchKeys()
    {
        using var block = new Block();
        Assert.Equal(["scale", "table", "first.weight", "first.bias", "second_layer.weight"], block.state_dict().Keys);
        Assert.Equal(["scale", "first.weight", "first.bias", "second_layer.weight"], block.named_parameters().Select(p => p.name));
        Assert.Equal(["passing", "table"], block.named_buffers().Select(b => b.name));
        Assert.Equal(["table"], block.named_buffers(include_nonpersistent: false).Select(b => b.name));
        Assert.Equal(["first", "second_layer"], block.named_children().Select(c => c.name));
        Assert.Same(block.First.weight, block.get_parameter("first.weight"));
        Assert.True(block.has_parameter("second_layer.weight"));
        Assert.False(block.has_parameter("first"));
        Assert.Equal("student.scale", block.state_dict(prefix: "student").Keys.First());
    }

    [Fact]
    public void StateDict_OfLayersAndContainers_HasPyTorchsKeys()
    {
        using var net = Sequential(("stem", Conv1d(1, 2, 3)), ("norm", BatchNorm1d(2)), ("act", ReLU()), ("3", Linear(4, 4)));
        Assert.Equal(
            ["stem.weight", "stem.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked", "3.weight", "3.bias"],
            net.state_dict().Keys);
        using var lstm = LSTM(2, 3, 2, bidirectional: true);
        Assert.Equal(16, lstm.state_dict().Count);
        Assert.Contains("weight_hh_l1_reverse", lstm.state_dict().Keys);
        using var attention = MultiheadAttention(4, 2);
        Assert.Equal(["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"], attention.state_dict().Keys);
        using var list = ModuleList(Linear(1, 1), Linear(1, 1));
        list.Insert(0, Linear(2, 2));
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"], list.state_dict().Keys);
        Assert.Equal([2, 2], list.state_dict()["0.weight"].shape);
        using var dictionary = ModuleDict(("left", Linear(1, 1)), ("right", Linear(1, 1, false)));
        Assert.Equal(["left.weight", "left.bias", "right.weight"], dictionary.state_dict().Keys);
        using var parameters = ParameterList(new Parameter(zeros(1)), new Parameter(zeros(2)));
        Assert.Equal(["0", "1"], parameters.state_dict().Keys);
        Assert.Equal(2, dictionary.Count);
        Assert.Equal("right", dictionary[1].Item1);
    }

    [Fact]
    public void LoadStateDict_StrictAndLenient_ReportsOrRefuses()
    {
        using var scope = NewDisposeScope();
        using var block = new Block();
        var state = block.state_dict().ToDictionary(p => p.Key, p => zeros_like(p.Value) + 2);
        state.Remove("table");
        state["extra"] = zeros(1);
        var before = block.First.weight.clone();
        Assert.Throws<InvalidOperationException>(() => block.load_state_dict(state));
        Assert.True(block.First.weight.allclose(before));
        var (missing, unexpected) = block.load_state_dict(state, strict: false);
        Assert.Equal(["table"], missing);
        Assert.Equal(["extra"], unexpected);
        Assert.True(block.First.weight.eq(2).all().item<bool>());
        state["first.weight"] = zeros(3, 5);
        var error = Assert.Throws<ArgumentException>(() => block.load_state_dict(state, strict: false));
        Assert.Contains("first.weight has shape [3, 5]", error.Message);
        (missing, _) = block.load_state_dict(state, strict: false, skip: ["first.weight", "table"]);
        Assert.Empty(missing);
    }

    [Fact]
    public void TrainAndEval_OnATree_ReachEveryModule()
    {
        using var net = Sequential(Dropout(1.0), Sequential(Dropout(1.0)));
        using var x = ones(4);
        net.eval();
        Assert.All(net.modules(), m => Assert.False(m.training));
        using var kept = net.call(x);
        Assert.True(kept.allclose(x));
        net.train();
        Assert.All(net.modules(), m => Assert.True(m.training));
        using var dropped = net.call(x);
        Assert.Equal(0, dropped.sum().item<float>());
    }

    [Fact]
    public void To_AnotherType_KeepsIdentityGradientsAndTies()
    {
        using var scope = NewDisposeScope();
        using var block = new Block();
        block.register_buffer("counter", tensor(3L));
        block.call(ones(2, 4)).sum().backward();
        var weight = block.First.weight;
        var values = weight.detach().clone();
        using var optimizer = optim.SGD(block.parameters(), 0.1);
        Assert.Same(block, block.to(ScalarType.Float64));
        Assert.Same(weight, block.First.weight);
        Assert.Equal(ScalarType.Float64, weight.dtype);
        Assert.Equal(ScalarType.Float64, weight.grad!.dtype);
        Assert.True(weight.requires_grad && weight.is_leaf);
        Assert.Equal(ScalarType.Int64, block.get_buffer("counter").dtype);
        Assert.Equal(ScalarType.Float64, block.get_buffer("table").dtype);
        Assert.True(weight.detach().to(ScalarType.Float32).allclose(values));
        optimizer.step();
        Assert.False(weight.detach().to(ScalarType.Float32).allclose(values));
        block.zero_grad();
        Assert.Null(weight.grad);
    }

    [Fact]
    public void Dispose_AModule_FreesItsTensorsAndScopesDoNot()
    {
        Block block;
        using (NewDisposeScope())
        {
            block = new Block();
        }
        using (var output = block.call(ones(1, 4)))
        {
            Assert.Equal([1, 2], output.shape);
        }
        var weight = block.First.weight;
        block.Dispose();
        Assert.True(weight.IsInvalid);
        Assert.True(block.Scale.IsInvalid);
    }

    [Fact]
    public void Parameter_FromATensor_TakesItOver()
    {
        using var scope = NewDisposeScope();
        var data = ones(3);
        var parameter = new Parameter(data, requires_grad: false);
        Assert.True(data.IsInvalid);
        Assert.False(parameter.requires_grad);
        Assert.True(scope.Contains(parameter));
        var free = ones(3).DetachFromDisposeScope();
        using var outside = new Parameter(free);
        Assert.False(scope.Contains(outside));
        Assert.True(outside.requires_grad && outside.is_leaf);
    }

    [Fact]
    public void Sequential_ParametersTwice_AreListedOnceAndKeyedTwice()
    {
        var shared = Linear(2, 2);
        using var net = Sequential(shared, ReLU(), shared);
        Assert.Equal(["0.weight", "0.bias"], net.named_parameters().Select(p => p.name));
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], net.state_dict().Keys);
        Assert.Equal(2, net[1..].Count);
        Assert.Same(shared, net[0]);
    }

    [Fact]
    public void DefaultValues_OfALinear_LieWithinPyTorchsBound()
    {
        random.manual_seed(7);
        using var linear = Linear(100, 200);
        var bound = 1 / Math.Sqrt(100);
        Assert.InRange(linear.weight.abs().max().item<float>(), 0.99 * bound, bound);
        Assert.InRange(linear.bias!.abs().max().item<float>(), 0.9 * bound, bound);
        Assert.InRange(linear.weight.std().item<float>(), 0.98 * bound / Math.Sqrt(3), 1.02 * bound / Math.Sqrt(3));
    }
}
