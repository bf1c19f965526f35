using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Two linear layers with the exact GELU, x Phi(x), between them. Keys of its state: <c>fc1</c>, <c>fc2</c>.</summary>
public sealed class Mlp : nn.Module<Tensor, Tensor>
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    /// <param name="width">width of input and output</param>
    /// <param name="hidden">width between the layers</param>
    public Mlp(int width, int hidden) : base(nameof(Mlp))
    {
        fc1 = nn.Linear(width, hidden);
        fc2 = nn.Linear(hidden, width);
        RegisterComponents();
    }

    internal (Linear First, Linear Second) Parts => (fc1, fc2);

    /// <summary>(..., D) to (..., D).</summary>
    public override Tensor forward(Tensor x)
    {
        if (fc1.bias is { } bias1 && fc2.bias is { } bias2 && Fused.Mlp(x, fc1.weight, bias1, fc2.weight, bias2) is { } fused)
        {
            return fused;
        }
        using var scope = NewDisposeScope();
        var hidden = fc1.call(x);
        // Without gradients nothing else needs the values before the GELU.
        var active = Fused.Gelu(hidden) ?? (is_grad_enabled() ? nn.functional.gelu(hidden) : hidden.gelu_());
        return fc2.call(active).MoveToOuterDisposeScope();
    }
}
