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
            private bool componentsRegistered;

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
            /// name that <see cref="Utils.ComponentNameAttribute"/> gives it; fields of base classes too, after the class's own.
            /// A name that is registered already is passed over. Call it at the constructor's end: only the first call of an
            /// object does anything, and a module that never made it is registered when it becomes part of another.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                if (componentsRegistered)
                {
                    return;
                }
                foreach (var (component, field) in FieldsOf(GetType()))
                {
                    if (ownModules.Get(component) is not null || ownParameters.Get(component) is not null || ownBuffers.Get(component) is not null)
                    {
                        continue;
                    }
                    switch (field.GetValue(this))
                    {
                        case Module module:
                            register_module(component, module);
                            break;
                        case Parameter parameter:
                            register_parameter(component, parameter);
                            break;
                        case Tensor tensor:
                            register_buffer(component, tensor);
                            break;
                    }
                }
                componentsRegistered = true;
            }

            /// <summary>
            /// Adds a parameter. It stays in the dispose scope that it was made in: a constructor that may run inside one
            /// detaches what it makes.
            /// </summary>
            public virtual void register_parameter(string name, Parameter param)
            {
                CheckName(name);
                CheckTakesComponents();
                ArgumentNullException.ThrowIfNull(param);
                ownParameters.Add(name, param);
            }

            /// <summary>Adds a buffer. It stays in the dispose scope that it was made in, as a parameter does.</summary>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                CheckName(name);
                CheckTakesComponents();
                ArgumentNullException.ThrowIfNull(tensor);
                ownBuffers.Add(name, tensor);
                if (!persistent)
                {
                    (transientBuffers ??= []).Add(name);
                }
            }

            /// <summary>Adds a module below this one, whose own components are registered first; null takes the name out.</summary>
            /// <exception cref="ArgumentException">The name is empty or has a dot in it.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                CheckName(name);
                CheckTakesComponents();
                if (submodule is null)
                {
                    ownModules.Remove(name);
                    return;
                }
                if (name.Contains('.'))
                {
                    throw new ArgumentException($"a module's name can't contain \".\": {name}", nameof(name));
                }
                if (ownModules.Get(name) is not null)
                {
                    throw new InvalidOperationException($"a component named {name} is already registered");
                }
                submodule.RegisterComponents();
                ownModules.Add(name, submodule);
            }

            // In a sequence a name may come again: its parameters are listed, and the first has the key.
            internal void Chain(string name, Module submodule)
            {
                if (ownModules.Get(name) is null)
                {
                    register_module(name, submodule);
                    return;
                }
                submodule.RegisterComponents();
                ownModules.AddAnyway(name, submodule);
            }

            private void CheckTakesComponents()
            {
                if (this is IParameterLessModule) throw new InvalidOperationException($"{GetName()} has no parameters, and nothing can be registered in it");
            }

            public virtual void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Forgets all submodules. They are not disposed.</summary>
            protected void ClearModules() => ownModules.Clear();

            private protected void ClearParameters() => ownParameters.Clear();

            /// <summary>Sets, replaces or (null) removes the buffer of this name.</summary>
            protected void ConditionallyRegisterBuffer(string name, Tensor value, bool persistent = true)
            {
                transientBuffers?.Remove(name);
                if (value is null)
                {
                    ownBuffers.Remove(name);
                    return;
                }
                ownBuffers.Put(name, value);
                if (!persistent)
                {
                    (transientBuffers ??= []).Add(name);
                }
            }

            /// <summary>Sets, replaces or (null) removes the parameter of this name.</summary>
            protected void ConditionallyRegisterParameter(string name, Tensor value) =>
                ConditionallyRegisterParameter(name, value as Parameter ?? (value is null ? null! : new Parameter(value)));

            /// <summary>Sets, replaces or (null) removes the parameter of this name.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter value)
            {
                if (value is null)
                {
                    ownParameters.Remove(name);
                    return;
                }
                ownParameters.Put(name, value);
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

            // The engine's own modules register what they hold themselves, so the walk ends where they begin.
            private static (string Name, FieldInfo Field)[] FieldsOf(Type type) => ComponentFields.GetOrAdd(type, static t =>
            {
                var fields = new List<(string, FieldInfo)>();
                for (Type? at = t; at is not null && at.Assembly != typeof(Module).Assembly; at = at.BaseType)
                {
                    fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                        .Where(f => !f.FieldType.IsValueType)
                        .Select(f => (f.ComponentName(), f)));
                }
                return [.. fields];
            });

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
