// Scores of captions against several references each, from their formulas: BLEU (Papineni et al. 2002), ROUGE-L (Lin 2004)
// and CIDEr-D (Vedantam et al. 2015), with the constants of pycocoevalcap, whose numbers tests compare.

using System.Runtime.InteropServices;

namespace Retort.Metrics;

/// <summary>Scores of a set of captions, and of each.</summary>
/// <param name="Bleu">BLEU-1 to BLEU-4 of the set</param>
/// <param name="RougeL">ROUGE-L, the mean over captions</param>
/// <param name="CiderD">CIDEr-D, the mean over captions; idf from the references of this set</param>
/// <param name="Vocabulary">different words in the captions</param>
/// <param name="Items">the scores of each caption, in order</param>
public sealed record CaptionScores(IReadOnlyList<double> Bleu, double RougeL, double CiderD, int Vocabulary, IReadOnlyList<CaptionItemScores> Items)
{
    private const int Orders = 4;
    private const double Tiny = 1e-15;
    private const double Small = 1e-9;
    private const double Beta = 1.2;
    private const double Sigma = 6;

    /// <summary>The scores of captions, already tokenised: words separated by single spaces (see <see cref="Text.CaptionWords"/>).</summary>
    /// <param name="captions">one caption an item</param>
    /// <param name="references">one or more references an item</param>
    /// <exception cref="ArgumentException">There are no items, other numbers of captions and references, or an item without references.</exception>
    public static CaptionScores Of(IReadOnlyList<string> captions, IReadOnlyList<IReadOnlyList<string>> references)
    {
        if (captions.Count == 0 || captions.Count != references.Count)
        {
            throw new ArgumentException($"{captions.Count} captions and {references.Count} lists of references: as many of both, and at least one", nameof(references));
        }
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        int[] Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
        {
            ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(ids, word, out var known);
            id = known ? id : ids.Count;  // the entry is counted already, so ids begin at 1
            return id;
        })];
        var hypotheses = captions.Select(c => new Grams(Words(c))).ToArray();
        var vocabulary = ids.Count;
        var sets = new Grams[references.Count][];
        for (var i = 0; i < sets.Length; i++)
        {
            sets[i] = [.. references[i].Select(r => new Grams(Words(r)))];
            if (sets[i].Length == 0)
            {
                throw new ArgumentException($"item {i} has no references", nameof(references));
            }
        }
        var counts = new BleuCounts();
        var single = new double[hypotheses.Length][];
        var rouge = new double[hypotheses.Length];
        for (var i = 0; i < hypotheses.Length; i++)
        {
            var own = BleuCounts.Of(hypotheses[i], sets[i]);
            counts.Add(own);
            single[i] = own.Scores();
            rouge[i] = Rouge(hypotheses[i].Words, sets[i]);
        }
        var cider = Cider(hypotheses, sets);
        return new CaptionScores(counts.Scores(), rouge.Average(), cider.Average(), vocabulary,
            [.. hypotheses.Select((_, i) => new CaptionItemScores(single[i], rouge[i], cider[i]))]);
    }

    /// <summary>
    /// The harmonic mean of precision and recall of what a caption states, as tuples such as (event), (event, attribute), (event, relation,
    /// event), in the spirit of SPICE but with the tuples of a known grammar: GraphF1. Two empty sets agree.
    /// </summary>
    /// <param name="stated">the caption's tuples</param>
    /// <param name="truth">what is true</param>
    public static double GraphF1(IReadOnlySet<string> stated, IReadOnlySet<string> truth) =>
        stated.Count + truth.Count == 0 ? 1 : 2.0 * stated.Count(truth.Contains) / (stated.Count + truth.Count);

    /// <summary>The score of the longest common subsequence, F with beta 1.2 of the best precision and the best recall over references, taken apart.</summary>
    private static double Rouge(int[] words, Grams[] references)
    {
        double precision = 0, recall = 0;
        foreach (var reference in references.Select(r => r.Words))
        {
            if (words.Length == 0 || reference.Length == 0)
            {
                continue;
            }
            double common = Common(words, reference);
            precision = Math.Max(precision, common / words.Length);
            recall = Math.Max(recall, common / reference.Length);
        }
        return precision == 0 || recall == 0 ? 0 : (1 + Beta * Beta) * precision * recall / (recall + Beta * Beta * precision);
    }

    private static int Common(int[] a, int[] b)
    {
        var row = new int[b.Length + 1];
        foreach (var word in a)
        {
            var diagonal = 0;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = word == b[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[^1];
    }

    /// <summary>10 times the mean over n-gram orders and references of the clipped tf-idf cosine, times a Gaussian in the difference of lengths.</summary>
    private static double[] Cider(Grams[] hypotheses, Grams[][] references)
    {
        var items = new Dictionary<Gram, int>();
        foreach (var set in references)
        {
            foreach (var gram in set.SelectMany(r => r.Counts.Keys).Distinct())
            {
                CollectionsMarshal.GetValueRefOrAddDefault(items, gram, out _)++;
            }
        }
        var logItems = Math.Log(references.Length);
        double Idf(Gram gram) => logItems - Math.Log(Math.Max(1, items.GetValueOrDefault(gram)));
        var scores = new double[hypotheses.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var hypothesis = new Weighed(hypotheses[i], Idf);
            foreach (var reference in references[i])
            {
                scores[i] += hypothesis.Similarity(new Weighed(reference, Idf));
            }
            scores[i] *= 10.0 / references[i].Length;
        }
        return scores;
    }

    /// <summary>Up to four words, 0 where there are fewer; ids begin at 1.</summary>
    private readonly record struct Gram(int A, int B, int C, int D)
    {
        public int Order => B == 0 ? 0 : C == 0 ? 1 : D == 0 ? 2 : 3;
    }

    /// <summary>A text's words and n-grams.</summary>
    private sealed class Grams
    {
        public Grams(int[] words)
        {
            Words = words;
            for (var i = 0; i < words.Length; i++)
            {
                for (var n = 1; n <= Orders && i + n <= words.Length; n++)
                {
                    var gram = new Gram(words[i], n > 1 ? words[i + 1] : 0, n > 2 ? words[i + 2] : 0, n > 3 ? words[i + 3] : 0);
                    CollectionsMarshal.GetValueRefOrAddDefault(Counts, gram, out _)++;
                }
            }
        }

        public int[] Words { get; }

        public Dictionary<Gram, int> Counts { get; } = [];
    }

    private sealed class Weighed
    {
        private readonly Dictionary<Gram, double> values;
        private readonly double[] norms = new double[Orders];
        private readonly int length;

        public Weighed(Grams text, Func<Gram, double> idf)
        {
            values = new Dictionary<Gram, double>(text.Counts.Count);
            foreach (var (gram, count) in text.Counts)
            {
                var value = count * idf(gram);
                values[gram] = value;
                norms[gram.Order] += value * value;
            }
            for (var n = 0; n < Orders; n++)
            {
                norms[n] = Math.Sqrt(norms[n]);
            }
            // The published length is the number of bigrams.
            length = Math.Max(0, text.Words.Length - 1);
        }

        public double Similarity(Weighed reference)
        {
            Span<double> sums = stackalloc double[Orders];
            foreach (var (gram, value) in values)
            {
                if (reference.values.TryGetValue(gram, out var other))
                {
                    sums[gram.Order] += Math.Min(value, other) * other;
                }
            }
            double delta = length - reference.length, mean = 0;
            for (var n = 0; n < Orders; n++)
            {
                var norm = norms[n] * reference.norms[n];
                mean += (norm == 0 ? sums[n] : sums[n] / norm) / Orders;
            }
            return mean * Math.Exp(-delta * delta / (2 * Sigma * Sigma));
        }
    }

    /// <summary>What BLEU counts, of one item or summed over a set.</summary>
    private sealed class BleuCounts
    {
        private readonly long[] correct = new long[Orders];
        private readonly long[] guesses = new long[Orders];
        private long length;
        private long referenceLength;

        public static BleuCounts Of(Grams hypothesis, Grams[] references)
        {
            var words = hypothesis.Words.Length;
            var counts = new BleuCounts
            {
                length = words,
                // The closest length; of equals the shorter.
                referenceLength = references.Select(r => r.Words.Length).OrderBy(n => Math.Abs(n - words)).ThenBy(n => n).First(),
            };
            for (var n = 0; n < Orders; n++)
            {
                counts.guesses[n] = Math.Max(0, words - n);
            }
            foreach (var (gram, count) in hypothesis.Counts)
            {
                counts.correct[gram.Order] += Math.Min(count, references.Max(r => r.Counts.GetValueOrDefault(gram)));
            }
            return counts;
        }

        public void Add(BleuCounts other)
        {
            for (var n = 0; n < Orders; n++)
            {
                correct[n] += other.correct[n];
                guesses[n] += other.guesses[n];
            }
            length += other.length;
            referenceLength += other.referenceLength;
        }

        public double[] Scores()
        {
            var ratio = (length + Tiny) / (referenceLength + Small);
            var brevity = ratio < 1 ? Math.Exp(1 - 1 / ratio) : 1;
            var product = 1.0;
            var scores = new double[Orders];
            for (var n = 0; n < Orders; n++)
            {
                product *= (correct[n] + Tiny) / (guesses[n] + Small);
                scores[n] = Math.Pow(product, 1.0 / (n + 1)) * brevity;
            }
            return scores;
        }
    }
}

/// <summary>Scores of one caption.</summary>
/// <param name="Bleu">BLEU-1 to BLEU-4 of the caption alone</param>
/// <param name="RougeL">ROUGE-L</param>
/// <param name="CiderD">CIDEr-D</param>
public sealed record CaptionItemScores(IReadOnlyList<double> Bleu, double RougeL, double CiderD);
