namespace Retort.Models;

/// <summary>What loading a checkpoint did and did not do.</summary>
/// <param name="Source">the file</param>
/// <param name="Missing">keys of the model that the file does not have; these weights stay as they were</param>
/// <param name="Unexpected">keys of the file that the model does not have; not used</param>
/// <param name="FreshHead">if the file is for another number of classes: (classes of the file, classes of the model); the model's last layer stays as it was</param>
/// <param name="Resized">position embeddings that were cut or interpolated to the model's size, with both sizes</param>
public sealed record CedCheckpointReport(
    string Source,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected,
    (int File, int Model)? FreshHead,
    IReadOnlyList<string> Resized)
{
    /// <summary>True if each weight of the model came from the file as it stands there.</summary>
    public bool Complete => Missing.Count == 0 && Unexpected.Count == 0 && FreshHead is null && Resized.Count == 0;

    /// <summary>The report in words, one line for each point.</summary>
    public override string ToString()
    {
        var lines = new List<string> { Complete ? $"{Source}: all weights loaded" : $"{Source}: weights loaded, except" };
        if (FreshHead is { } head)
        {
            lines.Add($"  the last layer: the file has {head.File} classes, the model {head.Model}; the model's own, untrained one stays");
        }
        lines.AddRange(Resized.Select(text => $"  {text}"));
        if (Missing.Count > 0)
        {
            lines.Add($"  not in the file: {string.Join(", ", Missing)}");
        }
        if (Unexpected.Count > 0)
        {
            lines.Add($"  in the file, not used: {string.Join(", ", Unexpected)}");
        }
        return string.Join(Environment.NewLine, lines);
    }
}
