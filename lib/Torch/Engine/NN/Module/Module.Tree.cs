// Walking a module's tree. A parameter, buffer or module that is reachable by two names is listed once, under the first.

using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            public virtual IEnumerable<Parameter> parameters(bool recurse = true)
            {
                foreach (var (_, parameter) in named_parameters(recurse))
                {
                    yield return parameter;
                }
            }

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
                return Walk(recurse, "", m => m.ownParameters, seen);
            }

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                foreach (var (_, buffer) in named_buffers(recurse, include_nonpersistent))
                {
                    yield return buffer;
                }
            }

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                return Walk(recurse, "", m => include_nonpersistent || m.transientBuffers is null ? m.ownBuffers : m.PersistentBuffers(), seen);
            }

            public virtual IEnumerable<(string name, Module module)> named_children()
            {
                var seen = new HashSet<Module>(ReferenceEqualityComparer.Instance);
                foreach (var (childName, child) in ownModules)
                {
                    if (seen.Add(child))
                    {
                        yield return (childName, child);
                    }
                }
            }

            public virtual IEnumerable<Module> children()
            {
                foreach (var (_, child) in named_children())
                {
                    yield return child;
                }
            }

            /// <summary>All modules below this one, depth first; this one itself is not among them.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                var seen = new HashSet<Module>(ReferenceEqualityComparer.Instance) { this };
                return WalkModules("", seen);
            }

            /// <summary>All modules below this one, depth first; this one itself is not among them.</summary>
            public virtual IEnumerable<Module> modules()
            {
                foreach (var (_, module) in named_modules())
                {
                    yield return module;
                }
            }

            private IEnumerable<(string, Module)> WalkModules(string prefix, HashSet<Module> seen)
            {
                foreach (var (childName, child) in ownModules)
                {
                    if (!seen.Add(child))
                    {
                        continue;
                    }
                    var path = prefix + childName;
                    yield return (path, child);
                    foreach (var below in child.WalkModules(path + ".", seen))
                    {
                        yield return below;
                    }
                }
            }

            private IEnumerable<(string, T)> Walk<T>(bool recurse, string prefix, Func<Module, NamedItems<T>> own, HashSet<T> seen)
                where T : class
            {
                foreach (var (itemName, item) in own(this))
                {
                    if (seen.Add(item))
                    {
                        yield return (prefix + itemName, item);
                    }
                }
                if (!recurse)
                {
                    yield break;
                }
                foreach (var (childName, child) in ownModules)
                {
                    foreach (var below in child.Walk(true, prefix + childName + ".", own, seen))
                    {
                        yield return below;
                    }
                }
            }

            private NamedItems<Tensor> PersistentBuffers()
            {
                var kept = new NamedItems<Tensor>();
                foreach (var (bufferName, buffer) in ownBuffers)
                {
                    if (!transientBuffers!.Contains(bufferName))
                    {
                        kept.Add(bufferName, buffer);
                    }
                }
                return kept;
            }
        }
    }
}
