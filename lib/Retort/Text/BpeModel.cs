// Byte pair encoding: Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword units" (ACL 2016).
// Dropout: Provilkov, Emelianenko and Voita, "BPE-dropout: simple and effective subword regularization" (ACL 2020).

using Retort.Randomness;

namespace Retort.Text;

/// <summary>The merges of a byte pair encoding, and their application to one word.</summary>
internal sealed class BpeModel
{
    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> ranks = [];

    /// <summary>The ids of the symbols and merged tokens by their text.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs of tokens, the one to be merged first in front.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges
    {
        get => merges;
        init => merges = value;
    }

    /// <summary>Begins every symbol of a word but the first; empty for none.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>Ends a word's last symbol; empty for none.</summary>
    public string EndOfWord { get; init; } = "";

    /// <summary>The token of symbols outside the vocabulary; null where there can be none.</summary>
    public string? Unknown { get; init; }

    /// <summary>Whether unknown symbols in a row become one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether a symbol outside the vocabulary is spelled by its bytes, &lt;0x00&gt; to &lt;0xFF&gt;.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is a token is not spelled by merges.</summary>
    public bool IgnoreMerges { get; init; }

    private readonly IReadOnlyList<(string Left, string Right)> merges = [];

    /// <summary>Checks the merges against the vocabulary and makes the table of ranks. To be called once, first.</summary>
    /// <returns>what is wrong with which merge, or null</returns>
    public (int Merge, string What)? Prepare()
    {
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (ContinuingPrefix.Length > 0 && !right.StartsWith(ContinuingPrefix, StringComparison.Ordinal))
            {
                return (rank, $"\"{right}\" does not begin with the prefix \"{ContinuingPrefix}\"");
            }
            var merged = left + right[ContinuingPrefix.Length..];
            foreach (var token in new[] { left, right, merged })
            {
                if (!Vocabulary.ContainsKey(token))
                {
                    return (rank, $"\"{JsonLines.Short(token)}\" is not in the vocabulary");
                }
            }
            if (!ranks.TryAdd((Vocabulary[left], Vocabulary[right]), (rank, Vocabulary[merged])))
            {
                return (rank, $"\"{JsonLines.Short(left)}\" and \"{JsonLines.Short(right)}\" are merged before");
            }
        }
        return null;
    }

    /// <summary>Adds the word's ids. Of the possible merges the one of lowest rank is done first, the leftmost of equals.</summary>
    /// <param name="word">one word, not empty</param>
    /// <param name="ids">where the ids go</param>
    /// <param name="draw">decides which merges are left out; null for none</param>
    /// <param name="dropout">with which probability a merge is left out each time it is considered</param>
    public void Encode(string word, List<int> ids, RandomStream? draw, double dropout)
    {
        if (IgnoreMerges && Vocabulary.TryGetValue(word, out var whole))
        {
            ids.Add(whole);
            return;
        }
        var symbols = Symbols(word);
        var count = symbols.Count;
        int[] next = new int[count], before = new int[count];
        for (var i = 0; i < count; i++)
        {
            (before[i], next[i]) = (i - 1, i + 1);
        }
        var queue = new PriorityQueue<(int At, int Merged), long>();
        for (var i = 0; i + 1 < count; i++)
        {
            Offer(i);
        }
        var skipped = new List<((int At, int Merged) Pair, long Rank)>();
        while (queue.TryDequeue(out var pair, out var rank))
        {
            var (at, right) = (pair.At, next[pair.At]);
            // The pair may be gone since it was offered.
            if (symbols[at] < 0 || right >= count || !ranks.TryGetValue((symbols[at], symbols[right]), out var found) || found.Merged != pair.Merged)
            {
                continue;
            }
            if (draw is not null && draw.Chance(dropout))
            {
                skipped.Add((pair, rank));
                continue;
            }
            // What was left out comes back for the next step.
            foreach (var (again, old) in skipped)
            {
                queue.Enqueue(again, old);
            }
            skipped.Clear();
            symbols[at] = pair.Merged;
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] < count)
            {
                before[next[at]] = at;
                Offer(at);
            }
            if (before[at] >= 0)
            {
                Offer(before[at]);
            }
        }
        foreach (var symbol in symbols)
        {
            if (symbol >= 0)
            {
                ids.Add(symbol);
            }
        }

        void Offer(int at)
        {
            if (ranks.TryGetValue((symbols[at], symbols[next[at]]), out var merge))
            {
                queue.Enqueue((at, merge.Merged), ((long)merge.Rank << 32) | (uint)at);
            }
        }
    }

    private List<int> Symbols(string word)
    {
        var symbols = new List<int>(word.Length);
        var unknown = Unknown is null ? -1 : Vocabulary[Unknown];
        var lastUnknown = false;
        for (var i = 0; i < word.Length;)
        {
            var length = char.IsSurrogatePair(word, i) ? 2 : 1;
            var symbol = word.Substring(i, length);
            symbol = (i > 0 ? ContinuingPrefix : "") + symbol + (i + length == word.Length ? EndOfWord : "");
            var known = Vocabulary.TryGetValue(symbol, out var id);
            if (!known && ByteFallback)
            {
                symbols.AddRange(System.Text.Encoding.UTF8.GetBytes(word.Substring(i, length)).Select(b => Vocabulary[$"<0x{b:X2}>"]));
                lastUnknown = false;
                i += length;
                continue;
            }
            if (known || !(FuseUnknown && lastUnknown))
            {
                symbols.Add(known ? id : unknown >= 0 ? unknown
                    : throw new InvalidOperationException($"\"{symbol}\" is not in the vocabulary, which has no token for unknown symbols"));
            }
            lastUnknown = !known;
            i += length;
        }
        return symbols;
    }
}
