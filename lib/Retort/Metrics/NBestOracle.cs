// The two oracles of HyPoradise (Chen et al. 2023, section 5.2) and RobustGER (table 1): what the best choice from a list,
// and the best composition of its words, would reach.

using Retort.Text;

namespace Retort.Metrics;

/// <summary>Lower bounds of what can be made of N-best lists, as word error rates over a corpus.</summary>
public static class NBestOracle
{
    /// <summary>o_nb: of each list the hypothesis with the fewest errors, the first of equals.</summary>
    /// <param name="references">what was said</param>
    /// <param name="lists">the lists</param>
    public static ErrorRate Best(IReadOnlyList<string> references, IReadOnlyList<IReadOnlyList<string>> lists)
    {
        Check(references, lists);
        return ErrorRate.Words(references, [.. lists.Select((list, i) => list.MinBy(h => EditDistance.Of<string>(Split(references[i]), Split(h)))!)]);
    }

    /// <summary>
    /// o_cp: each word of the reference that no hypothesis has counts as one error, and nothing else does (the reading of public
    /// tools; the papers do not say whether a word may be used more often than it stands in the list).
    /// </summary>
    /// <param name="references">what was said</param>
    /// <param name="lists">the lists</param>
    /// <param name="multiset">whether a word counts only as often as the hypothesis that has it most often</param>
    public static ErrorRate Compositional(IReadOnlyList<string> references, IReadOnlyList<IReadOnlyList<string>> lists, bool multiset = false)
    {
        Check(references, lists);
        long lacking = 0, words = 0;
        for (var i = 0; i < references.Count; i++)
        {
            var left = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var hypothesis in lists[i])
            {
                foreach (var group in Split(hypothesis).GroupBy(w => w))
                {
                    left[group.Key] = Math.Max(left.GetValueOrDefault(group.Key), group.Count());
                }
            }
            foreach (var word in Split(references[i]))
            {
                words++;
                if (left.GetValueOrDefault(word) == 0)
                {
                    lacking++;
                }
                else if (multiset)
                {
                    left[word]--;
                }
            }
        }
        return new ErrorRate(0, lacking, 0, words);
    }

    private static void Check(IReadOnlyList<string> references, IReadOnlyList<IReadOnlyList<string>> lists)
    {
        if (references.Count != lists.Count || lists.Any(l => l.Count == 0))
        {
            throw new ArgumentException($"{lists.Count} lists for {references.Count} references, {lists.Count(l => l.Count == 0)} of them empty", nameof(lists));
        }
    }

    private static string[] Split(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
