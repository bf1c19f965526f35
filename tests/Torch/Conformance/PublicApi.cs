using System.Globalization;
using System.Reflection;

namespace Retort.Tests.Torch.Conformance;

/// <summary>
/// Prints the public and protected members of a type, one a line, in the notation of torchsharp-0.107.txt beside this
/// file (the public API of TorchSharp 0.107 as its own assembly shows it).
/// </summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Kind(Type type) =>
        type.IsEnum ? "enum"
        : type.IsInterface ? "interface"
        : type.IsValueType ? "struct"
        : type.BaseType == typeof(MulticastDelegate) ? "delegate"
        : type is { IsAbstract: true, IsSealed: true } ? "static class"
        : type.IsAbstract ? "abstract class"
        : type.IsSealed ? "sealed class"
        : "class";

    public static string FullName(Type type) => type.Namespace + "." + Name(type);

    public static IEnumerable<string> Members(Type type) =>
        type.GetMembers(Declared).Select(Line).Where(line => line is not null).Select(line => line!);

    private static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } c when c.IsPublic || c.IsFamily => $"{(c.IsFamily ? "protected " : "")}.ctor({Parameters(c.GetParameters())})",
        MethodInfo m when (m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly) && (!m.IsSpecialName || m.Name.StartsWith("op_")) => Method(m),
        PropertyInfo p when p.GetMethod is { IsPublic: true } || p.SetMethod is { IsPublic: true } => Property(p),
        FieldInfo { IsPublic: true, IsSpecialName: false } f => $"{(f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}",
        _ => null,
    };

    private static string Method(MethodInfo m)
    {
        var generics = m.IsGenericMethod ? "<" + string.Join(", ", m.GetGenericArguments().Select(g => g.Name)) + ">" : "";
        return $"{(m.IsPublic ? "" : "protected ")}{(m.IsStatic ? "static " : "")}{Name(m.ReturnType)} {m.Name}{generics}({Parameters(m.GetParameters())})";
    }

    private static string Property(PropertyInfo p)
    {
        var isStatic = (p.GetMethod ?? p.SetMethod)!.IsStatic ? "static " : "";
        var index = p.GetIndexParameters().Length > 0 ? "[" + Parameters(p.GetIndexParameters()) + "]" : "";
        var get = p.GetMethod is { IsPublic: true } ? "get; " : "";
        var set = p.SetMethod is { IsPublic: true } ? "set; " : "";
        return $"{isStatic}{Name(p.PropertyType)} {p.Name}{index} {{ {get}{set}}}";
    }

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(p =>
        (p.IsOut ? "out " : "") + (p.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "") + Name(p.ParameterType) + " " + p.Name + Default(p)));

    private static string Default(ParameterInfo p)
    {
        if (!p.HasDefaultValue)
        {
            return "";
        }
        return " = " + p.RawDefaultValue switch
        {
            null => p.ParameterType.IsValueType && Nullable.GetUnderlyingType(p.ParameterType) is null ? "default" : "null",
            string s => $"\"{s}\"",
            bool b => b ? "true" : "false",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
    }

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }
        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        }
        if (type.IsGenericParameter)
        {
            return type.Name;
        }
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }
        var name = Bare(type);
        if (type.IsGenericType)
        {
            var arguments = string.Join(", ", type.GetGenericArguments().Select(Name));
            name = name.StartsWith("ValueTuple") ? $"({arguments})" : $"{name}<{arguments}>";
        }
        name = name switch
        {
            "Int64" => "long",
            "Int32" => "int",
            "Single" => "float",
            "Double" => "double",
            "Boolean" => "bool",
            "String" => "string",
            "Void" => "void",
            "Object" => "object",
            "Byte" => "byte",
            "Int16" => "short",
            "SByte" => "sbyte",
            _ => name,
        };
        return type.DeclaringType is null ? name : Declaring(type.DeclaringType) + "." + name;
    }

    private static string Bare(Type type) => type.Name.Split('`')[0];

    private static string Declaring(Type type) => type.DeclaringType is null ? Bare(type) : Declaring(type.DeclaringType) + "." + Bare(type);
}
