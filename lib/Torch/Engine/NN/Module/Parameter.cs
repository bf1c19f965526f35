using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that a module learns. Takes over the given tensor's reference: that object is invalid afterwards.</summary>
public class Parameter : Tensor
{
    public Parameter(Tensor data, bool requires_grad = true) : this(data, data.OwningDisposeScope, requires_grad) { }

    private Parameter(Tensor data, DisposeScope? scope, bool requires_grad) : base(data.DecoupleFromNativeHandle())
    {
        // The parameter stands in the data's place: in its scope, or in none.
        if (!ReferenceEquals(OwningDisposeScope, scope))
        {
            if (scope is null)
            {
                DetachFromDisposeScope();
            }
            else
            {
                MoveToOtherDisposeScope(scope);
            }
        }
        Gradients.Require(this, requires_grad);
    }
}
