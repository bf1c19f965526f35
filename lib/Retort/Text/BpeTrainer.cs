using System.Globalization;
using System.Text;

namespace Retort.Text;

/// <summary>Learns the merges of a byte pair encoding. The same texts give the same merges, whatever their order.</summary>
internal static class BpeTrainer
{
    /// <summary>The vocabulary (special tokens, the alphabet in ordinal order, merged tokens as they are found) and the merges.</summary>
    public static (List<string> Tokens, List<(string Left, string Right)> Merges) Train(IEnumerable<string> texts, BpeSettings settings)
    {
        var words = Count(texts, settings);
        var tokens = settings.Special.All.Distinct(StringComparer.Ordinal).ToList();
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(p => p.token, p => p.id, StringComparer.Ordinal);
        var alphabet = new SortedSet<string>(words.SelectMany(w => w.Symbols), StringComparer.Ordinal);
        if (settings.Level == BpeLevel.Bytes)
        {
            alphabet.UnionWith(VisibleBytes.All.Select(c => c.ToString()));
        }
        foreach (var symbol in alphabet)
        {
            Add(symbol);
        }
        if (tokens.Count > settings.VocabularySize)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"a vocabulary of {settings.VocabularySize} is too small for the alphabet and the special tokens, which are {tokens.Count}"), nameof(settings));
        }
        var merges = new List<(string, string)>();
        var table = new PairTable([.. words.Select(w => w.Symbols.Select(s => ids[s]).ToArray())], [.. words.Select(w => w.Count)]);
        while (tokens.Count < settings.VocabularySize && table.Next(settings.MinimumCount) is { } pair)
        {
            var (left, right) = (tokens[pair.Left], tokens[pair.Right]);
            merges.Add((left, right));
            table.Merge(pair, Add(left + right));
        }
        return (tokens, merges);

        int Add(string token)
        {
            if (!ids.TryGetValue(token, out var id))
            {
                ids[token] = id = tokens.Count;
                tokens.Add(token);
            }
            return id;
        }
    }

    // The distinct words with their counts, in ordinal order, each as symbols.
    private static List<(string[] Symbols, long Count)> Count(IEnumerable<string> texts, BpeSettings settings)
    {
        var bytes = settings.Level == BpeLevel.Bytes;
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            foreach (var word in PreTokenizers.Words(text, bytes ? PreTokenizer.ByteLevel : PreTokenizer.Whitespace))
            {
                var key = bytes ? VisibleBytes.Write(word) : word;
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }
        // A special token in the text is no word: it is never spelled.
        return [.. counts.Where(c => !settings.Special.All.Contains(c.Key)).Select(c => (Symbols(c.Key, bytes ? "" : settings.EndOfWord), c.Value))];
    }

    private static string[] Symbols(string word, string end)
    {
        var symbols = word.EnumerateRunes().Select(rune => rune.ToString()).ToArray();
        symbols[^1] += end;
        return symbols;
    }

    // How often each pair of neighbours occurs, kept up to date while pairs are merged.
    private sealed class PairTable
    {
        private readonly int[][] words;
        private readonly long[] weights;
        private readonly Dictionary<(int Left, int Right), long> counts = [];
        private readonly Dictionary<(int Left, int Right), HashSet<int>> places = [];
        private readonly PriorityQueue<((int Left, int Right) Pair, long Count), (long, int, int)> queue = new();

        public PairTable(int[][] words, long[] weights)
        {
            (this.words, this.weights) = (words, weights);
            for (var w = 0; w < words.Length; w++)
            {
                Change(w, 1, null);
            }
            foreach (var (pair, count) in counts)
            {
                Offer(pair, count);
            }
        }

        // The most frequent pair; of equals the one whose ids come first.
        public (int Left, int Right)? Next(int minimum)
        {
            while (queue.TryDequeue(out var best, out _))
            {
                if (counts.GetValueOrDefault(best.Pair) == best.Count)
                {
                    return best.Count >= minimum ? best.Pair : null;
                }
            }
            return null;
        }

        public void Merge((int Left, int Right) pair, int merged)
        {
            var changed = new HashSet<(int, int)>();
            foreach (var w in places[pair].ToArray())
            {
                Change(w, -1, changed);
                var (word, kept) = (words[w], new List<int>());
                for (var i = 0; i < word.Length; i++)
                {
                    var hit = i + 1 < word.Length && (word[i], word[i + 1]) == pair;
                    kept.Add(hit ? merged : word[i]);
                    i += hit ? 1 : 0;
                }
                words[w] = [.. kept];
                Change(w, 1, changed);
            }
            foreach (var other in changed)
            {
                Offer(other, counts.GetValueOrDefault(other));
            }
        }

        private void Offer((int Left, int Right) pair, long count)
        {
            if (count > 0)
            {
                queue.Enqueue((pair, count), (-count, pair.Left, pair.Right));
            }
        }

        private void Change(int w, int sign, HashSet<(int, int)>? changed)
        {
            var word = words[w];
            for (var i = 0; i + 1 < word.Length; i++)
            {
                var pair = (word[i], word[i + 1]);
                counts[pair] = counts.GetValueOrDefault(pair) + sign * weights[w];
                changed?.Add(pair);
                if (!places.TryGetValue(pair, out var at))
                {
                    places[pair] = at = [];
                }
                if (sign > 0)
                {
                    at.Add(w);
                }
                else
                {
                    at.Remove(w);
                }
            }
        }
    }
}
