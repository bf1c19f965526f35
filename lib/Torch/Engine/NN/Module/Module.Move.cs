// Moving a module to another type or device. As in PyTorch a parameter keeps its identity: references to it, an
// optimizer's too, stay good. Only floating point tensors change their type; counters and masks keep theirs.

using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                Move(dtype, device, non_blocking);
                return this;
            }

            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                Move(null, new Device(deviceType, deviceIndex), non_blocking);
                return this;
            }

            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                Move(dtype, null, non_blocking);
                return this;
            }

            public virtual Module _to(Tensor other, bool non_blocking)
            {
                Move(other.dtype, other.device, non_blocking);
                return this;
            }

            private void Move(ScalarType? dtype, Device? device, bool non_blocking)
            {
                if (this is IParameterLessModule) return;
                if (dtype is { } wanted && !Floating(wanted))
                {
                    throw new ArgumentException($"a module can be moved to a floating point or complex type only, not to {wanted}", nameof(dtype));
                }
                using (no_grad())
                {
                    foreach (var (_, parameter) in ownParameters)
                    {
                        using var grad = Gradients.Of(parameter);
                        if (Moved(parameter, dtype, device, non_blocking) is not { } moved)
                        {
                            continue;
                        }
                        var requires = parameter.requires_grad;
                        parameter.BecomeSameAs(moved);
                        Gradients.Require(parameter, requires);
                        if (grad is not null)
                        {
                            using var movedGrad = Moved(grad, dtype, device, non_blocking);
                            Gradients.Set(parameter, movedGrad ?? grad);
                        }
                    }
                    foreach (var (_, buffer) in ownBuffers)
                    {
                        if (Moved(buffer, dtype, device, non_blocking) is { } moved)
                        {
                            buffer.BecomeSameAs(moved);
                        }
                    }
                }
                foreach (var (_, child) in ownModules)
                {
                    if (device is null)
                    {
                        child._to(dtype!.Value, non_blocking);
                    }
                    else if (dtype is null)
                    {
                        child._to(device.type, device.index, non_blocking);
                    }
                    else
                    {
                        child._to(device, dtype.Value, non_blocking);
                    }
                }
            }

            /// <summary>The tensor elsewhere, or null where it is right already.</summary>
            private static Tensor? Moved(Tensor tensor, ScalarType? dtype, Device? device, bool non_blocking)
            {
                var from = tensor.dtype;
                var to = dtype is { } wanted && Floating(from) ? wanted : from;
                if (device is null || SameDevice(tensor.device, device))
                {
                    return to == from ? null : Aten.to_dtype.Call(tensor, to, non_blocking);
                }
                return Aten.to_device.Call(tensor, device, to, non_blocking);
            }

            private static bool SameDevice(Device a, Device b) =>
                a.type == b.type && (a.type == DeviceType.CPU || a.index == b.index || b.index < 0);

            private static bool Floating(ScalarType type) => type is ScalarType.Float16 or ScalarType.Float32
                or ScalarType.Float64 or ScalarType.BFloat16 or ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

            /// <summary>The given device and type, or the defaults.</summary>
            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(Device? device = null, ScalarType? dtype = null) =>
                (device ?? get_default_device(), dtype ?? get_default_dtype());
        }
    }
}
