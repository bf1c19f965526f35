using System.Runtime.InteropServices;

namespace TorchSharp;

// Dimensions with names. libtorch calls them experimental; many operators refuse them, and gradients do not flow through all.
public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>A name of the tensor itself, for the user's own purposes.</summary>
        public string name { get; set; } = null!;

        /// <summary>The dimensions' names, null for a dimension without one.</summary>
        public string[] names
        {
            get
            {
                var text = Door.Names(Handle);
                GC.KeepAlive(this);
                if (text == 0)
                {
                    return Door.HasError() ? throw Door.Error() : new string[Dimensions];
                }
                var lines = Marshal.PtrToStringUTF8(text)!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                unsafe { Door.FreeArray((void*)text); }
                return Array.ConvertAll(lines, line => line == "*" ? null! : line);
            }
        }

        public bool has_names() => Array.Exists(names, n => n is not null);

        /// <summary>Other names, one for each dimension; "..." stands for those in between as they are, null drops all.</summary>
        public Tensor rename(IEnumerable<string>? names) => names is null || !names.Any() ? WithNames(4, []) : WithNames(0, Spread(names));

        /// <summary>As <see cref="rename"/>, in place.</summary>
        public Tensor rename_(IEnumerable<string>? names)
        {
            (names is null || !names.Any() ? WithNames(5, []) : WithNames(1, Spread(names))).Dispose();
            return this;
        }

        /// <summary>Names for dimensions that have none; a name that is there must stay.</summary>
        public Tensor refine_names(IEnumerable<string> names) => WithNames(2, Spread(names));

        public Tensor refine_names(params string[] names) => refine_names((IEnumerable<string>)names);

        /// <summary>The dimensions in the order of the names, with dimensions of one element for names that are not here; "..." stands for the others.</summary>
        public Tensor align_to(IEnumerable<string> names)
        {
            var wanted = names.ToArray();
            var rest = this.names.Where(n => !wanted.Contains(n));
            return WithNames(3, wanted.SelectMany(n => n == "..." ? rest : [n]));
        }

        public Tensor align_to(params string[] names) => align_to((IEnumerable<string>)names);

        /// <summary>Neighbouring dimensions as one of another name.</summary>
        public Tensor flatten(IList<string> dims, string out_dim)
        {
            var here = names;
            var first = Array.IndexOf(here, dims[0]);
            if (first < 0 || !dims.Select((d, i) => first + i < here.Length && here[first + i] == d).All(same => same))
            {
                throw new ArgumentException($"[{string.Join(", ", dims)}] are no neighbouring dimensions of [{string.Join(", ", here)}]");
            }
            using var plain = WithNames(4, []);
            using var flat = plain.flatten(first, first + dims.Count - 1);
            return flat.WithNames(0, [.. here[..first], out_dim, .. here[(first + dims.Count)..]]);
        }

        /// <summary>One dimension as several, each with its name and size.</summary>
        public Tensor unflatten(string dim, params (string, long)[] sizes)
        {
            var here = names;
            var at = Array.IndexOf(here, dim);
            if (at < 0)
            {
                throw new ArgumentException($"there is no dimension '{dim}' among [{string.Join(", ", here)}]");
            }
            using var plain = WithNames(4, []);
            using var parts = plain.unflatten(at, sizes.Select(s => s.Item2).ToArray());
            return parts.WithNames(0, [.. here[..at], .. sizes.Select(s => s.Item1), .. here[(at + 1)..]]);
        }

        private Tensor WithNames(int what, IEnumerable<string?> names)
        {
            var named = new Tensor(Door.Check(Door.Named(Handle, what, string.Join('\n', names.Select(n => n ?? "*")))));
            GC.KeepAlive(this);
            return named;
        }

        private string?[] Spread(IEnumerable<string> wanted)
        {
            var list = wanted.ToArray();
            var dots = Array.IndexOf(list, "...");
            if (dots < 0 ? list.Length != Dimensions : list.Length - 1 > Dimensions)
            {
                throw new ArgumentException($"The number of dimension names ({list.Length}) is different from the number of dimensions ({Dimensions}).");
            }
            if (dots < 0)
            {
                return list;
            }
            var behind = list.Length - dots - 1;
            return [.. list[..dots], .. names[dots..(int)(Dimensions - behind)], .. list[(dots + 1)..]];
        }
    }
}
