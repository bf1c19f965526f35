using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>The little that modules and optimizers need of autograd's state and of a tensor's identity.</summary>
internal static class Gradients
{
    /// <summary>The gradient as a tensor in no dispose scope, or null. The caller disposes it.</summary>
    internal static Tensor? Of(Tensor tensor)
    {
        var handle = Door.Grad(tensor.Handle);
        GC.KeepAlive(tensor);
        return handle == 0 ? null : new Tensor(handle).DetachFromDisposeScope();
    }

    internal static void Set(Tensor tensor, Tensor? grad)
    {
        Door.Check(Door.SetGrad(tensor.Handle, grad?.Handle ?? 0));
        GC.KeepAlive(tensor);
        GC.KeepAlive(grad);
    }

    internal static void Require(Tensor tensor, bool on)
    {
        Door.Check(Door.SetRequiresGrad(tensor.Handle, on ? 1 : 0));
        GC.KeepAlive(tensor);
    }

    internal static void Clear(Parameter parameter, bool drop)
    {
        if (parameter.IsInvalid)
        {
            return;
        }
        if (drop)
        {
            Set(parameter, null);
            return;
        }
        using var grad = Of(parameter);
        if (grad is not null)
        {
            Aten.detach_.Run(grad);
            Aten.zero_.Run(grad);
        }
    }

    /// <summary>The values of another tensor, converted; run it under no_grad.</summary>
    internal static void Overwrite(Tensor target, Tensor source) => Aten.copy_.Run(target, source);
}
