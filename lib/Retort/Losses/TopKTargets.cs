// Dense targets from a stored top k (CED: 20 of 527 scores a view are kept; the rest must be filled by a rule).

using Retort.Randomness;

namespace Retort.Losses;

/// <summary>Makes dense class targets from the k largest scores that a teacher store keeps of a view.</summary>
public static class TopKTargets
{
    /// <summary>Writes one view's dense targets.</summary>
    /// <param name="target">receives C values; every element is written</param>
    /// <param name="values">the k stored scores, in any order</param>
    /// <param name="classes">their class numbers, each in [0, C)</param>
    /// <param name="fill">what the other classes get</param>
    /// <param name="draw">numbers for <see cref="TargetFill.LastRandom"/>; not used otherwise and may then be null</param>
    /// <exception cref="ArgumentException">The lengths do not fit, a class is out of range, or the draw is missing.</exception>
    public static void Fill(Span<float> target, ReadOnlySpan<float> values, ReadOnlySpan<ushort> classes, TargetFill fill, RandomStream? draw = null)
    {
        if (values.Length != classes.Length || values.Length > target.Length || values.Length == 0)
        {
            throw new ArgumentException($"{values.Length} scores with {classes.Length} class numbers do not fit {target.Length} classes");
        }
        var least = values[0];
        foreach (var value in values)
        {
            least = Math.Min(least, value);
        }
        switch (fill)
        {
            case TargetFill.Zero:
                target.Clear();
                break;
            case TargetFill.LastMean:
                target.Fill(target.Length == values.Length ? 0 : least / (target.Length - values.Length));
                break;
            case TargetFill.LastHalf:
                target.Fill(least / 2);
                break;
            case TargetFill.LastRandom:
                ArgumentNullException.ThrowIfNull(draw);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = draw.NextSingle() * least;
                }
                break;
            case TargetFill.Uniform:
                target.Fill(1f / target.Length);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fill), fill, "not a fill rule");
        }
        for (var i = 0; i < values.Length; i++)
        {
            if (classes[i] >= target.Length)
            {
                throw new ArgumentException($"class {classes[i]} is outside the {target.Length} classes");
            }
            target[classes[i]] = values[i];
        }
    }
}
