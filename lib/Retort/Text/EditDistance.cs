// V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals" (1966): the least number of
// substitutions, deletions and insertions, each of cost 1.

namespace Retort.Text;

/// <summary>Levenshtein distance between two sequences of anything that can be compared: characters, words, ids.</summary>
public static class EditDistance
{
    /// <summary>The least number of substitutions, deletions and insertions that turn the reference into the hypothesis.</summary>
    /// <param name="reference">what should have been said</param>
    /// <param name="hypothesis">what was said</param>
    public static int Of<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis) where T : IEquatable<T>
    {
        // What both begin and end with costs nothing.
        var head = reference.CommonPrefixLength(hypothesis);
        reference = reference[head..];
        hypothesis = hypothesis[head..];
        while (reference.Length > 0 && hypothesis.Length > 0 && Same(reference[^1], hypothesis[^1]))
        {
            reference = reference[..^1];
            hypothesis = hypothesis[..^1];
        }
        if (reference.Length == 0 || hypothesis.Length == 0)
        {
            return reference.Length + hypothesis.Length;
        }
        var row = hypothesis.Length < 256 ? stackalloc int[hypothesis.Length + 1] : new int[hypothesis.Length + 1];
        for (var j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }
        for (var i = 0; i < reference.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i + 1;
            for (var j = 0; j < hypothesis.Length; j++)
            {
                var above = row[j + 1];
                var best = diagonal + (Same(reference[i], hypothesis[j]) ? 0 : 1);
                row[j + 1] = Math.Min(best, Math.Min(above, row[j]) + 1);
                diagonal = above;
            }
        }
        return row[^1];
    }

    /// <summary>
    /// The steps of one cheapest way from the reference to the hypothesis, in their order. Where several ways cost the same, from
    /// the end backwards a match or substitution is taken before a deletion, and a deletion before an insertion.
    /// </summary>
    /// <param name="reference">what should have been said</param>
    /// <param name="hypothesis">what was said</param>
    /// <returns>one step for each match, substitution, deletion and insertion</returns>
    /// <exception cref="ArgumentException">The table of (reference + 1) x (hypothesis + 1) would not fit in an array.</exception>
    public static IReadOnlyList<EditStep> Align<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis) where T : IEquatable<T>
    {
        var width = hypothesis.Length + 1;
        if ((long)(reference.Length + 1) * width > Array.MaxLength)
        {
            throw new ArgumentException($"{reference.Length} and {hypothesis.Length} items are too many to align", nameof(reference));
        }
        var costs = new int[(reference.Length + 1) * width];
        for (var i = 0; i <= reference.Length; i++)
        {
            for (var j = 0; j < width; j++)
            {
                costs[i * width + j] = i == 0 || j == 0 ? i + j : Math.Min(
                    costs[(i - 1) * width + j - 1] + (Same(reference[i - 1], hypothesis[j - 1]) ? 0 : 1),
                    Math.Min(costs[(i - 1) * width + j], costs[i * width + j - 1]) + 1);
            }
        }
        var steps = new List<EditStep>();
        for (int i = reference.Length, j = hypothesis.Length; i > 0 || j > 0;)
        {
            var cost = costs[i * width + j];
            var same = i > 0 && j > 0 && Same(reference[i - 1], hypothesis[j - 1]);
            if (i > 0 && j > 0 && costs[(i - 1) * width + j - 1] + (same ? 0 : 1) == cost)
            {
                steps.Add(new EditStep(same ? EditKind.Match : EditKind.Substitution, --i, --j));
            }
            else if (i > 0 && costs[(i - 1) * width + j] + 1 == cost)
            {
                steps.Add(new EditStep(EditKind.Deletion, --i, j));
            }
            else
            {
                steps.Add(new EditStep(EditKind.Insertion, i, --j));
            }
        }
        steps.Reverse();
        return steps;
    }

    private static bool Same<T>(T a, T b) where T : IEquatable<T> => EqualityComparer<T>.Default.Equals(a, b);
}
