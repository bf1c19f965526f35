using System.Globalization;
using System.Text;

namespace Retort.Text;

/// <summary>
/// SentencePiece's tokenizer.model: byte pair encoding by scores, as LLaMA and LLaMA-2 have it, or a unigram model; with byte
/// fallback. Encoding adds no marks of start and end. Normalisation is the identity's; a file with a character map is refused.
/// </summary>
public sealed class SentencePieceTokenizer : Tokenizer
{
    private const char Space = '▁';
    private readonly SentencePieceFile file;
    private readonly Dictionary<string, int> mergeable = new(StringComparer.Ordinal);
    private readonly string[] userDefined;
    private readonly int[] bytes = new int[256];
    private readonly int longest;
    private readonly float unknownScore;

    private SentencePieceTokenizer(SentencePieceFile file)
        : base([.. file.Pieces.Select(p => p.Text)], Names(file), Enumerable.Range(0, file.Pieces.Count).Where(i => file.Pieces[i].Kind == PieceKind.Control))
    {
        this.file = file;
        Array.Fill(bytes, -1);
        for (var id = 0; id < file.Pieces.Count; id++)
        {
            var piece = file.Pieces[id];
            if (piece.Kind is PieceKind.Normal or PieceKind.UserDefined)
            {
                mergeable[piece.Text] = id;
            }
            else if (piece.Kind == PieceKind.Byte)
            {
                bytes[byte.Parse(piece.Text.AsSpan(3, 2), NumberStyles.HexNumber)] = id;
            }
        }
        userDefined = [.. file.Pieces.Where(p => p.Kind == PieceKind.UserDefined).Select(p => p.Text).OrderByDescending(t => t.Length)];
        longest = mergeable.Keys.Max(t => t.Length);
        // SentencePiece's penalty of an unknown character in a unigram model.
        unknownScore = file.Pieces.Where(p => p.Kind == PieceKind.Normal).Select(p => p.Score).DefaultIfEmpty(0).Min() - 10;
    }

    /// <summary>Reads a tokenizer.model.</summary>
    /// <exception cref="BadInputException">The file is damaged, contradicts itself or asks for what is not supported here.</exception>
    public static SentencePieceTokenizer Load(string path)
    {
        var file = SentencePieceFile.Read(path);
        string? problem = null;
        int Count() => file.Pieces.Count;
        var twice = file.Pieces.GroupBy(p => p.Text, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1);
        if (file.ModelType is not (1 or 2))
        {
            problem = $"its model type is {file.ModelType}; only 1 (unigram) and 2 (byte pair encoding) are read";
        }
        else if (file.HasCharacterMap || !file.EscapeWhitespaces)
        {
            problem = $"its normaliser \"{JsonLines.Short(file.Normalizer)}\" has a map of characters, or does not escape spaces; only the identity is read";
        }
        else if (twice is not null)
        {
            problem = $"the piece \"{JsonLines.Short(twice.Key)}\" is there twice";
        }
        else if (!Inside(file.UnknownId) || file.Pieces[file.UnknownId].Kind != PieceKind.Unknown)
        {
            problem = $"the unknown piece is number {file.UnknownId} of {Count()}, and that is none";
        }
        else if (!Inside(file.StartId) || !Inside(file.EndId) || file.PaddingId >= Count())
        {
            problem = $"start {file.StartId}, end {file.EndId} and padding {file.PaddingId} must be numbers of its {Count()} pieces";
        }
        else if (file.Pieces.Any(p => p.Kind == PieceKind.Unused))
        {
            problem = "it has unused pieces, which are not supported";
        }
        else if (file.Pieces.FirstOrDefault(p => p.Kind == PieceKind.Byte && !IsByte(p.Text)) is { } odd)
        {
            problem = $"\"{JsonLines.Short(odd.Text)}\" is no byte; expected <0x00> to <0xFF>";
        }
        else if (file.ByteFallback && file.Pieces.Count(p => p.Kind == PieceKind.Byte) != 256)
        {
            problem = $"it falls back to bytes and has {file.Pieces.Count(p => p.Kind == PieceKind.Byte)} of the 256";
        }
        else if (!file.Pieces.Any(p => p.Kind is PieceKind.Normal or PieceKind.UserDefined))
        {
            problem = "it has no piece of text";
        }
        return problem is null ? new SentencePieceTokenizer(file) : throw new BadInputException(path, "", problem);

        bool Inside(int id) => id >= 0 && id < Count();
    }

    /// <inheritdoc/>
    public override int[] Encode(string text)
    {
        var normal = Normalise(text);
        var ids = new List<int>();
        // User-defined pieces are taken whole, the longest at each place.
        var from = 0;
        for (var at = 0; at < normal.Length;)
        {
            var mark = Array.Find(userDefined, m => string.CompareOrdinal(normal, at, m, 0, m.Length) == 0);
            if (mark is null)
            {
                at++;
                continue;
            }
            Part(normal[from..at], ids);
            ids.Add(mergeable[mark]);
            from = at += mark.Length;
        }
        Part(normal[from..], ids);
        return [.. ids];
    }

    private void Part(string text, List<int> ids)
    {
        if (text.Length == 0)
        {
            return;
        }
        if (file.ModelType == 2)
        {
            Merge(text, ids);
        }
        else
        {
            Viterbi(text, ids);
        }
    }

    private string Normalise(string text)
    {
        var clean = text;
        if (file.RemoveExtraWhitespaces)
        {
            clean = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        if (clean.Length == 0)
        {
            return "";
        }
        return ((file.AddDummyPrefix ? " " : "") + clean).Replace(' ', Space);
    }

    // The pair of neighbours whose piece has the highest score is merged first, the leftmost of equals.
    private void Merge(string text, List<int> ids)
    {
        var symbols = new List<string>();
        for (var i = 0; i < text.Length; i += symbols[^1].Length)
        {
            symbols.Add(text.Substring(i, char.IsSurrogatePair(text, i) ? 2 : 1));
        }
        var count = symbols.Count;
        int[] next = [.. Enumerable.Range(1, count)], before = [.. Enumerable.Range(-1, count)];
        var queue = new PriorityQueue<(int Left, string Merged), (float Score, int At)>(Comparer<(float Score, int At)>.Create(
            (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.At.CompareTo(b.At)));
        void Offer(int left)
        {
            if (left < 0 || next[left] >= count)
            {
                return;
            }
            var merged = symbols[left] + symbols[next[left]];
            if (mergeable.TryGetValue(merged, out var id))
            {
                queue.Enqueue((left, merged), (file.Pieces[id].Score, left));
            }
        }
        for (var i = 0; i < count; i++)
        {
            Offer(i);
        }
        while (queue.TryDequeue(out var best, out _))
        {
            var (left, right) = (best.Left, next[best.Left]);
            // The pair may be gone since it was offered.
            if (symbols[left].Length == 0 || right >= count || symbols[left].Length + symbols[right].Length != best.Merged.Length
                || !best.Merged.StartsWith(symbols[left], StringComparison.Ordinal) || !best.Merged.EndsWith(symbols[right], StringComparison.Ordinal))
            {
                continue;
            }
            (symbols[left], symbols[right]) = (best.Merged, "");
            next[left] = next[right];
            if (next[left] < count)
            {
                before[next[left]] = left;
            }
            Offer(before[left]);
            Offer(left);
        }
        for (var i = 0; i < count; i = next[i])
        {
            Add(symbols[i], ids);
        }
    }

    // The segmentation of the highest total score.
    private void Viterbi(string text, List<int> ids)
    {
        var best = new double[text.Length + 1];
        var (from, unknown) = (new int[text.Length + 1], new bool[text.Length + 1]);
        Array.Fill(best, double.NegativeInfinity);
        best[0] = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (double.IsNegativeInfinity(best[at]))
            {
                continue;
            }
            var one = char.IsSurrogatePair(text, at) ? 2 : 1;
            var single = false;
            for (var length = 1; length <= Math.Min(longest, text.Length - at); length++)
            {
                if (mergeable.TryGetValue(text.Substring(at, length), out var id))
                {
                    single |= length == one;
                    Consider(at, length, file.Pieces[id].Score, false);
                }
            }
            if (!single)
            {
                Consider(at, one, unknownScore, true);
            }
        }
        var cuts = new Stack<(int From, int To)>();
        for (var at = text.Length; at > 0; at = from[at])
        {
            cuts.Push((from[at], at));
        }
        var lastUnknown = false;
        foreach (var (start, end) in cuts)
        {
            // Unknown characters in a row are one unknown piece.
            if (!(lastUnknown && unknown[end] && !file.ByteFallback))
            {
                Add(text[start..end], ids);
            }
            lastUnknown = unknown[end];
        }

        void Consider(int at, int length, double score, bool isUnknown)
        {
            if (best[at] + score > best[at + length])
            {
                (best[at + length], from[at + length], unknown[at + length]) = (best[at] + score, at, isUnknown);
            }
        }
    }

    private void Add(string symbol, List<int> ids)
    {
        if (mergeable.TryGetValue(symbol, out var id))
        {
            ids.Add(id);
        }
        else if (file.ByteFallback)
        {
            ids.AddRange(Encoding.UTF8.GetBytes(symbol).Select(b => bytes[b]));
        }
        else
        {
            ids.Add(UnknownId);
        }
    }

    private protected override string Join(IReadOnlyList<string> tokens)
    {
        var read = new List<byte>();
        foreach (var token in tokens)
        {
            if (IsByte(token) && IdOf(token) is { } id && file.Pieces[id].Kind == PieceKind.Byte)
            {
                read.Add(byte.Parse(token.AsSpan(3, 2), NumberStyles.HexNumber));
            }
            else
            {
                read.AddRange(Encoding.UTF8.GetBytes(token.Replace(Space, ' ')));
            }
        }
        var text = Encoding.UTF8.GetString([.. read]);
        return file.AddDummyPrefix && text.StartsWith(' ') ? text[1..] : text;
    }

    private static bool IsByte(string text) => text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && char.IsAsciiHexDigit(text[3]) && char.IsAsciiHexDigit(text[4]);

    private static SpecialTokens Names(SentencePieceFile file) => new(
        file.Pieces[file.PaddingId >= 0 ? file.PaddingId : file.UnknownId].Text, file.Pieces[file.UnknownId].Text, file.Pieces[file.StartId].Text, file.Pieces[file.EndId].Text);
}
