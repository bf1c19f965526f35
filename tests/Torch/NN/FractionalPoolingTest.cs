using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch.NN;

/// <summary>Max-pooling over drawn windows: what is found is the input's, at the indices that are told, and as large as was asked for.</summary>
public class FractionalPoolingTest
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Pool_BySizeOrRatio_PicksTheInputsLargest(int sides)
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(3);
        long[] shape = [2, 3, .. Enumerable.Repeat(10L, sides)];
        var input = rand(shape, requires_grad: true);
        var (bySize, indices) = sides == 2 ? nn.FractionalMaxPool2d(2, output_size: 6).forward_with_indices(input)
            : nn.FractionalMaxPool3d(2, output_size: 6).forward_with_indices(input);
        Assert.Equal([2, 3, .. Enumerable.Repeat(6L, sides)], bySize.shape);
        Assert.True(input.flatten(2).gather(2, indices.flatten(2)).Equals(bySize.flatten(2)));
        // Neighbours among the windows overlap or touch, so that each pooled value is larger than a fourth of what there is.
        Assert.True(bySize.mean().item<float>() > input.mean().item<float>() + 0.1f);
        bySize.sum().backward();
        Assert.Equal(bySize.numel(), (long)input.grad!.sum().item<float>());
        var byRatio = sides == 2 ? nn.functional.fractional_max_pool2d(input, (2, 3), output_ratio: (0.5, 0.75))
            : nn.functional.fractional_max_pool3d(input, (2, 3, 2), output_ratio: (0.5, 0.75, 0.35));
        Assert.Equal(sides == 2 ? [2L, 3, 5, 7] : [2L, 3, 5, 7, 3], byRatio.shape);
        var one = sides == 2 ? nn.FractionalMaxPool2d([2, 2], output_ratio: [0.5, 0.5]).call(input[0]) : nn.FractionalMaxPool3d([2, 2, 2], [5, 5, 5]).call(input[0]);
        Assert.Equal([3, .. Enumerable.Repeat(5L, sides)], one.shape);
    }

    [Fact]
    public void Pool_OfNoSizeOrTwo_IsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => nn.FractionalMaxPool2d(2));
        Assert.Throws<ArgumentException>(() => nn.FractionalMaxPool2d(2, 5, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => nn.FractionalMaxPool3d(2, output_ratio: 1.5));
        Assert.Throws<ArgumentException>(() => nn.functional.fractional_max_pool2d(zeros(4, 4), 2, 2));
    }
}
