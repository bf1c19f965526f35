using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Retort.Notebook;

/// <summary>An exception as a reader of the notebook wants it: the cell's own lines, the library's frames, nothing of the host.</summary>
internal static partial class ErrorReport
{
    private const int Frames = 30;

    /// <summary>Where cells say they are from: their file name in stack traces.</summary>
    public static string CellName(int executionCount) => $"cell {executionCount}";

    public static ErrorOutput Of(Exception exception, Func<int, string?> sourceOfCell)
    {
        exception = Unwrapped(exception);
        var lines = new List<string>();
        for (Exception? current = exception; current is not null; current = current.InnerException is { } inner ? Unwrapped(inner) : null)
        {
            lines.Add($"{(current == exception ? "" : "caused by ")}{Members.TypeName(current.GetType())}: {current.Message}");
            lines.AddRange(StackLines(current, sourceOfCell));
        }
        return new ErrorOutput(Members.TypeName(exception.GetType()), exception.Message, lines);
    }

    private static Exception Unwrapped(Exception exception) => exception switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrapped(inner),
        AggregateException { InnerExceptions.Count: 1 } aggregate => Unwrapped(aggregate.InnerExceptions[0]),
        _ => exception,
    };

    private static IEnumerable<string> StackLines(Exception exception, Func<int, string?> sourceOfCell)
    {
        var lines = new List<string>();
        foreach (var frame in new StackTrace(exception, fNeedFileInfo: true).GetFrames())
        {
            if (Line(frame, sourceOfCell) is { } line && (lines.Count == 0 || lines[^1] != line))
            {
                lines.Add(line);
            }
        }
        return lines.Count <= Frames
            ? lines
            : [.. lines.Take(Frames / 2), $"   ... {lines.Count - Frames} more frames", .. lines.Skip(lines.Count - (Frames / 2))];
    }

    private static string? Line(StackFrame frame, Func<int, string?> sourceOfCell)
    {
        var method = frame.GetMethod();
        var file = frame.GetFileName();
        int line = frame.GetFileLineNumber();
        if (file is not null && CellFile().Match(file) is { Success: true } cell)
        {
            int count = int.Parse(cell.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            var source = sourceOfCell(count)?.Split('\n').ElementAtOrDefault(line - 1)?.Trim();
            return $"   cell {count}, line {line}{(source is { Length: > 0 } ? $": {source}" : "")}";
        }
        if (method is null || IsHost(method))
        {
            return null;
        }
        var place = file is null ? "" : $" in {Path.GetFileName(file)}:{line}";
        return $"   at {MethodName(method)}{place}";
    }

    private static bool IsHost(MethodBase method)
    {
        var type = method.DeclaringType;
        var name = type?.FullName ?? "";
        return type?.Assembly == typeof(ErrorReport).Assembly
            || name.StartsWith("Microsoft.CodeAnalysis.", StringComparison.Ordinal)
            || name.StartsWith("Submission#", StringComparison.Ordinal)
            || name.StartsWith("System.Runtime.CompilerServices.", StringComparison.Ordinal)
            || name.StartsWith("System.Runtime.ExceptionServices.", StringComparison.Ordinal)
            || name.StartsWith("System.Threading.", StringComparison.Ordinal)
            || name.StartsWith("System.ThrowHelper", StringComparison.Ordinal);
    }

    private static string MethodName(MethodBase method)
    {
        // An asynchronous method runs in a type of its own, <Name>d__7.MoveNext.
        var type = method.DeclaringType;
        var name = method.Name;
        if (type is { DeclaringType: { } outer } && StateMachine().Match(type.Name) is { Success: true } machine)
        {
            type = outer;
            name = machine.Groups[1].Value;
        }
        var parameters = string.Join(", ", method.GetParameters().Select(parameter => $"{Members.TypeName(parameter.ParameterType)} {parameter.Name}"));
        return $"{(type is null ? "" : (type.Namespace is { } space ? space + "." : "") + Members.TypeName(type) + ".")}{name}({parameters})";
    }

    [GeneratedRegex(@"(?:^|[\\/])cell (\d+)$")]
    private static partial Regex CellFile();

    [GeneratedRegex("^<(.+)>d(__\\d+)?")]
    private static partial Regex StateMachine();
}
