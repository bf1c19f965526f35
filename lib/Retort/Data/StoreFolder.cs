namespace Retort.Data;

/// <summary>What the stores of teacher outputs have in common: how a folder begins, and how two cards are told apart.</summary>
internal static class StoreFolder
{
    /// <summary>Makes the folder with its list of ids and its empty files, whole or not at all.</summary>
    /// <param name="folder">the store's folder; not there yet</param>
    /// <param name="idsFile">name of the list of ids</param>
    /// <param name="ids">the samples' ids in their order</param>
    /// <param name="makeFiles">makes the store's files in the folder that it is given</param>
    /// <exception cref="BadInputException">The folder cannot be made.</exception>
    public static void Begin(string folder, string idsFile, IReadOnlyList<string> ids, Action<string> makeFiles)
    {
        var full = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        var part = $"{full}.part-{Guid.NewGuid():n}";
        try
        {
            Directory.CreateDirectory(part);
            IdIndex.Write(Path.Combine(part, idsFile), folder, ids);
            makeFiles(part);
            Directory.Move(part, full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(folder, "", $"the store cannot be made: {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(part))
            {
                Directory.Delete(part, recursive: true);
            }
        }
    }

    /// <summary>In what a stored card differs from the one that is wanted, one sentence a field.</summary>
    public static IReadOnlyList<string> Differences(params ReadOnlySpan<(string What, string Stored, string Wanted)> fields)
    {
        var found = new List<string>();
        foreach (var (what, stored, wanted) in fields)
        {
            if (stored != wanted)
            {
                found.Add($"its {what} is {Short(stored)}, this run's is {Short(wanted)}");
            }
        }
        return found;
    }

    // The end as well as the beginning: settings often differ in a late field only.
    private static string Short(string text) => text.Length <= 160 ? $"\"{text}\"" : $"\"{text[..100]} ... {text[^50..]}\" ({text.Length} characters, SHA-256 {Hashing.Of(text)[..12]})";
}
