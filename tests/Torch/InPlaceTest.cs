using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public sealed class InPlaceTest
{
    private static Tensor Start() => tensor(new float[] { 1, 2, -3 });

    public static TheoryData<string, float[]> Cases => new()
    {
        { "add", [3, 4, -1] }, { "add tensor", [2, 4, -6] }, { "sub", [-1, 0, -5] }, { "mul", [10, 20, -30] }, { "mul tensor", [1, 4, 9] },
        { "div", [0.5f, 1, -1.5f] }, { "masked_fill", [1, 2, 7] }, { "clamp", [1, 1, 0] }, { "lerp", [1, 2, -3] }, { "gt", [0, 1, 0] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void InPlace_Operator_ChangesItsTensorAndReturnsIt(string name, float[] expected)
    {
        using var scope = NewDisposeScope();
        var x = Start();
        var result = name switch
        {
            "add" => x.add_(2),
            "add tensor" => x.add_(Start()),
            "sub" => x.sub_(2),
            "mul" => x.mul_(10),
            "mul tensor" => x.mul_(Start()),
            "div" => x.div_(2),
            "masked_fill" => x.masked_fill_(x < 0, 7),
            "clamp" => x.clamp_(zeros(3), ones(3)),
            "lerp" => x.lerp_(Start(), tensor(new float[] { 0.1f, 0.2f, 0.3f })),
            _ => x.gt_(1),
        };
        Assert.Same(x, result);
        Assert.Equal(expected, x.data<float>().ToArray());
    }

    [Fact]
    public void Where_TakesTheFirstWhereTheConditionHolds()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1f, 2, 9], where(Start() > 0, Start(), full(3, 9.0)).data<float>().ToArray());
    }
}
