// RobustGER's language-space noise embedding, section 4.2 (equations 4 to 6), and as the published data were made. The
// data's order, sign and mean are the default; the paper's are switches.

using Retort.Text;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>How an N-best list becomes a noise embedding. The defaults are those of the published data.</summary>
public sealed record NoiseEmbeddingSettings
{
    /// <summary>Hypotheses of a list, N.</summary>
    public int Hypotheses { get; init; } = 5;

    /// <summary>Whether token rows stand before utterance rows (the data); the paper's equation 3.2 has them behind.</summary>
    public bool TokensFirst { get; init; } = true;

    /// <summary>Whether a row is the better hypothesis less the worse, which is -E_LN (the data); the paper's i &gt; j is the negative, E_LN.</summary>
    public bool BetterLessWorse { get; init; } = true;

    /// <summary>Whether a token row is the mean of its edits (the data) or their sum (the paper, equation 6).</summary>
    public bool MeanOfEdits { get; init; } = true;

    /// <summary>Whether the rows of the utterance level are kept; else they are 0 (an ablation).</summary>
    public bool Utterances { get; init; } = true;

    /// <summary>Whether the rows of the token level are kept; else they are 0 (an ablation).</summary>
    public bool Tokens { get; init; } = true;

    /// <summary>Rows of the embedding, N (N - 1).</summary>
    public int Rows => Hypotheses * (Hypotheses - 1);
}

/// <summary>
/// Makes noise embeddings of N-best lists from vectors of words and sentences. Vectors are asked for once and kept; safe for
/// use by several threads if the functions are.
/// </summary>
public sealed class NoiseEmbedding
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, float[]> words = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, float[]> sentences = new(StringComparer.Ordinal);
    private readonly Func<string, float[]> word;
    private readonly Func<string, float[]> sentence;

    /// <param name="width">width of the vectors</param>
    /// <param name="word">the vector of a word</param>
    /// <param name="sentence">the vector of a whole hypothesis</param>
    /// <param name="settings">null for the published data's</param>
    public NoiseEmbedding(int width, Func<string, float[]> word, Func<string, float[]> sentence, NoiseEmbeddingSettings? settings = null)
    {
        Settings = settings ?? new();
        ArgumentOutOfRangeException.ThrowIfLessThan(Settings.Hypotheses, 2, nameof(settings));
        (Width, this.word, this.sentence) = (width, word, sentence);
    }

    /// <summary>The settings.</summary>
    public NoiseEmbeddingSettings Settings { get; }

    /// <summary>Width of a row.</summary>
    public int Width { get; }

    /// <summary>The embedding of one list: rows times width values.</summary>
    /// <param name="hypotheses">the list, best first; words are what single spaces separate</param>
    /// <exception cref="ArgumentException">The list has another number of hypotheses, or a vector another width.</exception>
    public float[] Of(IReadOnlyList<string> hypotheses)
    {
        var n = Settings.Hypotheses;
        if (hypotheses.Count != n)
        {
            throw new ArgumentException($"a list of {hypotheses.Count} hypotheses; expected {n}", nameof(hypotheses));
        }
        var values = new float[Settings.Rows * Width];
        var split = hypotheses.Select(h => h.Split(' ')).ToArray();
        var pairs = n * (n - 1) / 2;
        var (tokens, utterances) = Settings.TokensFirst ? (0, pairs) : (pairs, 0);
        var sign = Settings.BetterLessWorse ? 1 : -1;
        var row = 0;
        for (var a = 0; a < n; a++)
        {
            for (var b = a + 1; b < n; b++, row++)
            {
                if (string.Equals(hypotheses[a], hypotheses[b], StringComparison.Ordinal))
                {
                    continue;
                }
                if (Settings.Tokens)
                {
                    var operations = EditOperations.Of<string>(split[a], split[b]);
                    var factor = sign * (Settings.MeanOfEdits ? 1.0 / operations.Count : 1);
                    var sum = new double[Width];
                    foreach (var operation in operations)
                    {
                        if (operation.Kind != EditKind.Insertion)
                        {
                            Add(sum, Vector(words, word, split[a][operation.Better]), 1);
                        }
                        if (operation.Kind != EditKind.Deletion)
                        {
                            Add(sum, Vector(words, word, split[b][operation.Worse]), -1);
                        }
                    }
                    Write(values, tokens + row, sum, factor);
                }
                if (Settings.Utterances)
                {
                    var sum = new double[Width];
                    Add(sum, Vector(sentences, sentence, hypotheses[a]), 1);
                    Add(sum, Vector(sentences, sentence, hypotheses[b]), -1);
                    Write(values, utterances + row, sum, sign);
                }
            }
        }
        return values;
    }

    /// <summary>The embeddings (B, rows, width) of some lists.</summary>
    public Tensor Of(IReadOnlyList<IReadOnlyList<string>> lists) =>
        tensor([.. lists.SelectMany(Of)], [lists.Count, Settings.Rows, Width]);

    private float[] Vector(System.Collections.Concurrent.ConcurrentDictionary<string, float[]> kept, Func<string, float[]> make, string text)
    {
        var vector = kept.GetOrAdd(text, make);
        return vector.Length == Width ? vector : throw new ArgumentException($"the vector of \"{text}\" has {vector.Length} values, expected {Width}");
    }

    private static void Add(double[] sum, float[] vector, int sign)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += sign * (double)vector[i];
        }
    }

    private void Write(float[] values, int row, double[] sum, double factor)
    {
        for (var i = 0; i < Width; i++)
        {
            values[row * Width + i] = (float)(factor * sum[i]);
        }
    }
}
