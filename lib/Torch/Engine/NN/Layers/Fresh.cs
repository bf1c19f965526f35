using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>New parameters and buffers for modules, and their replacement.</summary>
internal static class Fresh
{
    /// <summary>A parameter of this shape, filled by <paramref name="fill"/> outside autograd; in no dispose scope.</summary>
    internal static Parameter Parameter(long[] shape, Device? device, ScalarType? dtype, Action<Tensor> fill)
    {
        using var guard = no_grad();
        var data = empty(shape, dtype: dtype, device: device);
        fill(data);
        var parameter = new Parameter(data);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>PyTorch's default for a weight of this fan-in, kaiming_uniform with a = sqrt(5): uniform within 1 / sqrt(fan-in).</summary>
    internal static Parameter Uniform(long[] shape, long fanIn, Device? device, ScalarType? dtype)
    {
        var bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
        return Parameter(shape, device, dtype, t => Aten.uniform_.Run(t, -bound, bound));
    }

    internal static Parameter Constant(long[] shape, double value, Device? device, ScalarType? dtype) =>
        Parameter(shape, device, dtype, t => Aten.fill_Scalar_.Run(t, value));

    /// <summary>A parameter with a copy of the values, learning unless frozen.</summary>
    internal static Parameter From(Tensor values, bool freeze, Device? device, ScalarType? dtype)
    {
        using var guard = no_grad();
        var data = empty(values.shape, dtype: dtype ?? values.dtype, device: device ?? values.device);
        Aten.copy_.Run(data, values);
        var parameter = new Parameter(data, !freeze);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>
    /// Sets a property's field and registers the tensor, out of any dispose scope. The one that was there is not freed: a tied
    /// module may hold it too, and without an owner the collector takes it.
    /// </summary>
    internal static void Put<T>(ref T? field, T? value, string name, Action<string, T> register) where T : Tensor
    {
        if (ReferenceEquals(field, value))
        {
            return;
        }
        value?.DetachFromDisposeScope();
        field = value;
        register(name, value!);
    }
}
