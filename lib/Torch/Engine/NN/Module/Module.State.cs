// A module's state by name, as in PyTorch: shared tensors stand under each of their names.

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Parameters and persistent buffers by name. The tensors are the module's own, not copies.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                var stem = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (itemName, parameter) in ownParameters)
                {
                    destination.TryAdd(stem + itemName, parameter);
                }
                foreach (var (itemName, buffer) in ownBuffers)
                {
                    if (transientBuffers is null || !transientBuffers.Contains(itemName))
                    {
                        destination.TryAdd(stem + itemName, buffer);
                    }
                }
                foreach (var (childName, child) in ownModules)
                {
                    child.state_dict(destination, stem + childName);
                }
                return destination;
            }

            /// <summary>
            /// Copies the values of <paramref name="source"/> into this module's tensors of the same names, converted to
            /// their type and device. With <paramref name="strict"/> the two sets of names must be equal.
            /// Nothing is copied if a name or a shape does not fit.
            /// </summary>
            /// <exception cref="InvalidOperationException">A strict load misses or has extra names.</exception>
            /// <exception cref="ArgumentException">A tensor has another shape than the module's.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                ArgumentNullException.ThrowIfNull(source);
                var destination = state_dict();
                bool Skipped(string key) => skip is not null && skip.Contains(key);
                var missing = destination.Keys.Where(k => !Skipped(k) && !source.ContainsKey(k)).ToList();
                var unexpected = source.Keys.Where(k => !Skipped(k) && !destination.ContainsKey(k)).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                {
                    throw new InvalidOperationException(
                        $"The loaded state_dict is not identical to the target dictionary. Missing: {Names(missing)}; unexpected: {Names(unexpected)}.");
                }
                foreach (var (key, value) in source)
                {
                    if (!Skipped(key) && destination.TryGetValue(key, out var target) && !target.shape.AsSpan().SequenceEqual(value.shape))
                    {
                        throw new ArgumentException(
                            $"{key} has shape [{string.Join(", ", value.shape)}], the module's has [{string.Join(", ", target.shape)}]", nameof(source));
                    }
                }
                using (no_grad())
                {
                    foreach (var (key, value) in source)
                    {
                        if (!Skipped(key) && destination.TryGetValue(key, out var target))
                        {
                            Gradients.Overwrite(target, value);
                        }
                    }
                }
                return (missing, unexpected);
            }

            private static string Names(List<string> keys) => keys.Count == 0 ? "none"
                : string.Join(", ", keys.Take(5)) + (keys.Count > 5 ? $" and {keys.Count - 5} more" : "");
        }
    }
}
