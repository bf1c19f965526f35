namespace Retort.Data;

/// <summary>
/// Clips of sound with any number of classes each (audio tagging). Clips are numbered from 0, have a stable id, and are
/// read when asked for. Reading is safe from several threads at once.
/// </summary>
public abstract class TaggingData : IResultKey
{
    /// <summary>The names of the classes; a label is an index into this list.</summary>
    public abstract IReadOnlyList<string> Classes { get; }

    /// <summary>The number of clips.</summary>
    public abstract int Count { get; }

    /// <summary>The clip's id: unique within the data set, the same on every machine, the key of stored teacher scores.</summary>
    public abstract string Id(int i);

    /// <summary>The clip's samples: 16 kHz, one channel, full scale 1.</summary>
    /// <exception cref="BadInputException">The clip cannot be read.</exception>
    public abstract float[] Samples(int i);

    /// <summary>The clip's classes, ascending, as training may see them.</summary>
    public abstract IReadOnlyList<int> Labels(int i);

    /// <summary>SHA-256 (hexadecimal) of what decides the clips and labels. Equal hashes mean equal data.</summary>
    public abstract string Hash { get; }

    /// <inheritdoc/>
    public string ResultKey => Hash;

    /// <summary>Writes the clip's labels as zeros and ones. Shape of <paramref name="target"/>: (Classes).</summary>
    /// <exception cref="ArgumentException">The target is not as long as there are classes.</exception>
    public void MultiHot(int i, Span<float> target)
    {
        if (target.Length != Classes.Count)
        {
            throw new ArgumentException($"the target has {target.Length} places and the data {Classes.Count} classes", nameof(target));
        }
        target.Clear();
        foreach (var label in Labels(i))
        {
            target[label] = 1;
        }
    }

    /// <summary>The clips of these numbers, in this order, as a data set of its own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not a clip's.</exception>
    public TaggingData Subset(IReadOnlyList<int> clips) => new TaggingSubset(this, clips);

    /// <summary>The first clips. A count above <see cref="Count"/> is an error and not cut silently.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer clips than asked for.</exception>
    public TaggingData Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return Subset(Enumerable.Range(0, count).ToArray());
    }

    /// <summary>The same clips with no label missing, where that is known: of synthetic data. Null elsewhere.</summary>
    public virtual TaggingData? WithAllLabels() => null;

    /// <summary>
    /// The clips cut into pieces of this many samples, each with its clip's labels; a rest of half a piece or more is a piece
    /// of its own. Reads every clip once, to learn its length.
    /// </summary>
    public TaggingData Chunks(int samples) => new ChunkedData(this, samples);

    /// <summary>
    /// The clips divided at random into parts, each label by the same shares (iterative stratification: Sechidis, Tsoumakas and
    /// Vlahavas, ECML PKDD 2011), so that the order of a list decides nothing. Within a part the clips are in random order.
    /// </summary>
    /// <param name="seed">decides the division</param>
    /// <param name="shares">one share a part, more than 0 each; together 1</param>
    /// <returns>one data set a part</returns>
    /// <exception cref="BadInputException">A part would be empty.</exception>
    public TaggingData[] Divide(long seed, params IReadOnlyList<double> shares) => [.. Division.Of(this, seed, shares).Select(Subset)];

    /// <summary>Refuses data of other classes, or of the same classes in another order, which would train and score nonsense silently.</summary>
    /// <param name="classes">the classes that are expected, in their order</param>
    /// <param name="name">what this data is, for the message, such as "test clips"</param>
    /// <param name="whose">whose the expected classes are, such as "the training clips'"</param>
    /// <exception cref="BadInputException">The classes are others or in another order.</exception>
    public void RequireClasses(IReadOnlyList<string> classes, string name, string whose)
    {
        if (Classes.SequenceEqual(classes))
        {
            return;
        }
        var lacking = classes.Except(Classes).ToArray();
        var more = Classes.Except(classes).ToArray();
        var at = Enumerable.Range(0, Math.Min(classes.Count, Classes.Count)).FirstOrDefault(i => classes[i] != Classes[i]);
        throw new BadInputException(name, "classes", lacking.Length + more.Length > 0
            ? $"{Classes.Count} classes that are not {whose} {classes.Count}:{(lacking.Length > 0 ? $" \"{lacking[0]}\" is lacking" : "")}{(more.Length > 0 ? $" \"{more[0]}\" is none of them" : "")}"
            : $"the classes are {whose}, but in another order: number {at} is \"{Classes[at]}\" and not \"{classes[at]}\"; open both with one list of classes");
    }

    private protected void CheckNumber(int i)
    {
        if ((uint)i >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(i), i, $"clips are numbered 0 to {Count - 1}");
        }
    }
}
