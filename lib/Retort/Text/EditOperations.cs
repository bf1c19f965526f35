// Word-level edit operations with the tie rule of rapidfuzz's Levenshtein.editops, which RobustGER's noise embedding is
// defined by: which of several cheapest alignments is taken decides which words are subtracted from which.

namespace Retort.Text;

/// <summary>One edit between a better and a worse hypothesis.</summary>
/// <param name="Kind">substitution, deletion (only in the better) or insertion (only in the worse)</param>
/// <param name="Better">place in the better hypothesis</param>
/// <param name="Worse">place in the worse hypothesis</param>
public readonly record struct EditOperation(EditKind Kind, int Better, int Worse);

/// <summary>Edit operations between sequences, by rapidfuzz's choice among equals.</summary>
public static class EditOperations
{
    /// <summary>
    /// The operations that are no match, in their order. After what both begin and end with is taken off, from the end backwards:
    /// a deletion where one costs nothing more; else an insertion likewise; else a match or substitution.
    /// </summary>
    /// <param name="better">the better hypothesis</param>
    /// <param name="worse">the worse hypothesis</param>
    public static IReadOnlyList<EditOperation> Of<T>(ReadOnlySpan<T> better, ReadOnlySpan<T> worse) where T : IEquatable<T>
    {
        var head = better.CommonPrefixLength(worse);
        var a = better[head..];
        var b = worse[head..];
        while (a.Length > 0 && b.Length > 0 && a[^1].Equals(b[^1]))
        {
            a = a[..^1];
            b = b[..^1];
        }
        var width = b.Length + 1;
        var costs = new int[checked((a.Length + 1) * width)];
        for (var x = 0; x <= a.Length; x++)
        {
            for (var y = 0; y <= b.Length; y++)
            {
                costs[x * width + y] = x == 0 || y == 0 ? x + y : Math.Min(
                    costs[(x - 1) * width + y - 1] + (a[x - 1].Equals(b[y - 1]) ? 0 : 1),
                    Math.Min(costs[(x - 1) * width + y], costs[x * width + y - 1]) + 1);
            }
        }
        var found = new List<EditOperation>();
        var (i, j) = (a.Length, b.Length);
        while (i > 0 && j > 0)
        {
            var cost = costs[i * width + j];
            if (cost == costs[(i - 1) * width + j] + 1)
            {
                found.Add(new(EditKind.Deletion, head + --i, head + j));
                continue;
            }
            j--;
            // The neighbour is looked at from the column already left: rapidfuzz's rule.
            if (j > 0 && costs[i * width + j] == costs[(i - 1) * width + j] - 1)
            {
                found.Add(new(EditKind.Insertion, head + i, head + j));
                continue;
            }
            i--;
            if (!a[i].Equals(b[j]))
            {
                found.Add(new(EditKind.Substitution, head + i, head + j));
            }
        }
        while (i > 0)
        {
            found.Add(new(EditKind.Deletion, head + --i, head + j));
        }
        while (j > 0)
        {
            found.Add(new(EditKind.Insertion, head + i, head + --j));
        }
        found.Reverse();
        return found;
    }
}
