using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

/// <summary>What TorchSharp registers, and in which dispose scope it leaves it.</summary>
public class RegistrationTest
{
    private class Base : Module<Tensor, Tensor>
    {
        private readonly Parameter gain = new(ones(2));
        private readonly Tensor table = zeros(3);

        protected Base() : base(nameof(Base)) { }

        public Parameter Gain => gain;
        public Tensor Table => table;

        public override Tensor forward(Tensor input) => input * gain;
    }

    private sealed class Derived : Base
    {
        private readonly Linear project = Linear(2, 2, hasBias: false);

        public Derived() => RegisterComponents();

        public Linear Project => project;

        public void Again() => RegisterComponents();
    }

    /// <summary>Never calls RegisterComponents itself.</summary>
    private sealed class Silent : Module<Tensor, Tensor>
    {
        [ComponentName(Name = "0")]
        private readonly Linear inner = Linear(2, 2, hasBias: false);
        private readonly Parameter shift = new(zeros(2));

        public Silent() : base(nameof(Silent)) { }

        public override Tensor forward(Tensor input) => inner.call(input) + shift;
    }

    [Fact]
    public void RegisterComponents_FieldsOfABaseClass_AreFound()
    {
        using var net = new Derived();
        Assert.Equal(["gain", "table", "project.weight"], net.state_dict().Keys);
        Assert.Equal(2, net.parameters().Count());
    }

    [Fact]
    public void RegisterComponents_Twice_IsIgnored()
    {
        using var net = new Derived();
        net.Again();
        Assert.Equal(3, net.state_dict().Count);
    }

    [Fact]
    public void RegisterModule_OfOneThatNeverRegistered_RegistersItsComponents()
    {
        using var net = Sequential(("first", new Silent()));
        Assert.Equal(["first.shift", "first.0.weight"], net.state_dict().Keys);
    }

    [Fact]
    public void RegisterModule_WithADotOrTheSameNameAgain_Throws()
    {
        using var net = new Derived();
        Assert.Throws<ArgumentException>(() => net.register_module("a.b", ReLU()));
        Assert.Throws<InvalidOperationException>(() => net.register_module("project", ReLU()));
        Assert.Throws<InvalidOperationException>(() => net.register_parameter("gain", new Parameter(zeros(1))));
    }

    [Fact]
    public void Scope_AroundAConstructor_OwnsItsOwnTensorsButNotThoseOfLayers()
    {
        Derived net;
        using (NewDisposeScope())
        {
            net = new Derived();
        }
        Assert.True(net.Gain.IsInvalid);
        Assert.True(net.Table.IsInvalid);
        Assert.False(net.Project.weight!.IsInvalid);
    }

    [Fact]
    public void OutliveScopes_OfAModule_KeepsAllBelowIt()
    {
        Derived net;
        using (NewDisposeScope())
        {
            net = new Derived().OutliveScopes();
        }
        Assert.False(net.Gain.IsInvalid);
        Assert.False(net.Table.IsInvalid);
        net.Dispose();
        Assert.True(net.Gain.IsInvalid);
    }

    [Fact]
    public void Weight_SetAnew_KeepsItsPlaceAndLeavesTheFormerAlone()
    {
        using var scope = NewDisposeScope();
        var tied = Linear(2, 2);
        var second = Linear(2, 2);
        var net = Sequential(tied, second);
        var former = tied.weight!;
        second.weight = former;
        tied.weight = new Parameter(ones(2, 2));
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], net.state_dict().Keys);
        Assert.False(former.IsInvalid);
        Assert.Equal(4, net.call(ones(2, 2)).numel());
    }

    /// <summary>Models made inside a scope, as CedCheckpoint.Open makes them, keep their tensors with any engine.</summary>
    [Fact]
    public void Sources_ThatMakeParametersOrBuffers_LetThemOutliveScopes()
    {
        var careless = Directory.EnumerateFiles(Path.Combine(Repository.Root, "lib", "Retort"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"))
            .Select(file => (file, text: File.ReadAllText(file)))
            .Where(f => f.text.Contains("RegisterComponents()") && (f.text.Contains("new Parameter(") || f.text.Contains("readonly Tensor ")) && !f.text.Contains("OutliveScopes()"))
            .Select(f => Path.GetRelativePath(Repository.Root, f.file)).ToList();
        Assert.True(careless.Count == 0, $"'this.OutliveScopes();' after RegisterComponents() is missing in {string.Join(", ", careless)}");
    }
}
