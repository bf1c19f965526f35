using Retort.Text;

namespace Retort.Metrics;

/// <summary>
/// Edits of a set of hypotheses against their references, and their rate: all edits over the length of all references, as
/// error rates of speech recognition are reported. The rate may exceed 1.
/// </summary>
/// <param name="Substitutions">items that are others</param>
/// <param name="Deletions">items that are lacking</param>
/// <param name="Insertions">items that are too many</param>
/// <param name="ReferenceLength">items of all references</param>
public sealed record ErrorRate(long Substitutions, long Deletions, long Insertions, long ReferenceLength)
{
    /// <summary>All edits.</summary>
    public long Edits => Substitutions + Deletions + Insertions;

    /// <summary>Edits over reference items; with empty references 0 without edits and positive infinity with some.</summary>
    public double Rate => ReferenceLength > 0 ? (double)Edits / ReferenceLength : Edits == 0 ? 0 : double.PositiveInfinity;

    /// <summary>The word error rate (WER). Words are what white space separates.</summary>
    /// <param name="references">what should have been said</param>
    /// <param name="hypotheses">what was said, in the same order</param>
    /// <exception cref="ArgumentException">There are not as many hypotheses as references.</exception>
    public static ErrorRate Words(IReadOnlyList<string> references, IReadOnlyList<string> hypotheses) =>
        Total<string>(references, hypotheses, text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The character error rate (CER). A character is a Unicode scalar value; spaces count.</summary>
    /// <param name="references">what should have been said</param>
    /// <param name="hypotheses">what was said, in the same order</param>
    /// <exception cref="ArgumentException">There are not as many hypotheses as references.</exception>
    public static ErrorRate Characters(IReadOnlyList<string> references, IReadOnlyList<string> hypotheses) =>
        Total<System.Text.Rune>(references, hypotheses, text => [.. text.EnumerateRunes()]);

    /// <summary>The edits of one hypothesis.</summary>
    /// <param name="reference">what should have been said</param>
    /// <param name="hypothesis">what was said</param>
    public static ErrorRate Of<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis) where T : IEquatable<T>
    {
        var counts = new int[4];
        foreach (var step in EditDistance.Align(reference, hypothesis))
        {
            counts[(int)step.Kind]++;
        }
        return new ErrorRate(counts[(int)EditKind.Substitution], counts[(int)EditKind.Deletion], counts[(int)EditKind.Insertion], reference.Length);
    }

    private static ErrorRate Total<T>(IReadOnlyList<string> references, IReadOnlyList<string> hypotheses, Func<string, T[]> split)
        where T : IEquatable<T>
    {
        if (references.Count != hypotheses.Count)
        {
            throw new ArgumentException($"{hypotheses.Count} hypotheses for {references.Count} references", nameof(hypotheses));
        }
        var total = new ErrorRate(0, 0, 0, 0);
        for (var i = 0; i < references.Count; i++)
        {
            var one = Of<T>(split(references[i]), split(hypotheses[i]));
            total = new ErrorRate(total.Substitutions + one.Substitutions, total.Deletions + one.Deletions,
                total.Insertions + one.Insertions, total.ReferenceLength + one.ReferenceLength);
        }
        return total;
    }
}
