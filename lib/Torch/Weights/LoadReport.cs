namespace Retort.Torch;

/// <summary>How weights and a module's names fitted together.</summary>
/// <param name="Loaded">names that were loaded</param>
/// <param name="Missing">names of the module for which there was no weight</param>
/// <param name="Unexpected">weights that the module has no name for</param>
/// <param name="Misshapen">weights of another shape than the module's</param>
/// <param name="Prefix">what stood in front of the weights' names and was taken off, such as "module."; else empty</param>
/// <param name="NotNumbers">weights that hold NaN</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected,
    IReadOnlyList<MisshapenTensor> Misshapen,
    string Prefix = "",
    IReadOnlyList<string>? NotNumbers = null)
{
    /// <summary>Whether every name had its weight, of numbers, and every weight its name.</summary>
    public bool IsComplete => Missing.Count == 0 && Unexpected.Count == 0 && Misshapen.Count == 0 && (NotNumbers?.Count ?? 0) == 0;

    /// <summary>One line with every name: what is missing, unexpected and misshapen.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        Add(parts, "missing", Missing);
        Add(parts, "unexpected", Unexpected);
        Add(parts, "misshapen", [.. Misshapen.Select(m => m.ToString())]);
        Add(parts, "with NaN", NotNumbers ?? []);
        if (Prefix.Length > 0)
        {
            parts.Add($"names taken without their prefix '{Prefix}'");
        }
        return parts.Count == 0 ? $"all {Loaded.Count} weights loaded" : (IsComplete ? $"all {Loaded.Count} weights loaded" : $"{Loaded.Count} weights fit") + $"; {string.Join("; ", parts)}";
    }

    private static void Add(List<string> parts, string what, IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            parts.Add($"{names.Count} {what}: {string.Join(", ", names)}");
        }
    }
}
