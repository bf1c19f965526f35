using System.Collections;
using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;

namespace Retort.Notebook;

/// <summary>
/// The formatters that a library brings along without referencing any notebook host: .NET Interactive's convention of
/// 2022, which goes by the names of attribute, properties and methods (Formatter.cs and formatting.md of its repository,
/// commit of 2026-04-16). Types of a library loaded by #r live in their own load context, so names are all there is.
/// </summary>
internal static class FormatterConvention
{
    private const string AttributeName = "TypeFormatterSourceAttribute";
    private static readonly ConcurrentDictionary<Type, Found> ByType = new();
    private static readonly List<Registration> Registered = [];
    private static readonly Lock Registering = new();

    // What cells have set: the newest first, and before what libraries bring along.
    private static readonly List<Registration> Set = [];
    private static readonly Dictionary<Type, IReadOnlyList<string>> SetPreferred = [];

    /// <summary>Writes a value and says whether it did; false lets the next formatter try.</summary>
    internal delegate bool Format(object value, TextWriter writer);

    /// <summary>Formatters for values of this type, nearest type first, and the MIME types that are preferred for it.</summary>
    public static Found For(Type type)
    {
        var own = ByType.GetOrAdd(type, Read);
        lock (Registering)
        {
            var set = Set.Where(item => item.Type.IsAssignableFrom(type)).OrderBy(item => Distance(type, item.Type)).ToList();
            var formatters = Registered.Where(item => item.Type.IsAssignableFrom(type)).OrderBy(item => Distance(type, item.Type)).ToList();
            var preferred = SetPreferred.Where(item => item.Key.IsAssignableFrom(type)).OrderBy(item => Distance(type, item.Key)).Select(item => item.Value).FirstOrDefault();
            // A MIME type that a cell has set is shown, whatever the library prefers.
            preferred ??= set.Count > 0 && own.PreferredMimeTypes is not { Count: > 0 } ? [.. set.Select(item => item.MimeType).Distinct()] : own.PreferredMimeTypes;
            return new Found([.. set, .. formatters], preferred);
        }
    }

    /// <summary>Puts a formatter before all others.</summary>
    public static void Prefer(Type type, string mimeType, Format format)
    {
        lock (Registering)
        {
            Set.Insert(0, new Registration(type, mimeType, format));
        }
    }

    /// <summary>Sets the MIME types in which a type is shown.</summary>
    public static void Prefer(Type type, IReadOnlyList<string> mimeTypes)
    {
        lock (Registering)
        {
            SetPreferred[type] = [.. mimeTypes];
        }
    }

    /// <summary>Forgets what was set by <see cref="Prefer(Type, string, Format)"/> and <see cref="Prefer(Type, IReadOnlyList{string})"/>.</summary>
    public static void Reset()
    {
        lock (Registering)
        {
            Set.Clear();
            SetPreferred.Clear();
        }
    }

    private static Found Read(Type type)
    {
        IReadOnlyList<string>? preferred = null;
        foreach (var attribute in type.GetCustomAttributes(inherit: true).Where(item => item.GetType().Name == AttributeName))
        {
            if (Property(attribute, "FormatterSourceType") is not Type sourceType)
            {
                continue;
            }
            preferred ??= Property(attribute, "PreferredMimeTypes") as string[];
            var source = Activator.CreateInstance(sourceType)
                ?? throw new InvalidOperationException($"Formatter source {sourceType} has no instance.");
            var create = sourceType.GetMethod("CreateTypeFormatters", BindingFlags.Public | BindingFlags.Instance, [])
                ?? throw new InvalidOperationException($"Formatter source {sourceType} has no public method CreateTypeFormatters().");
            if (create.Invoke(source, null) is not IEnumerable formatters)
            {
                throw new InvalidOperationException($"{sourceType}.CreateTypeFormatters() did not return a list.");
            }
            foreach (var formatter in formatters)
            {
                Register(formatter, type);
            }
        }
        return new Found([], preferred);
    }

    private static void Register(object formatter, Type attributed)
    {
        if (Property(formatter, "MimeType") is not string mimeType)
        {
            return;
        }
        var methods = formatter.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(method => method.Name == "Format").ToList();
        if (methods.Count != 1)
        {
            throw new InvalidOperationException($"Formatter {formatter.GetType()} must have exactly one public method Format, it has {methods.Count}.");
        }
        var value = Expression.Parameter(typeof(object));
        var writer = Expression.Parameter(typeof(TextWriter));
        var call = Expression.Lambda<Format>(Expression.Call(Expression.Constant(formatter), methods[0], value, writer), value, writer).Compile();
        var target = Property(formatter, "Type") as Type ?? attributed;
        lock (Registering)
        {
            Registered.Add(new Registration(target, mimeType, call));
        }
    }

    private static object? Property(object owner, string name) =>
        owner.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance) is { CanRead: true } property ? property.GetValue(owner) : null;

    private static int Distance(Type type, Type target)
    {
        int steps = 0;
        for (Type? current = type; current is not null; current = current.BaseType, steps++)
        {
            if (current == target)
            {
                return steps;
            }
        }
        return int.MaxValue; // an interface
    }

    /// <summary>What was found for a type.</summary>
    internal sealed record Found(IReadOnlyList<Registration> Formatters, IReadOnlyList<string>? PreferredMimeTypes);

    /// <summary>One formatter.</summary>
    internal sealed record Registration(Type Type, string MimeType, Format Format);
}
