// Word vectors from pieces of words, Bojanowski et al. 2017 ("fastText"): a word is the mean of the vectors of its character
// n-grams and of itself; vectors are learned to tell a word's neighbours from words drawn at random.

using Retort.Randomness;

namespace Retort.Models;

/// <summary>Settings of <see cref="SubwordVectors"/>.</summary>
public sealed record SubwordVectorSettings
{
    /// <summary>Width of a vector.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Rounds over the text.</summary>
    public int Epochs { get; init; } = 2;

    /// <summary>Words on each side that count as neighbours, at most; drawn from 1 to this.</summary>
    public int Window { get; init; } = 4;

    /// <summary>Random words beside each neighbour.</summary>
    public int Negatives { get; init; } = 5;

    /// <summary>Learning rate at the start; falls to 0 in a straight line.</summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Shortest and longest n-gram, the marks of begin and end counted.</summary>
    public (int Shortest, int Longest) NGrams { get; init; } = (3, 5);

    /// <summary>The seed of start and draws.</summary>
    public long Seed { get; init; } = 5;
}

/// <summary>Unit vectors of words and of sentences (the mean of their words, scaled to 1), for words never seen, too, if they share an n-gram.</summary>
public sealed class SubwordVectors
{
    private readonly SubwordVectorSettings settings;
    private readonly Dictionary<string, int> pieces = new(StringComparer.Ordinal);
    private readonly List<float[]> vectors = [];

    private SubwordVectors(SubwordVectorSettings settings) => this.settings = settings;

    /// <summary>Width of a vector.</summary>
    public int Width => settings.Width;

    /// <summary>Learns vectors from sentences.</summary>
    /// <param name="sentences">words separated by single spaces</param>
    /// <param name="settings">null for the defaults</param>
    public static SubwordVectors Train(IReadOnlyList<string> sentences, SubwordVectorSettings? settings = null)
    {
        settings ??= new();
        var made = new SubwordVectors(settings);
        var counts = sentences.SelectMany(s => s.Split(' ')).GroupBy(w => w, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (Word: g.Key, Count: g.Count())).ToArray();
        var numbers = counts.Select((c, i) => (c.Word, i)).ToDictionary(x => x.Word, x => x.i, StringComparer.Ordinal);
        var parts = counts.Select(c => made.Pieces(c.Word, add: true)).ToArray();
        var draw = RandomStream.Of(settings.Seed, "subword vectors");
        for (var i = 0; i < made.pieces.Count; i++)
        {
            made.vectors.Add([.. Enumerable.Range(0, settings.Width).Select(_ => (float)draw.Uniform(-0.5, 0.5) / settings.Width)]);
        }
        var outputs = counts.Select(_ => new float[settings.Width]).ToArray();
        // Negatives by the counts to the power 3/4, as in word2vec.
        var table = counts.SelectMany((c, i) => Enumerable.Repeat(i, (int)Math.Ceiling(Math.Pow(c.Count, 0.75)))).ToArray();
        var text = sentences.Select(s => s.Split(' ').Select(w => numbers[w]).ToArray()).ToArray();
        var (hidden, gradient) = (new float[settings.Width], new float[settings.Width]);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            for (var s = 0; s < text.Length; s++)
            {
                var rate = settings.LearningRate * (1 - (epoch + (double)s / text.Length) / settings.Epochs);
                var sentence = text[s];
                for (var at = 0; at < sentence.Length; at++)
                {
                    var window = draw.Next(1, settings.Window + 1);
                    for (var near = Math.Max(0, at - window); near <= Math.Min(sentence.Length - 1, at + window); near++)
                    {
                        if (near != at)
                        {
                            made.Learn(parts[sentence[at]], sentence[near], outputs, table, draw, rate, hidden, gradient);
                        }
                    }
                }
            }
        }
        return made;
    }

    /// <summary>The unit vector of a word; zeros if nothing of it is known.</summary>
    public float[] Word(string word) => Unit(Sum(word));

    /// <summary>The unit vector of a sentence: the mean of its words' unit vectors, scaled to 1.</summary>
    public float[] Sentence(string sentence)
    {
        var sum = new float[Width];
        foreach (var word in sentence.Split(' '))
        {
            Add(sum, Word(word), 1);
        }
        return Unit(sum);
    }

    private float[] Sum(string word)
    {
        var sum = new float[Width];
        foreach (var piece in Pieces(word, add: false))
        {
            Add(sum, vectors[piece], 1);
        }
        return sum;
    }

    private int[] Pieces(string word, bool add)
    {
        var marked = $"<{word}>";
        var texts = new List<string> { marked };
        for (var length = settings.NGrams.Shortest; length <= Math.Min(settings.NGrams.Longest, marked.Length - 1); length++)
        {
            for (var at = 0; at + length <= marked.Length; at++)
            {
                texts.Add(marked.Substring(at, length));
            }
        }
        var found = new List<int>();
        foreach (var text in texts)
        {
            if (pieces.TryGetValue(text, out var number))
            {
                found.Add(number);
            }
            else if (add)
            {
                found.Add(pieces[text] = pieces.Count);
            }
        }
        return [.. found];
    }

    private void Learn(int[] word, int neighbour, float[][] outputs, int[] table, RandomStream draw, double rate, float[] hidden, float[] gradient)
    {
        Array.Clear(hidden);
        Array.Clear(gradient);
        foreach (var piece in word)
        {
            Add(hidden, vectors[piece], 1f / word.Length);
        }
        for (var n = 0; n <= settings.Negatives; n++)
        {
            var target = n == 0 ? neighbour : table[draw.Next(table.Length)];
            if (n > 0 && target == neighbour)
            {
                continue;
            }
            var score = 0.0;
            for (var i = 0; i < hidden.Length; i++)
            {
                score += hidden[i] * outputs[target][i];
            }
            var step = (float)(rate * ((n == 0 ? 1 : 0) - 1 / (1 + Math.Exp(-score))));
            Add(gradient, outputs[target], step);
            Add(outputs[target], hidden, step);
        }
        foreach (var piece in word)
        {
            Add(vectors[piece], gradient, 1f / word.Length);
        }
    }

    private static void Add(float[] to, float[] from, float factor)
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] += factor * from[i];
        }
    }

    private static float[] Unit(float[] vector)
    {
        var norm = (float)Math.Sqrt(vector.Sum(v => (double)v * v));
        return norm > 0 ? [.. vector.Select(v => v / norm)] : vector;
    }
}
