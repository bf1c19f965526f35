using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module learns. Takes over the given tensor's reference: that object is invalid afterwards.</summary>
public class Parameter : Tensor
{
    public Parameter(Tensor data, bool requires_grad = true) : base(data, data.OwningDisposeScope) => Gradients.Require(this, requires_grad);
}
