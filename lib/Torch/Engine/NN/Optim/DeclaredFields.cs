using System.Collections.Concurrent;
using System.Reflection;

namespace TorchSharp.Modules;

/// <summary>
/// The public fields of an optimizer's options or of its state of a parameter, in the order of their declaration. Classes outside
/// this engine have none here: they save and load what is theirs by overriding, as in TorchSharp.
/// </summary>
internal static class DeclaredFields
{
    private static readonly ConcurrentDictionary<Type, FieldInfo[]> known = new();

    internal static FieldInfo[] Of(object item) => known.GetOrAdd(item.GetType(), type =>
        [.. type.GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(field => field.DeclaringType!.Assembly == typeof(DeclaredFields).Assembly).OrderBy(field => field.MetadataToken)]);

    internal static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case double number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            default: throw new NotSupportedException($"an optimizer's file has no {value.GetType()}");
        }
    }

    internal static object Read(BinaryReader reader, Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Double => reader.ReadDouble(),
        TypeCode.Int64 => reader.ReadInt64(),
        TypeCode.Boolean => reader.ReadBoolean(),
        _ => throw new NotSupportedException($"an optimizer's file has no {type}"),
    };
}

/// <summary>On a state's tensor that only some options need: its place in a file begins with whether it is there.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class MayBeMissingAttribute : Attribute;
