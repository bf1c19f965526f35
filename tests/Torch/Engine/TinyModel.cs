using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Two linear layers trained on noise by plain gradient descent, all randomness from one generator.</summary>
internal sealed class TinyModel : IDisposable
{
    private readonly Generator generator;
    private readonly Tensor[] weights;

    internal TinyModel(ulong seed)
    {
        generator = new Generator(seed);
        weights = [randn([6, 16], generator: generator, requires_grad: true), randn([16, 3], generator: generator, requires_grad: true)];
        foreach (Tensor w in weights) w.DetachFromDisposeScope();
    }

    internal void Step(Action? within = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = randn([8, 6], generator: generator), y = randn([8, 3], generator: generator);
        Tensor loss = (x.matmul(weights[0]).tanh().matmul(weights[1]) - y).square().mean();
        loss.backward();
        within?.Invoke();
        using (no_grad())
        {
            foreach (Tensor w in weights)
            {
                w.sub_(w.grad! * 0.05);
                w.grad = null;
            }
        }
    }

    internal float[] Values() => weights.SelectMany(w => w.data<float>().ToArray()).ToArray();

    public void Dispose()
    {
        foreach (Tensor w in weights) w.Dispose();
        generator.Dispose();
    }
}
