namespace Retort.Data;

/// <summary>Orders in which classes (scenarios) can arrive. Which one the SLU paper took is not published; its numbers fit decreasing size better.</summary>
public static class ClassOrder
{
    /// <summary>The classes of these samples in alphabetical order, as the authors' code has them where no order is given.</summary>
    public static IReadOnlyList<string> Alphabetical(IEnumerable<string> classes) => [.. classes.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The classes of these samples by decreasing number of samples; equal numbers in alphabetical order.</summary>
    public static IReadOnlyList<string> ByCount(IEnumerable<string> classes) =>
        [.. classes.GroupBy(c => c).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key)];
}
