// A stand-in for the TorchSharp assembly, made from the list of its public members: every signature, no bodies. What
// compiles against it names only what TorchSharp 0.107 has, with overloads that resolve. It never runs.

using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Retort.Tests.Torch.Conformance;

internal static partial class TorchSharpStub
{
    [GeneratedRegex(@"^((?:static |abstract |sealed )?)(class|struct|enum|interface|delegate) TorchSharp\.([^ :<]+)(<[^:]*>)?(?: : (.*))?$")]
    private static partial Regex Header();

    [GeneratedRegex(@"^(protected )?(static )?(?:(\.ctor)|(.+?) (\S+?)(<[^(]*>)?)\((.*)\)$")]
    private static partial Regex MethodLine();

    [GeneratedRegex(@"^(static )?(.+?) (\w+)(?:\[(.*)\])? \{ (get; )?(set; )?\}$")]
    private static partial Regex PropertyLine();

    [GeneratedRegex(@"([\w.]+) (\w+) = (-?\d+)$")]
    private static partial Regex NumberDefault();

    private static readonly Dictionary<string, string> operators = new()
    {
        ["op_Addition"] = "+",
        ["op_Subtraction"] = "-",
        ["op_Multiply"] = "*",
        ["op_Division"] = "/",
        ["op_Modulus"] = "%",
        ["op_UnaryNegation"] = "-",
        ["op_OnesComplement"] = "~",
        ["op_LogicalNot"] = "!",
        ["op_BitwiseAnd"] = "&",
        ["op_BitwiseOr"] = "|",
        ["op_ExclusiveOr"] = "^",
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_LessThan"] = "<",
        ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThan"] = ">",
        ["op_GreaterThanOrEqual"] = ">=",
        ["op_LeftShift"] = "<<",
        ["op_RightShift"] = ">>",
    };

    private sealed class Node(string name)
    {
        public readonly string Name = name;
        public string Path = "", Modifier = "", Kind = "class", Generics = "", Base = "";
        public bool Declared;
        public readonly List<string> Members = [];
        public readonly Dictionary<string, Node> Nested = [];
    }

    /// <summary>Compiles the stand-in. Members whose types are outside the list (System types it does not show, say) are left out.</summary>
    public static (MetadataReference Reference, int Members, int LeftOut) Compile(IEnumerable<string> api, IReadOnlyList<MetadataReference> framework)
    {
        var lines = Source(api).Split('\n');
        var members = lines.Count(line => line.Contains("throw null"));
        var leftOut = 0;
        for (var round = 0; ; round++)
        {
            var tree = CSharpSyntaxTree.ParseText(string.Join('\n', lines));
            var compilation = CSharpCompilation.Create("TorchSharp", [tree], framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
            using var image = new MemoryStream();
            var result = compilation.Emit(image);
            if (result.Success)
            {
                return (MetadataReference.CreateFromImage(image.ToArray()), members, leftOut);
            }
            var bad = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).ToList();
            var badLines = bad.Select(d => d.Location.GetLineSpan().StartLinePosition.Line).Distinct().Where(n => lines[n].Contains("throw null")).ToList();
            Assert.True(badLines.Count > 0 && round < 12, "the stand-in does not compile:\n" + string.Join('\n', bad.Take(20).Select(d => $"{d.GetMessage()}: {lines[d.Location.GetLineSpan().StartLinePosition.Line]}")));
            leftOut += badLines.Count;
            foreach (var n in badLines)
            {
                lines[n] = "";
            }
        }
    }

    private static string Source(IEnumerable<string> api)
    {
        var roots = new Dictionary<string, Node>();
        Node current = new("");
        foreach (var line in api)
        {
            if (line.StartsWith(' '))
            {
                current.Members.Add(line.Trim());
                continue;
            }
            var header = Header().Match(line);
            if (!header.Success || header.Groups[2].Value == "delegate")
            {
                current = new Node("");
                continue;
            }
            current = Place(roots, header.Groups[3].Value, header.Groups[4].Value);
            (current.Modifier, current.Kind, current.Base, current.Declared) = (header.Groups[1].Value, header.Groups[2].Value, header.Groups[5].Value, true);
        }
        var text = new StringBuilder("""
            #pragma warning disable
            using System; using System.Collections; using System.Collections.Generic; using System.Globalization; using System.IO; using System.Numerics; using System.Reflection;
            using TorchSharp; using TorchSharp.Modules; using TorchSharp.Utils; using TorchSharp.Transforms;
            public sealed class NoCall { }

            """);
        foreach (var group in roots.Values.GroupBy(n => n.Path))
        {
            text.Append("namespace ").Append(group.Key).Append(" {\n");
            foreach (var node in group)
            {
                Write(text, node);
            }
            text.Append("}\n");
        }
        return text.ToString();
    }

    private static Node Place(Dictionary<string, Node> roots, string path, string generics)
    {
        var parts = path.Split('.');
        var depth = parts[0] is "Modules" or "Utils" or "Transforms" or "Data" ? 1 : 0;
        var ns = depth == 1 ? "TorchSharp." + parts[0] : "TorchSharp";
        var level = roots;
        Node? node = null;
        for (var i = depth; i < parts.Length; i++)
        {
            var last = i == parts.Length - 1;
            var key = (i == depth ? ns + "." : "") + parts[i] + (last ? generics : "");
            if (!level.TryGetValue(key, out node))
            {
                level[key] = node = new Node(parts[i]) { Path = ns, Generics = last ? generics : "" };
            }
            level = node.Nested;
        }
        return node!;
    }

    private static void Write(StringBuilder text, Node node)
    {
        if (!node.Declared || node.Name is "HookRemover" or "ReferenceEqualityComparer")
        {
            return;
        }
        if (node.Kind == "enum")
        {
            // Values are not in the list: given in order, which no compilation depends on.
            text.Append($"public enum {node.Name} {{ {string.Join(", ", node.Members.Select(m => Safe(m.Split(' ')[^1])))} }}\n");
            return;
        }
        var isStatic = node.Modifier == "static ";
        var isClass = node.Kind == "class" && !isStatic;
        var generics = node.Generics;
        var constraint = node.Name is "TensorAccessor" ? " where T : unmanaged" : node.Name is "ModuleList" or "ModuleDict" ? " where T : torch.nn.Module"
            : node is { Name: "ParamGroup", Generics.Length: > 0 } ? " where TOptions : OptimizerOptions"
            : "";
        var bases = new List<string>();
        if (node.Base.Length > 0)
        {
            bases.Add(node.Base);
        }
        if (node.Kind != "interface" && !isStatic)
        {
            // The list names no interfaces.
            if (node is { Name: "Module", Generics.Length: > 0 })
            {
                bases.Add("torch.nn.IModule" + node.Generics);
            }
            if (node.Members.Contains("void Dispose()"))
            {
                bases.Add("IDisposable");
            }
            if (node.Members.FirstOrDefault(m => m.StartsWith("IEnumerator<") && m.EndsWith("GetEnumerator()")) is { } enumerator)
            {
                bases.Add(enumerator.Split(" GetEnumerator")[0].Replace("IEnumerator<", "IEnumerable<"));
                // Whoever has all of a list's members is one.
                if (node.Members.Any(m => m.StartsWith("void Insert(int index")) && node.Members.Contains("bool IsReadOnly { get; }"))
                {
                    bases.Add(bases[^1].Replace("IEnumerable<", "IList<"));
                }
            }
        }
        var partial = isStatic ? "static " : node.Modifier;
        text.Append($"public {partial}{node.Kind} {Safe(node.Name)}{generics}{(bases.Count > 0 ? " : " + string.Join(", ", bases) : "")}{constraint} {{\n");
        if (isClass)
        {
            text.Append($"internal protected {node.Name}(NoCall s) {(node.Base.Length > 0 && node.Base != "Attribute" && !node.Base.StartsWith("EqualityComparer") ? ": base(s) " : "")}=> throw null;\n");
        }
        if (bases.Any(b => b.StartsWith("IEnumerable<")))
        {
            text.Append("IEnumerator IEnumerable.GetEnumerator() => throw null;\n");
        }
        foreach (var member in node.Members)
        {
            text.Append(Member(member, node, isStatic, isClass)).Append('\n');
        }
        foreach (var nested in node.Nested.Values)
        {
            Write(text, nested);
        }
        text.Append("}\n");
    }

    private static string Member(string line, Node node, bool isStatic, bool isClass)
    {
        line = line.Replace("out ref ", "out ");
        var inInterface = node.Kind == "interface";
        if (PropertyLine().Match(line) is { Success: true } p)
        {
            var body = (p.Groups[5].Success ? "get => throw null; " : "") + (p.Groups[6].Success ? "set => throw null; " : "");
            var name = p.Groups[4].Success ? $"this[{Parameters(p.Groups[4].Value, false)}]" : Safe(p.Groups[3].Value);
            if (node.Name == "Function" && name == "Name")
            {
                return "public abstract string Name { get; } // throw null";
            }
            return inInterface
                ? $"{p.Groups[2].Value} {name} {{ {body.Replace(" => throw null", "")} }} // throw null"
                : $"public {p.Groups[1].Value}{p.Groups[2].Value} {name} {{ {body}}}";
        }
        if (MethodLine().Match(line) is { Success: true } m)
        {
            var isProtected = m.Groups[1].Success;
            var access = inInterface ? "" : isProtected ? "protected internal " : "public ";
            var stat = m.Groups[2].Value;
            var name = m.Groups[5].Value;
            var isExtension = isStatic && node.Name.Contains("ExtensionMethods");
            var parameters = Parameters(m.Groups[7].Value, isExtension);
            if (m.Groups[3].Success)
            {
                var chain = isClass && node.Base.Length > 0 && node.Base != "Attribute" && !node.Base.StartsWith("EqualityComparer") ? " : base((NoCall)null)" : "";
                return node.Kind == "struct" && parameters.Length == 0 ? "" : $"{access}{Safe(node.Name)}({parameters}){chain} => throw null;";
            }
            if (name is "op_Implicit" or "op_Explicit")
            {
                return $"public static {(name == "op_Implicit" ? "implicit" : "explicit")} operator {m.Groups[4].Value}({parameters}) => throw null;";
            }
            if (operators.TryGetValue(name, out var sign))
            {
                return $"public static {m.Groups[4].Value} operator {sign}({parameters}) => throw null;";
            }
            if (name is "Finalize" || name.StartsWith("op_") || name.Contains('.'))
            {
                return "";
            }
            if (inInterface)
            {
                return $"{m.Groups[4].Value} {Safe(name)}{m.Groups[6].Value}({parameters}); // throw null";
            }
            var modifier = Modifier(name, m.Groups[7].Value, node, stat.Length > 0);
            var constraint = name is "data" or "item" && m.Groups[6].Success ? " where T : unmanaged"
                : name is "ModuleList" or "ModuleDict" && m.Groups[6].Success ? " where T : torch.nn.Module"
                : isExtension && m.Groups[6].Value == "<T>" && node.Name.StartsWith("Module") ? " where T : torch.nn.Module"
                : "";
            return $"{access}{stat}{modifier}{m.Groups[4].Value} {Safe(name)}{m.Groups[6].Value}({parameters}){constraint}{(modifier.StartsWith("abstract") ? "; // throw null" : " => throw null;")}";
        }
        // A field.
        var words = line.Split(' ');
        return $"public {string.Join(' ', words[..^1])} {Safe(words[^1])}; // throw null";
    }

    private static string Modifier(string name, string parameters, Node node, bool isStatic)
    {
        if (isStatic || node.Kind == "struct")
        {
            return "";
        }
        if (name is "ToString" && parameters.Length == 0 || name is "GetHashCode" || name is "Equals" && parameters == "object obj")
        {
            return "override ";
        }
        if (node.Name.EndsWith("TensorFunction") && name is ("forward" or "backward"))
        {
            return "abstract ";
        }
        if (node is { Name: "Sequential", Generics.Length: > 0 } && name == "Slice")
        {
            return "virtual ";
        }
        if (name == "forward" && node.Kind == "class" && (!parameters.Contains("output_size") || node.Name.StartsWith("MaxUnpool")))
        {
            return node.Name == "Module" ? "abstract " : node.Base.Contains("Tensor") || node.Base.Contains("Module") || node.Base is "PadBase" or "BatchNorm" or "NormBase" or "Convolution" or "ConvolutionTranspose" or "InstanceNorm" ? "override " : "";
        }
        return node.Name == "Module" && node.Generics.Length == 0 && name is "Dispose" or "train" or "eval" or "apply" or "parameters" or "named_parameters" or "_to" && node.Name == "Module"
            ? "virtual "
            : "";
    }

    private static string Parameters(string list, bool isExtension)
    {
        if (list.Length == 0)
        {
            return "";
        }
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (var i = 0; i <= list.Length; i++)
        {
            if (i == list.Length || (list[i] == ',' && depth == 0))
            {
                parts.Add(list[start..i].Trim());
                start = i + 1;
            }
            else
            {
                depth += list[i] is '<' or '(' or '[' ? 1 : list[i] is '>' or ')' or ']' ? -1 : 0;
            }
        }
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            // A number as the default of an enum needs its cast.
            if (NumberDefault().Match(part) is { Success: true } number && number.Groups[1].Value is not ("int" or "long" or "float" or "double" or "short" or "byte" or "UInt64" or "UInt32"))
            {
                part = part.Contains('?') ? part : $"{number.Groups[1].Value} {Safe(number.Groups[2].Value)} = ({number.Groups[1].Value})({number.Groups[3].Value})";
            }
            else
            {
                var words = part.Split(" = ");
                var space = words[0].LastIndexOf(' ');
                var name = Safe(words[0][(space + 1)..]);
                var value = words.Length > 1 ? " = " + (words[1] is "" ? "default" : Cast(words[0][..space], words[1])) : "";
                part = words[0][..space] + " " + name + value;
            }
            parts[i] = part;
        }
        return (isExtension && !parts[0].StartsWith("ref ") ? "this " : "") + string.Join(", ", parts);

        static string Cast(string type, string value) => type switch
        {
            "Char" => $"'{value}'",
            "float" or "float?" when value != "null" => $"(float)({value.Replace("Infinity", "1.0/0.0").Replace("∞", "1.0/0.0")})",
            "double" or "double?" when value.Contains("Infinity") || value.Contains('∞') => value.StartsWith('-') ? "-1.0/0.0" : "1.0/0.0",
            _ => value,
        };
    }

    private static string Safe(string name) => SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None ? "@" + name : name;
}
