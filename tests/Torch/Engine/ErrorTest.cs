using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public class ErrorTest
{
    [Fact]
    public void WrongShape_SaysLibtorchsFirstLine()
    {
        using DisposeScope scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => zeros(2, 3).mm(zeros(2, 3)));
        Assert.Equal("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", e.Message);
    }

    [Fact]
    public void WrongType_SaysLibtorchsFirstLine()
    {
        using DisposeScope scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => zeros(2, 2).mm(zeros(new long[] { 2, 2 }, float64)));
        // "expected scalar type Float but found Double", worded otherwise by later versions.
        Assert.Matches("expected .*type.*[Dd]ouble", e.Message);
        Assert.DoesNotContain("\n", e.Message);
    }

    [Fact]
    public void MissingOperator_IsNamed()
    {
        var e = Assert.Throws<ExternalException>(() => new Op("aten::no_such_thing").Call(1));
        Assert.Contains("aten::no_such_thing", e.Message);
    }

    [Fact]
    public void WrongArgument_IsNamedWithItsPlaceAndType()
    {
        using DisposeScope scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => new Op("aten::softmax", "int").Call(zeros(2), "last"));
        Assert.Equal("aten::softmax.int(): argument 'dim' (position 2) must be int, not str", e.Message);
    }

    [Fact]
    public void MissingArgument_IsNamed()
    {
        using DisposeScope scope = NewDisposeScope();
        var e = Assert.Throws<ExternalException>(() => new Op("aten::softmax", "int").Call(zeros(2)));
        Assert.Equal("aten::softmax.int() missing argument 'dim'", e.Message);
    }

    [Fact]
    public void DisposedTensor_IsAnException()
    {
        Tensor t = zeros(2);
        t.Dispose();
        Assert.True(t.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => t + 1);
        Assert.Throws<InvalidOperationException>(() => t.shape);
        t.Dispose();
    }

    [Fact]
    public void BackwardTwice_SaysSo()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = ones([2], requires_grad: true).exp().sum();
        loss.backward();
        var e = Assert.Throws<ExternalException>(loss.backward);
        Assert.StartsWith("Trying to backward through the graph a second time", e.Message);
    }

    [Fact]
    public void EveryOperatorOfTheEngine_IsInThisLibtorch()
    {
        // Operators of later versions, each with another way to the same result where it is missing.
        string[] later = ["aten::scaled_dot_product_attention"];
        var missing = new List<string>();
        foreach (Type type in typeof(torch).Assembly.GetTypes())
        {
            var fields = type.GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public);
            foreach (Op op in fields.Where(f => f.FieldType == typeof(Op)).Select(f => (Op)f.GetValue(null)!))
            {
                if (!op.Exists && !later.Contains(op.Name)) missing.Add(op.Name);
            }
        }
        Assert.Empty(missing);
    }
}
