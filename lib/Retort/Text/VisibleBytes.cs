using System.Text;

namespace Retort.Text;

/// <summary>GPT-2's way to write bytes as characters that can be seen: printable Latin-1 as itself, the others from U+0100 on.</summary>
internal static class VisibleBytes
{
    private static readonly char[] characters = Make();
    private static readonly Dictionary<char, byte> bytes = characters.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => (byte)p.i);

    /// <summary>The character of each byte.</summary>
    public static IReadOnlyList<char> All => characters;

    public static string Write(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b => characters[b]));

    /// <summary>The text of tokens in a row. A token with other characters stands for itself.</summary>
    public static string Read(IEnumerable<string> tokens)
    {
        var read = new List<byte>();
        foreach (var token in tokens)
        {
            read.AddRange(token.All(bytes.ContainsKey) ? token.Select(c => bytes[c]) : Encoding.UTF8.GetBytes(token));
        }
        return Encoding.UTF8.GetString([.. read]);
    }

    private static char[] Make()
    {
        var made = new char[256];
        var others = 0;
        for (var b = 0; b < 256; b++)
        {
            made[b] = b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174 ? (char)b : (char)(256 + others++);
        }
        return made;
    }
}
