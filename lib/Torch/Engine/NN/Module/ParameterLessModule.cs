// Modules without parameters: there is nothing to move or to register.

using static TorchSharp.torch;

namespace TorchSharp.Modules;

public interface IParameterLessModule { }

public abstract class ParameterLessModule<T1, TResult> : nn.Module<T1, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

public abstract class ParameterLessModule<T1, T2, TResult> : nn.Module<T1, T2, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

public abstract class ParameterLessModule<T1, T2, T3, TResult> : nn.Module<T1, T2, T3, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

public abstract class ParameterLessModule<T1, T2, T3, T4, TResult> : nn.Module<T1, T2, T3, T4, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

public abstract class ParameterLessModule<T1, T2, T3, T4, T5, TResult> : nn.Module<T1, T2, T3, T4, T5, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

public abstract class ParameterLessModule<T1, T2, T3, T4, T5, T6, TResult> : nn.Module<T1, T2, T3, T4, T5, T6, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name) : base(name) { }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;
    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;
    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw Refusal.Of(GetName());
    public override void register_parameter(string name, Parameter param) => throw Refusal.Of(GetName());
    public override void register_module(string name, nn.Module submodule) => throw Refusal.Of(GetName());
}

internal static class Refusal
{
    internal static InvalidOperationException Of(string module) =>
        new($"{module} has no parameters, and nothing can be registered in it");
}
