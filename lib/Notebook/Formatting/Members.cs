using System.Reflection;

namespace Retort.Notebook;

/// <summary>The readable members of a value, as the general formatters show them.</summary>
internal static class Members
{
    /// <summary>Public instance properties without parameters, then public fields. A getter that throws shows its exception.</summary>
    public static IReadOnlyList<(string Name, object? Value)> Of(object value)
    {
        var list = new List<(string, object?)>();
        foreach (var member in Names(value.GetType()))
        {
            list.Add((member.Name, Read(value, member)));
        }
        return list;
    }

    public static IReadOnlyList<MemberInfo> Names(Type type)
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance;
        var properties = type.GetProperties(Public)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && Readable(property.PropertyType) && property.Name != "EqualityContract")
            .GroupBy(property => property.Name).Select(group => (MemberInfo)group.First());
        return [.. properties, .. type.GetFields(Public).Where(field => Readable(field.FieldType))];
    }

    public static object? Read(object value, MemberInfo member)
    {
        try
        {
            return member is PropertyInfo property ? property.GetValue(value) : ((FieldInfo)member).GetValue(value);
        }
        catch (Exception exception) when (exception is TargetInvocationException { InnerException: not null })
        {
            var inner = exception.InnerException!;
            return new FormattedValue(Formatter.Plain, $"({inner.GetType().Name}: {inner.Message})");
        }
    }

    /// <summary>A type's name as C# writes it.</summary>
    public static string TypeName(Type type)
    {
        if (type.IsArray)
        {
            return TypeName(type.GetElementType()!) + "[]";
        }
        if (type.Name.Contains("AnonymousType", StringComparison.Ordinal))
        {
            return "(anonymous)";
        }
        var name = type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>" : name;
    }

    // Values that live on the stack and bare pointers cannot be boxed.
    private static bool Readable(Type type) => !type.IsByRefLike && !type.IsPointer && !type.IsByRef;
}
