using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Tensors as text, to the letter as TorchSharp writes them.</summary>
public sealed class PrintingTest
{
    private static readonly float[] Numbers = [0, 3.141f, 6.2834f, 3.14152f, 6.28e-6f, -13.141529f, 0.01f, 4713.14f];

    [Fact]
    public void Julia_OfNoneToThreeDimensions_IsTorchSharps()
    {
        using var scope = NewDisposeScope();
        string Text(Tensor t) => t.ToString(julia, cultureInfo: CultureInfo.InvariantCulture, newLine: "\n");
        Assert.Equal("[], type = Float32, device = cpu, value = 3.14", Text(tensor(3.14f)));
        Assert.Equal("[4], type = Float32, device = cpu\n 0 0 0 0\n", Text(zeros(4)));
        Assert.Equal("[2x4], type = Float32, device = cpu\n        0   3.141 6.2834 3.1415\n 6.28e-06 -13.142   0.01 4713.1\n", Text(tensor(Numbers, 2, 4)));
        Assert.Equal("[2x1x2], type = Int64, device = cpu\n[0,..,..] =\n 0 1\n\n[1,..,..] =\n 2 3\n", Text(arange(4).reshape(2, 1, 2)));
        Assert.Equal("[2], type = ComplexFloat64, device = cpu\n 1+2.5i 3\n", Text(tensor(new[] { new System.Numerics.Complex(1, 2.5), 3 })));
    }

    [Fact]
    public void Julia_RowsThatAreTooLong_EndInDots() =>
        Assert.Equal("[100], type = Int64, device = cpu\n 0 1 2 3 4 5 6 7 ...\n", arange(100).ToString(julia, width: 20, newLine: "\n"));

    [Fact]
    public void Numpy_OfOneToThreeDimensions_IsTorchSharps()
    {
        using var scope = NewDisposeScope();
        string Text(Tensor t) => t.ToString(numpy, cultureInfo: CultureInfo.InvariantCulture, newLine: "\n");
        Assert.Equal("[1 1 1 ... 1 1 1]", Text(ones(100, dtype: int32)));
        Assert.Equal("[[0 3.141 6.2834 3.1415]\n [6.28e-06 -13.142 0.01 4713.1]]", Text(tensor(Numbers, 2, 4)));
        Assert.Equal("[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]", Text(arange(8).reshape(2, 2, 2)));
        Assert.Equal("[[0]\n [1]\n [2]\n ...\n [7]\n [8]\n [9]]", Text(arange(10).reshape(10, 1)));
    }

    [Fact]
    public void ToString_WithoutStyle_IsShapeTypeAndDevice() => Assert.Equal("[2x2], type = Float32, device = cpu", zeros(2, 2).ToString());

    [Fact]
    public void ToList_OfAMatrix_IsListsOfScalars()
    {
        var rows = Assert.IsType<System.Collections.ArrayList>(arange(4).reshape(2, 2).tolist());
        var row = Assert.IsType<System.Collections.ArrayList>(rows[1]);
        Assert.Equal(3, Assert.IsType<Scalar>(row[1]).ToInt64());
    }
}
