namespace Retort.Statistics;

/// <summary>Holm's correction of several tests ("A simple sequentially rejective multiple test procedure", 1979).</summary>
public static class Holm
{
    /// <summary>
    /// Corrected p-values: rejecting those below alpha gives a wrong rejection anywhere with a probability of at most alpha,
    /// however the tests depend on one another. A p-value that is not a number (no test) stays so and does not count.
    /// </summary>
    /// <param name="pValues">one a test, in any order</param>
    /// <exception cref="ArgumentException">A value outside 0 to 1.</exception>
    public static double[] Correct(IReadOnlyList<double> pValues)
    {
        if (pValues.FirstOrDefault(p => p is < 0 or > 1) is var wrong && wrong != 0)
        {
            throw new ArgumentException($"a p-value lies between 0 and 1, got {wrong}", nameof(pValues));
        }
        var corrected = pValues.ToArray();
        var tests = Enumerable.Range(0, corrected.Length).Where(i => !double.IsNaN(corrected[i])).OrderBy(i => corrected[i]).ToArray();
        double largest = 0;
        for (var rank = 0; rank < tests.Length; rank++)
        {
            largest = Math.Max(largest, Math.Min(1, (tests.Length - rank) * corrected[tests[rank]]));
            corrected[tests[rank]] = largest;
        }
        return corrected;
    }
}
