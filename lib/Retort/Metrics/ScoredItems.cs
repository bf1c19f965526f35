namespace Retort.Metrics;

/// <summary>
/// Scores and true labels of a test set: items x classes, row by row, several labels an item allowed. Only the order of the
/// scores within a class counts for average precision, so logits and probabilities give the same numbers.
/// The classes are sorted once, at the first use; the metrics of item weights (a bootstrap) reuse that.
/// </summary>
public sealed class ScoredItems
{
    private readonly Lazy<ulong[][]> order;

    /// <summary>Takes over both arrays.</summary>
    /// <param name="scores">items x classes, row by row</param>
    /// <param name="targets">items x classes, row by row: whether the item has the label</param>
    /// <param name="classes">number of classes</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or a score that is not a number (item and class named).</exception>
    public ScoredItems(float[] scores, bool[] targets, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        if (scores.Length != targets.Length || scores.Length % classes != 0)
        {
            throw new ArgumentException($"{scores.Length} scores and {targets.Length} targets do not fit {classes} classes");
        }
        for (var i = 0; i < scores.Length; i++)
        {
            if (float.IsNaN(scores[i]))
            {
                throw new ArgumentException($"the score of item {i / classes}, class {i % classes} is not a number", nameof(scores));
            }
        }
        Scores = scores;
        Targets = targets;
        Classes = classes;
        Items = scores.Length / classes;
        order = new Lazy<ulong[][]>(Sort);
    }

    /// <summary>Items x classes, row by row.</summary>
    public float[] Scores { get; }

    /// <summary>Items x classes, row by row.</summary>
    public bool[] Targets { get; }

    /// <summary>Number of items.</summary>
    public int Items { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>From rows of scores and, for each item, the numbers of its labels.</summary>
    /// <param name="scores">one row an item, one score a class</param>
    /// <param name="labels">one list an item</param>
    /// <exception cref="ArgumentException">Rows of different lengths, or a label outside the classes.</exception>
    public static ScoredItems Of(IReadOnlyList<float[]> scores, IReadOnlyList<IReadOnlyList<int>> labels)
    {
        if (scores.Count == 0 || scores.Count != labels.Count)
        {
            throw new ArgumentException($"{scores.Count} rows of scores and {labels.Count} of labels");
        }
        var classes = scores[0].Length;
        var flat = new float[scores.Count * classes];
        for (var i = 0; i < scores.Count; i++)
        {
            if (scores[i].Length != classes)
            {
                throw new ArgumentException($"item {i} has {scores[i].Length} scores, expected {classes}", nameof(scores));
            }
            scores[i].CopyTo(flat, i * classes);
        }
        return Of(flat, labels, classes);
    }

    /// <summary>From flat scores (items x classes) and, for each item, the numbers of its labels.</summary>
    /// <param name="scores">items x classes, row by row</param>
    /// <param name="labels">one list an item</param>
    /// <param name="classes">number of classes</param>
    /// <exception cref="ArgumentException">A label outside the classes.</exception>
    public static ScoredItems Of(float[] scores, IReadOnlyList<IReadOnlyList<int>> labels, int classes)
    {
        if (scores.Length != labels.Count * classes)
        {
            throw new ArgumentException($"{scores.Length} scores do not fit {labels.Count} items of {classes} classes");
        }
        var targets = new bool[scores.Length];
        for (var i = 0; i < labels.Count; i++)
        {
            foreach (var label in labels[i])
            {
                if ((uint)label >= (uint)classes)
                {
                    throw new ArgumentException($"item {i} has label {label}, classes are 0 to {classes - 1}", nameof(labels));
                }
                targets[i * classes + label] = true;
            }
        }
        return new ScoredItems(scores, targets, classes);
    }

    /// <summary>All item and class pairs as the items of one class: what micro averages are made of.</summary>
    public ScoredItems Flat() => new(Scores, Targets, 1);

    // A class's items, highest score first, each packed into one number so that a pass over them reads memory in order:
    // the score's bits so turned that greater scores come first, then the item, then whether it has the label.
    internal ulong[] Ranked(int label) => order.Value[label];

    internal static uint Score(ulong packed) => (uint)(packed >> 32);

    internal static int Item(ulong packed) => (int)((uint)packed >> 1);

    internal static bool HasLabel(ulong packed) => (packed & 1) != 0;

    private ulong[][] Sort()
    {
        // Columns are gathered some at a time: a single one would touch another cache line at each item.
        const int together = 16;
        var ranked = new ulong[Classes][];
        for (var first = 0; first < Classes; first += together)
        {
            var last = Math.Min(Classes, first + together);
            for (var c = first; c < last; c++)
            {
                ranked[c] = new ulong[Items];
            }
            for (var i = 0; i < Items; i++)
            {
                for (var c = first; c < last; c++)
                {
                    var place = i * Classes + c;
                    // Adding zero turns -0 into 0; the two are one score.
                    var bits = BitConverter.SingleToUInt32Bits(Scores[place] + 0f);
                    var descending = (bits & 0x8000_0000) != 0 ? bits : ~bits & 0x7fff_ffff;
                    ranked[c][i] = ((ulong)descending << 32) | ((uint)i << 1) | (Targets[place] ? 1u : 0);
                }
            }
            for (var c = first; c < last; c++)
            {
                Array.Sort(ranked[c]);
            }
        }
        return ranked;
    }
}
