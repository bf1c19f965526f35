namespace Retort.Statistics;

/// <summary>
/// One or two measures on seeds crossed with items: their means and the (co)variances of the seeds' part, of the interaction
/// and of the items' part, from which any weighted sum of the measures gets its standard error.
/// </summary>
internal sealed class Crossed
{
    public const string OneSeed = "one seed does not tell what seeds differ by";
    public const string NoSpread = "the same difference everywhere, so that its spread is not known";

    // values[seed][measure]; the three matrices are variances of one seed's measures.
    private readonly double[][] values;
    private readonly double[,] between, interaction, shared;
    private readonly double effectiveClusters;
    private readonly string? missing;

    private Crossed(double[][] values, double[,] between, double[,] interaction, double[,] shared, double effectiveClusters, string? missing)
    {
        (this.values, this.between, this.interaction, this.shared) = (values, between, interaction, shared);
        (this.effectiveClusters, this.missing) = (effectiveClusters, missing);
        Means = [.. Enumerable.Range(0, values[0].Length).Select(m => Sample.Mean(OfSeeds(m)))];
    }

    public double[] Means { get; }

    public int Clusters { get; private init; }

    public int Seeds => values.Length;

    public string Method { get; private init; } = "";

    /// <summary>The method in words, or why there is no interval.</summary>
    public string MethodOf(double freedom) => double.IsNaN(freedom) && missing is null ? NoSpread : Method;

    public double[] OfSeeds(int measure) => [.. values.Select(v => v[measure])];

    public static Crossed Of(int seeds, int items, IReadOnlyList<Func<int, double[]?, double>> measures, int[]? clusters, int resamples, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seeds);
        var design = new Resampling(items, clusters, resamples, seed);
        Resampled[][] found = [.. Enumerable.Range(0, seeds).Select(s => measures.Select(m => new Resampled(m(s, null), new double[resamples])).ToArray())];
        var at = 0;
        // What one seed, or items of one cluster, leave open no draw tells.
        foreach (var weights in seeds == 1 || design.Clusters < 2 ? [] : design.Weights())
        {
            for (var s = 0; s < seeds; s++)
            {
                for (var m = 0; m < measures.Count; m++)
                {
                    found[s][m].Drawn[at] = measures[m](s, weights);
                }
            }
            at++;
        }
        return Of(design, found);
    }

    /// <summary>Of measures that were resampled before: [seed][measure].</summary>
    public static Crossed Of(Resampling design, IReadOnlyList<IReadOnlyList<Resampled>> found)
    {
        var (seeds, size, count) = (found.Count, found[0].Count, design.Clusters);
        double[][] values = [.. found.Select(s => s.Select(m => m.Once).ToArray())];
        var missing = seeds == 1 ? OneSeed
            : count < 2 ? "test items of one cluster do not tell what items differ by"
            : values.Any(v => v.Any(d => !double.IsFinite(d))) ? "a seed's value is not a number" : null;
        var (between, interaction, shared) = (new double[size, size], new double[size, size], new double[size, size]);
        if (missing is not null)
        {
            return new Crossed(values, between, interaction, shared, design.EffectiveClusters, missing) { Clusters = count, Method = missing };
        }
        // [draw][seed][measure]; draws on which a measure is not defined (no item of a class) are left out.
        var drawn = Enumerable.Range(0, design.Count).Select(r => found.Select(s => s.Select(m => m.Drawn[r]).ToArray()).ToArray())
            .Where(r => r.All(v => v.All(double.IsFinite))).ToList();
        if (drawn.Count < design.Count / 2)
        {
            missing = $"the measure is not defined on {design.Count - drawn.Count} of {design.Count} resamples of the test items";
        }
        for (var a = 0; a < size && missing is null; a++)
        {
            for (var b = 0; b < size; b++)
            {
                between[a, b] = Covariance(values.Select(v => (v[a], v[b])));
                // Within a seed, and between what different seeds make of the same items.
                var total = Covariance(drawn.Select(r => (r.Average(v => v[a]), r.Average(v => v[b]))));
                var within = Enumerable.Range(0, seeds).Average(s => Covariance(drawn.Select(r => (r[s][a], r[s][b]))));
                // Resampled clusters spread by (n - 1) / n of what they should.
                var scale = count / (count - 1.0);
                shared[a, b] = scale * (seeds * total - within) / (seeds - 1);
                interaction[a, b] = scale * within - shared[a, b];
            }
        }
        var what = design.Clustered ? $"{design.Items} test items in {count} clusters" : $"{design.Items} test items";
        return new Crossed(values, between, interaction, shared, design.EffectiveClusters, missing)
        {
            Clusters = count,
            Method = missing ?? $"Student's t over {seeds} seeds and {what} ({design.Count} resamples)",
        };
    }

    /// <summary>Both parts of the standard error of a weighted sum of the measures, and the degrees of freedom.</summary>
    public (double Seeds, double Items, double DegreesOfFreedom) Errors(IReadOnlyList<double> weights)
    {
        var mean = Means.Zip(weights, (x, w) => x * w).Sum();
        var (spread, itemsVariance) = (Form(between, weights) / Seeds, Math.Max(0, Form(shared, weights)));
        // By chance seeds may lie closer together than the interaction alone lets them; that part the items tell.
        var told = Math.Max(0, Form(interaction, weights)) / Seeds;
        var seedsVariance = Math.Max(spread, told);
        var whole = seedsVariance + itemsVariance;
        // A difference without any spread (but for rounding) is one whose spread is not known; none at all is none.
        if (missing is not null || (mean != 0 && whole <= 1e-18 * mean * mean))
        {
            return (double.NaN, double.NaN, double.NaN);
        }
        var (ofSeeds, ofItems) = (Seeds - 1.0, Math.Max(1, effectiveClusters - 1));
        var known = told + itemsVariance;
        var uncertain = spread * spread / ofSeeds + known * known / ofItems;
        var freedom = uncertain > 0 ? whole * whole / uncertain - 2 : ofSeeds;
        return (Math.Sqrt(seedsVariance), Math.Sqrt(itemsVariance), Math.Max(Math.Min(ofSeeds, ofItems), Math.Min(ofItems, freedom)));
    }

    private static double Covariance(IEnumerable<(double A, double B)> pairs)
    {
        var all = pairs.ToArray();
        var (a, b) = (all.Average(p => p.A), all.Average(p => p.B));
        return all.Sum(p => (p.A - a) * (p.B - b)) / (all.Length - 1);
    }

    private static double Form(double[,] matrix, IReadOnlyList<double> weights)
    {
        double sum = 0;
        for (var a = 0; a < weights.Count; a++)
        {
            for (var b = 0; b < weights.Count; b++)
            {
                sum += weights[a] * weights[b] * matrix[a, b];
            }
        }
        return sum;
    }
}
