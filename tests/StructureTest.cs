using System.Reflection;
using System.Reflection.Emit;

namespace Retort.Tests;

/// <summary>The shape of the code: who may use whom in lib/Retort, and one idea a file.</summary>
public sealed class StructureTest
{
    private static readonly string[] belowPapers =
        ["Audio", "Text", "Layers", "Losses", "Statistics", "Plots", "Claims", "Models", "Data", "Decoding", "Metrics", "Training"];

    // Folder -> the folders of ours that it may use. Randomness is open to all. Papers are rooms that do not know each other.
    private static readonly Dictionary<string, string[]> mayUse = new()
    {
        ["Randomness"] = [],
        ["Audio"] = [],
        ["Text"] = [],
        ["Layers"] = [],
        ["Losses"] = [],
        ["Statistics"] = [],
        ["Plots"] = [],
        ["Decoding"] = ["Layers", "Text"],
        ["Models"] = ["Layers", "Text", "Audio", "Decoding"],
        ["Data"] = ["Audio", "Text"],
        ["Metrics"] = ["Text", "Statistics"],
        ["Claims"] = ["Statistics", "Plots"],
        ["Training"] = ["Audio", "Data", "Statistics", "Plots", "Claims"],
        ["Papers.Ced"] = belowPapers,
        ["Papers.Slu"] = belowPapers,
        ["Papers.Caption"] = belowPapers,
        ["Papers.Ger"] = belowPapers,
        ["Papers.Talker"] = belowPapers,
    };

    [Fact]
    public void LibRetort_TypesOfAFolder_UseOnlyFoldersBelow()
    {
        var assembly = typeof(Retort.Randomness.RandomStream).Assembly;
        var wrong = new SortedSet<string>();
        var arrows = 0;
        foreach (var type in assembly.GetTypes().Where(t => Folder(t) is not null))
        {
            var from = Folder(type)!;
            Assert.True(mayUse.ContainsKey(from), $"{type.FullName}: lib/Retort has no folder {from}");
            foreach (var used in UsedBy(type))
            {
                if (used.Assembly != assembly || Folder(used) is not { } to || to == from || to == "Randomness")
                {
                    continue;
                }
                arrows++;
                if (!mayUse[from].Contains(to))
                {
                    wrong.Add($"{from} -> {to}: {type.FullName} uses {used.FullName}");
                }
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(arrows > 0, "no arrow was seen at all: the reader of types is broken");
    }

    [Fact]
    public void SourceFiles_OfLibAndTests_AreShort()
    {
        var tooLong = new[] { "lib", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.*", SearchOption.AllDirectories))
            .Where(file => file.EndsWith(".cs") || file.EndsWith(".cpp"))
            .Where(file => !file.Contains("/obj/") && !file.Contains("/bin/"))
            .Select(file => (File: Path.GetRelativePath(Repository.Root, file), Lines: File.ReadLines(file).Count()))
            .Where(f => f.Lines > (f.File.EndsWith(".cpp") ? 500 : 400));
        Assert.Empty(tooLong);
    }

    // The folder is the word after Retort in the namespace, or Papers and the word after it; the compiler's own types have no namespace.
    private static string? Folder(Type type)
    {
        var outer = type;
        while (outer.DeclaringType is not null)
        {
            outer = outer.DeclaringType;
        }
        var parts = outer.Namespace?.Split('.') ?? [];
        return parts.Length < 2 || parts[0] != "Retort" ? null : parts[1] == "Papers" && parts.Length > 2 ? $"Papers.{parts[2]}" : parts[1];
    }

    private static IEnumerable<Type> UsedBy(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var used = new HashSet<Type>();
        Add(type.BaseType);
        foreach (var i in type.GetInterfaces())
        {
            Add(i);
        }
        foreach (var field in type.GetFields(All))
        {
            Add(field.FieldType);
        }
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            foreach (var parameter in method.GetParameters())
            {
                Add(parameter.ParameterType);
            }
            Add((method as MethodInfo)?.ReturnType);
            foreach (var t in BodyTypes(method))
            {
                Add(t);
            }
        }
        return used;

        void Add(Type? t)
        {
            if (t is null || t.IsGenericParameter)
            {
                return;
            }
            if (t.HasElementType)
            {
                Add(t.GetElementType());
                return;
            }
            if (t.IsGenericType)
            {
                foreach (var argument in t.GetGenericArguments())
                {
                    if (!used.Contains(argument))
                    {
                        Add(argument);
                    }
                }
                t = t.GetGenericTypeDefinition();
            }
            used.Add(t);
        }
    }

    private static readonly OpCode[] codes = [.. typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!)];
    private static readonly Dictionary<short, OpCode> byValue = codes.ToDictionary(c => c.Value);

    private static IEnumerable<Type> BodyTypes(MethodBase method)
    {
        var il = method.GetMethodBody()?.GetILAsByteArray();
        if (il is null)
        {
            yield break;
        }
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var i = 0; i < il.Length;)
        {
            var value = il[i] == 0xFE ? (short)((0xFE << 8) | il[i + 1]) : il[i];
            var code = byValue[value];
            i += code.Size;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                var member = method.Module.ResolveMember(BitConverter.ToInt32(il, i), typeArguments, methodArguments);
                if ((member as Type ?? member?.DeclaringType) is { } type)
                {
                    yield return type;
                }
                if (member is MethodInfo { IsGenericMethod: true } generic)
                {
                    foreach (var argument in generic.GetGenericArguments())
                    {
                        yield return argument;
                    }
                }
            }
            i += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, i),
                _ => 4,
            };
        }
    }
}
