using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>The little that modules and optimizers need of autograd's state and of a tensor's identity.</summary>
internal static class Gradients
{
    private static readonly Op Zero = new("aten::zero_");
    private static readonly Op DetachInPlace = new("aten::detach_");
    private static readonly Op Copy = new("aten::copy_");

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
            DetachInPlace.Run(grad);
            Zero.Run(grad);
        }
    }

    /// <summary>The values of another tensor, converted; run it under no_grad.</summary>
    internal static void Overwrite(Tensor target, Tensor source) => Copy.Run(target, source);
}
