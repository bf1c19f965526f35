using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;
using Retort.Training;
using TorchSharp;

namespace Retort.Tests.Training;

/// <summary>A function is known by what it does: cells are compiled as a notebook's host compiles them.</summary>
public sealed class CodeHashTest
{
    private const string Loss = "Func<double, double> loss = x => Helper(x) * weight;";
    private const string Helper = "double Helper(double x) => x * x + 1;";
    private const string Weight = "var weight = 2.5;";

    private static string Hash(params string[] cells)
    {
        var options = ScriptOptions.Default.AddReferences(typeof(CodeHash).Assembly, typeof(Enumerable).Assembly, typeof(TorchSharp.torch).Assembly)
            .AddImports("System", "System.Linq", "System.Collections.Generic");
        ScriptState<object>? state = null;
        foreach (var cell in cells)
        {
            state = state is null ? CSharpScript.RunAsync<object>(cell, options).Result : state.ContinueWithAsync<object>(cell).Result;
        }
        return CodeHash.Of((Delegate)state!.GetVariable("loss").Value);
    }

    [Fact]
    public void Of_SameCellsInAnotherSession_IsTheSame() => Assert.Equal(Hash(Weight, Helper, Loss), Hash(Weight, Helper, Loss));

    [Fact]
    public void Of_SameFunctionInAnotherCell_IsTheSame() =>
        Assert.Equal(Hash(Weight, Helper, Loss), Hash("var unrelated = 1;", Weight, "int Other() => 3;", Helper, "var z = unrelated + Other();", "\n\n// a remark\n" + Loss));

    [Theory]
    [InlineData("var weight = 2.5; var renamed = 7;")]
    [InlineData("var other = \"text\"; var weight = 2.5;")]
    public void Of_UnrelatedVariablesBesideIt_IsTheSame(string weight) => Assert.Equal(Hash(Weight, Helper, Loss), Hash(weight, Helper, Loss));

    [Fact]
    public void Of_RenamedHelperAndVariable_IsTheSame() =>
        Assert.Equal(Hash(Weight, Helper, Loss), Hash("var w = 2.5;", "double Square(double x) => x * x + 1;", "Func<double, double> loss = y => Square(y) * w;"));

    [Theory]
    [InlineData("var weight = 2.6;", Helper, Loss)]
    [InlineData(Weight, "double Helper(double x) => x * x + 2;", Loss)]
    [InlineData(Weight, "double Helper(double x) => x * x - 1;", Loss)]
    [InlineData(Weight, Helper, "Func<double, double> loss = x => Helper(x) + weight;")]
    [InlineData(Weight, Helper, "Func<double, double> loss = x => Math.Sqrt(Helper(x) * weight);")]
    public void Of_EditedValueHelperOrFunction_IsAnother(string weight, string helper, string loss) =>
        Assert.NotEqual(Hash(Weight, Helper, Loss), Hash(weight, helper, loss));

    [Fact]
    public void Of_HelperTwoCallsAway_Counts()
    {
        string Of(string inner) => Hash($"double Inner(double x) => {inner};", "double Middle(double x) => Inner(x) + 1;", "Func<double, double> loss = x => Middle(x);");
        Assert.NotEqual(Of("x"), Of("x + 1"));
        Assert.Equal(Of("x"), Of("x"));
    }

    [Fact]
    public void Of_ClosuresMadeByOneFunction_DifferByWhatTheyCapture()
    {
        string Of(string k) => Hash("Func<double, double> Scaled(double k) => x => k * x;", $"var loss = Scaled({k});");
        Assert.NotEqual(Of("1"), Of("2"));
        Assert.Equal(Of("1"), Of("1"));
    }

    [Fact]
    public void Of_FunctionsInAList_EachCounts()
    {
        string Of(string a, string b) => Hash("Func<double, double> Scaled(double k) => x => k * x;",
            $"var parts = new List<Func<double, double>> {{ Scaled({a}), Scaled({b}) }};", "Func<double, double> loss = x => parts.Sum(p => p(x));");
        Assert.NotEqual(Of("1", "2"), Of("1", "3"));
        Assert.NotEqual(Of("1", "2"), Of("2", "1"));
        Assert.Equal(Of("1", "2"), Of("1", "2"));
    }

    [Theory]
    [InlineData("record Settings(double Rate, string Kind);", "var settings = new Settings(1, \"a\");", "var settings = new Settings(2, \"a\");")]
    [InlineData("record Settings(double Rate, string Kind);", "var settings = new Settings(1, \"a\");", "var settings = new Settings(1, \"b\");")]
    public void Of_CapturedRecord_CountsByItsMembers(string type, string one, string other)
    {
        const string Uses = "Func<double, double> loss = x => settings.Rate * x;";
        Assert.NotEqual(Hash(type, one, Uses), Hash(type, other, Uses));
        Assert.Equal(Hash(type, one, Uses), Hash(type, one, Uses));
    }

    [Fact]
    public void Of_MethodOfAReadersType_Counts()
    {
        string Of(string body) => Hash($"class Penalty {{ public double Of(double x) => {body}; }}", "var penalty = new Penalty();", "Func<double, double> loss = x => penalty.Of(x);");
        Assert.NotEqual(Of("x"), Of("-x"));
    }

    [Fact]
    public void Of_OverrideCalledThroughItsBase_Counts()
    {
        string Of(string body) => Hash(
            $"abstract class Rule {{ public abstract double Of(double x); }} class Mine : Rule {{ public override double Of(double x) => {body}; }}",
            "Func<double, double> loss = x => { Rule r = new Mine(); return r.Of(x); };");
        Assert.NotEqual(Of("x"), Of("-x"));
    }

    [Fact]
    public void Of_CapturedTensor_CountsByItsContent()
    {
        string Of(string value) => Hash($"var weights = TorchSharp.torch.tensor(new[] {{ {value}f, 2f }});", "Func<double, double> loss = x => weights.sum().item<float>() * x;");
        Assert.NotEqual(Of("1"), Of("3"));
        Assert.Equal(Of("1"), Of("1"));
    }

    [Fact]
    public void Of_CapturedTeachersOrViews_CountByWhatTheyAre()
    {
        static AudioTransformer Model(long seed) => new(AudioTransformerSettings.Tiny with { Width = 32, Depth = 1, Heads = 2, Classes = 3 }, seed: seed);
        string OfTeachers(params long[] seeds)
        {
            var teachers = new TeacherEnsemble([.. seeds.Select(Model)]);
            return CodeHash.Of((Func<torch.Tensor, torch.Tensor>)(mel => teachers.ForwardMel(mel)));
        }
        Assert.Equal(OfTeachers(1, 2), OfTeachers(1, 2));
        Assert.NotEqual(OfTeachers(1, 2), OfTeachers(1, 3));
        Assert.NotEqual(OfTeachers(1), OfTeachers(1, 2));
        using var data = SoundWorld.Open(new SoundWorldSettings { Seconds = 0.5, LongestEvent = 0.45, TrainClips = 24, Speech = false });
        string OfViews(ViewSettings settings)
        {
            var views = new ViewSource(data, settings, Model(1).FrontEnd);
            return CodeHash.Of((Func<torch.Tensor>)(() => views.Clean([0])));
        }
        Assert.Equal(OfViews(new()), OfViews(new()));
        Assert.NotEqual(OfViews(new()), OfViews(new ViewSettings { TimeMask = 7 }));
    }

    [Fact]
    public void Of_FunctionThatCallsItself_Ends() =>
        Assert.NotEqual(Hash("double F(double x) => x < 1 ? x : F(x / 2);", "Func<double, double> loss = F;"), Hash("double F(double x) => x < 2 ? x : F(x / 2);", "Func<double, double> loss = F;"));

    [Fact]
    public void Of_ArrayConstantsAndLoops_Count()
    {
        string Of(string values) => Hash($"Func<double, double> loss = x => {{ var s = 0.0; foreach (var k in new[] {{ {values} }}) s += k * x; return s; }};");
        Assert.NotEqual(Of("1.0, 2.0, 3.0"), Of("1.0, 2.0, 4.0"));
    }

    [Fact]
    public void Of_LibraryFunction_IsKnownByName() => Assert.NotEqual(CodeHash.Of(Math.Sin), CodeHash.Of(Math.Cos));
}
