namespace Retort.Statistics;

/// <summary>
/// The smallest of several effects, for a claim that must hold at every step. Its interval: the lowest of the steps' lower
/// ends, which needs no correction (intersection-union), and the lowest of their upper ends at Bonferroni's level.
/// </summary>
internal sealed record LeastEffect : Effect
{
    private readonly IReadOnlyList<Effect> steps;

    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public LeastEffect(IReadOnlyList<Effect> steps)
    {
        Sample.RequireValues(steps.Count, 1);
        if (steps.Any(s => s.Confidence != steps[0].Confidence))
        {
            throw new ArgumentException("steps of different confidence", nameof(steps));
        }
        this.steps = [.. steps];
        var least = steps.MinBy(s => s.Low)!;
        (Estimate, OfSeeds) = (steps.Min(s => s.Estimate), steps.MinBy(s => s.Estimate)!.OfSeeds);
        (StandardErrorSeeds, StandardErrorItems) = (least.StandardErrorSeeds, least.StandardErrorItems);
        (DegreesOfFreedom, Confidence) = (least.DegreesOfFreedom, least.Confidence);
        (Seeds, Items, Clusters) = (steps.Min(s => s.Seeds), least.Items, least.Clusters);
        Method = steps.Count == 1 ? least.Method : $"the smallest of {steps.Count} steps (intersection-union test); each: {least.Method}";
    }

    public override double PAbove(double bound) => Largest(steps.Select(s => s.PAbove(bound)));

    public override double PBelow(double bound)
    {
        var all = steps.Select(s => s.PBelow(bound)).ToArray();
        return all.Any(double.IsNaN) ? double.NaN : Math.Min(1, all.Length * all.Min());
    }

    public override (double Low, double High) Bounds(double level) =>
        (steps.Min(s => s.Bounds(level).Low), steps.Min(s => s.Bounds(1 - (1 - level) / steps.Count).High));

    public override Effect Reversed() => throw new NotSupportedException("the smallest of several steps has no other way round; reverse the steps");

    private static double Largest(IEnumerable<double> values)
    {
        var all = values.ToArray();
        return all.Any(double.IsNaN) ? double.NaN : all.Max();
    }
}
