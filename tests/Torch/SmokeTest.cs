using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

public class SmokeTest
{
    [Fact]
    public void Backward_OfAProduct_GivesTheOtherFactor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new float[] { 1, 2, 3 }, requires_grad: true);
        Tensor y = tensor(new float[] { 4, 5, 6 });
        (x * y).sum().backward();
        Assert.Equal([4f, 5f, 6f], x.grad!.data<float>().ToArray());
        Assert.Equal(32f, (x * y).sum().item<float>());
    }
}
