namespace Retort.Torch;

/// <summary>Names that come from files, for messages of one line.</summary>
internal static class Names
{
    private const int Longest = 120;

    /// <summary>The name in quotes, with what cannot be printed as ?, and its end cut off where it is long.</summary>
    public static string Quote(string name) => $"'{Printable(name)}'";

    public static string Printable(string name)
    {
        var cut = name.Length > Longest ? name[..Longest] + "..." : name;
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '?' : c));
    }
}
