// torch.nn.Module: a tree of named parameters, buffers and submodules. State-dict keys are PyTorch's.

using System.Collections.Concurrent;
using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module : IDisposable
        {
            private static readonly ConcurrentDictionary<Type, (string Name, FieldInfo Field)[]> ComponentFields = new();

            private readonly string name;
            private readonly NamedItems<Parameter> ownParameters = new();
            private readonly NamedItems<Tensor> ownBuffers = new();
            private readonly NamedItems<Module> ownModules = new();
            private HashSet<string>? transientBuffers;

            protected Module(string name)
            {
                this.name = name;
                training = true;
            }

            ~Module() => Dispose(false);

            public virtual bool training { get; private set; }

            public virtual string GetName() => name;

            /// <summary>
            /// Registers every field that holds a module, a parameter or a tensor (a buffer), under the field's name or the
            /// name that <see cref="Utils.ComponentNameAttribute"/> gives it. Call it at the constructor's end.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                foreach (var (component, field) in FieldsOf(GetType()))
                {
                    switch (field.GetValue(this))
                    {
                        case Module module when !ownModules.Holds(component, module):
                            register_module(component, module);
                            break;
                        case Parameter parameter when !ownParameters.Holds(component, parameter):
                            register_parameter(component, parameter);
                            break;
                        case Tensor tensor when tensor is not Modules.Parameter && !ownBuffers.Holds(component, tensor):
                            register_buffer(component, tensor);
                            break;
                    }
                }
            }

            /// <summary>Adds a parameter; the module owns it from now on, whatever dispose scope it was made in.</summary>
            public virtual void register_parameter(string name, Parameter param)
            {
                CheckName(name);
                if (param is null)
                {
                    ownParameters.Remove(name);
                    return;
                }
                param.DetachFromDisposeScope();
                ownParameters.Add(name, param);
            }

            /// <summary>Adds a buffer; the module owns it from now on, whatever dispose scope it was made in.</summary>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                CheckName(name);
                ArgumentNullException.ThrowIfNull(tensor);
                tensor.DetachFromDisposeScope();
                ownBuffers.Add(name, tensor);
                if (!persistent)
                {
                    (transientBuffers ??= []).Add(name);
                }
            }

            public virtual void register_module(string name, Module submodule)
            {
                CheckName(name);
                if (submodule is null)
                {
                    ownModules.Remove(name);
                    return;
                }
                ownModules.Add(name, submodule);
            }

            public virtual void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Forgets all submodules. They are not disposed.</summary>
            protected void ClearModules() => ownModules.Clear();

            private protected void ClearParameters() => ownParameters.Clear();

            /// <summary>Sets, replaces or (null) removes the buffer of this name.</summary>
            protected void ConditionallyRegisterBuffer(string name, Tensor value, bool persistent = true)
            {
                ownBuffers.Remove(name);
                transientBuffers?.Remove(name);
                if (value is not null)
                {
                    register_buffer(name, value, persistent);
                }
            }

            /// <summary>Sets, replaces or (null) removes the parameter of this name.</summary>
            protected void ConditionallyRegisterParameter(string name, Tensor value) =>
                ConditionallyRegisterParameter(name, value as Parameter ?? (value is null ? null! : new Parameter(value)));

            /// <summary>Sets, replaces or (null) removes the parameter of this name.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter value)
            {
                ownParameters.Remove(name);
                if (value is not null)
                {
                    register_parameter(name, value);
                }
            }

            public virtual bool has_parameter(string target) => Find(target, static (m, n) => m.ownParameters.Get(n)) is not null;

            public virtual bool has_buffer(string target) => Find(target, static (m, n) => m.ownBuffers.Get(n)) is not null;

            public virtual Parameter get_parameter(string target) => Find(target, static (m, n) => m.ownParameters.Get(n))!;

            public virtual Tensor get_buffer(string target) => Find(target, static (m, n) => m.ownBuffers.Get(n))!;

            private T? Find<T>(string target, Func<Module, string, T?> get) where T : class
            {
                ArgumentNullException.ThrowIfNull(target);
                if (get(this, target) is { } own)
                {
                    return own;
                }
                // A submodule's name may itself hold dots (a dictionary's key), so each dot is tried.
                for (var dot = target.IndexOf('.'); dot >= 0; dot = target.IndexOf('.', dot + 1))
                {
                    if (ownModules.Get(target[..dot]) is { } module && module.Find(target[(dot + 1)..], get) is { } found)
                    {
                        return found;
                    }
                }
                return null;
            }

            public virtual void train(bool train = true)
            {
                training = train;
                foreach (var (_, module) in ownModules)
                {
                    module.train(train);
                }
            }

            public virtual void eval() => train(false);

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var (_, module) in ownModules)
                {
                    module.apply(fn);
                }
                fn(this);
                return this;
            }

            /// <summary>Drops every parameter's gradient, or with <paramref name="set_to_none"/> false fills it with zeros.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    Gradients.Clear(parameter, set_to_none);
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees the parameters and buffers of this module and of all below it.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing)
                {
                    return; // the tensors have finalizers of their own
                }
                foreach (var (_, parameter) in ownParameters)
                {
                    parameter.Dispose();
                }
                foreach (var (_, buffer) in ownBuffers)
                {
                    buffer.Dispose();
                }
                foreach (var (_, module) in ownModules)
                {
                    module.Dispose();
                }
            }

            internal static (string Name, FieldInfo Field)[] FieldsOf(Type type) => ComponentFields.GetOrAdd(type, static t =>
                [.. t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                    .Where(f => !f.FieldType.IsValueType)
                    .Select(f => (f.ComponentName(), f))]);

            private static void CheckName(string name)
            {
                if (string.IsNullOrEmpty(name))
                {
                    throw new ArgumentException("a component needs a name", nameof(name));
                }
            }
        }
    }
}
