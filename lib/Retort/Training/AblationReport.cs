using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Retort.Plots;
using Retort.Statistics;

namespace Retort.Training;

/// <summary>
/// What an experiment's arms gave, for tables, figures and comparisons. Arms that were not run at this size are left out of
/// tables and figures; a comparison with one is an error (<see cref="Has"/> asks).
/// </summary>
public sealed class AblationReport
{
    private readonly Func<ArmResult, string> folderOf;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<long>> own;
    private readonly ConcurrentDictionary<(string, long), RunOutputs> outputs = new();
    private readonly ConcurrentDictionary<(string, string, string), Effect> effects = new();
    private readonly ConcurrentDictionary<string, Resampling> designs = new();
    private readonly ConcurrentDictionary<(string, long, string), Resampled> drawn = new();

    /// <param name="results">the runs</param>
    /// <param name="seeds">their seeds</param>
    /// <param name="arms">the arms' names in order</param>
    /// <param name="measures">what is measured of a run's outputs, the most important first</param>
    /// <param name="folderOf">where a run keeps its outputs</param>
    /// <param name="own">the seeds of arms that do not run for all</param>
    public AblationReport(AblationResult results, IReadOnlyList<long> seeds, IReadOnlyList<string> arms, IReadOnlyList<Measure> measures, Func<ArmResult, string> folderOf,
        IReadOnlyDictionary<string, IReadOnlyList<long>>? own = null) =>
        (Results, Seeds, Arms, Measures, this.folderOf, this.own) = (results, seeds, arms, measures, folderOf, own ?? new Dictionary<string, IReadOnlyList<long>>());

    /// <summary>Every run.</summary>
    public AblationResult Results { get; }

    /// <summary>The seeds.</summary>
    public IReadOnlyList<long> Seeds { get; }

    /// <summary>The arms' names, in the order in which they were given.</summary>
    public IReadOnlyList<string> Arms { get; }

    /// <summary>The measures, the most important first.</summary>
    public IReadOnlyList<Measure> Measures { get; }

    /// <summary>Minutes of processor time of all runs, those done before included; wall-clock time of the runs that do not know theirs.</summary>
    public double CoreMinutes => Results.Runs.Sum(r => r.CoreSeconds ?? r.Seconds) / 60;

    /// <summary>The seeds that all of these arms run for, in their order; a comparison of them is over these.</summary>
    public IReadOnlyList<long> SeedsOf(params IEnumerable<string> arms) =>
        [.. Seeds.Where(seed => arms.All(arm => !own.TryGetValue(arm, out var seeds) || seeds.Contains(seed)))];

    /// <summary>Whether the arm has ended for every seed that it runs for.</summary>
    public bool Has(string arm) => Results.Runs.Count(r => r.Arm == arm && r.Error is null) is > 0 and var ended && ended == SeedsOf(arm).Count;

    /// <summary>One number a seed: of a measure, or of a value that the runs named.</summary>
    /// <param name="arm">the arm</param>
    /// <param name="measure">a measure's or value's name; null for the first measure</param>
    /// <exception cref="KeyNotFoundException">There is no such arm, measure or value.</exception>
    public double[] Of(string arm, string? measure = null) => Find(measure) is { } found
        ? [.. SeedsOf(arm).Select(seed => found.Of(Outputs(arm, seed), null))]
        : Results.Of(arm, measure!);

    /// <summary>What a run kept of the test items.</summary>
    /// <exception cref="KeyNotFoundException">The run has not ended.</exception>
    public RunOutputs Outputs(string arm, long seed) => outputs.GetOrAdd((arm, seed), _ => RunOutputs.Load(FolderOf(arm, seed)));

    /// <summary>The folder of a run: its weights, settings and metrics.</summary>
    /// <exception cref="KeyNotFoundException">The run has not ended.</exception>
    public string FolderOf(string arm, long seed) =>
        folderOf(Results.Runs.FirstOrDefault(r => r.Arm == arm && r.Seed == seed && r.Error is null) ?? throw new KeyNotFoundException($"arm \"{arm}\", seed {seed} has not ended"));

    /// <summary>One arm less another, paired by seed and test item (<see cref="PairedEffect"/>).</summary>
    /// <param name="arm">the arm</param>
    /// <param name="other">what it is compared with</param>
    /// <param name="measure">a measure's name; null for the first</param>
    public Effect Compare(string arm, string other, string? measure = null)
    {
        var found = Known(measure);
        return effects.GetOrAdd((arm, other, found.Name), _ =>
            PairedEffect.OfDrawn(DesignOf(found), [.. SeedsOf(arm, other).Select(seed => Difference(found, (arm, other), seed))]));
    }

    /// <summary>An arm's own mean over seeds, with the interval that seeds and test items give it: for a figure, not for a comparison of arms, which <see cref="Compare"/> pairs.</summary>
    /// <param name="arm">the arm</param>
    /// <param name="measure">a measure's name; null for the first</param>
    public Effect Level(string arm, string? measure = null)
    {
        var found = Known(measure);
        return PairedEffect.OfDrawn(DesignOf(found), [.. SeedsOf(arm).Select(seed => Drawn(found, arm, seed))]);
    }

    /// <summary>One difference less another, paired by seed and test item: does what an arm gains grow from one condition to another?</summary>
    /// <param name="gap">arm and what it is compared with</param>
    /// <param name="less">the same under another condition</param>
    /// <param name="measure">a measure's name; null for the first</param>
    public Effect CompareGaps((string Arm, string Other) gap, (string Arm, string Other) less, string? measure = null)
    {
        var found = Known(measure);
        return PairedEffect.OfDrawn(DesignOf(found), [.. SeedsOf(gap.Arm, gap.Other, less.Arm, less.Other)
            .Select(seed => Difference(found, gap, seed) - Difference(found, less, seed))]);
    }

    /// <summary>Which share of one difference another is, such as how much of what is lost comes back.</summary>
    /// <param name="part">arm and what it is compared with</param>
    /// <param name="whole">the difference that is all of it</param>
    /// <param name="measure">a measure's name; null for the first</param>
    public ShareEffect Share((string Arm, string Other) part, (string Arm, string Other) whole, string? measure = null)
    {
        var found = Known(measure);
        var design = DesignOf(found);
        return ShareEffect.Of(Crossed.Of(design, [.. SeedsOf(part.Arm, part.Other, whole.Arm, whole.Other)
            .Select(seed => new[] { Difference(found, part, seed), Difference(found, whole, seed) })]), found.Items, confidence: 0.95);
    }

    /// <summary>
    /// Differences of the first measure in words, a line each: estimate, 95 % interval (in points, where the measure is in percent), and whether that leaves 0 out. The intervals are each for itself; a
    /// <see cref="Claims.ClaimSet"/> corrects them for their number.
    /// </summary>
    /// <param name="pairs">arms and what each is compared with; a line says where one was not run</param>
    public Note InWords(params (string Arm, string Other)[] pairs) => new(string.Join('\n', pairs.Select(pair =>
    {
        var what = $"\"{pair.Arm}\" less \"{pair.Other}\"";
        return Has(pair.Arm) && Has(pair.Other) ? Words(what, Compare(pair.Arm, pair.Other), "ahead", "behind", "not told apart") : $"{what}: not run at this size";
    })));

    /// <summary>An effect of the first measure in words, as a line of the other says it.</summary>
    public Note InWords(string what, Effect effect) => new(Words(what, effect, "above 0", "below 0", "not told from 0"));

    private string Words(string what, Effect effect, string above, string below, string neither)
    {
        var first = Measures[0];
        var verdict = effect.Low > 0 ? above : effect.High < 0 ? below : neither;
        var (unit, number) = (first.Unit == "%" ? "points" : first.Unit, effect.Estimate.ToString($"+{Zero(first)};-{Zero(first)};{Zero(first)}", CultureInfo.InvariantCulture));
        return double.IsFinite(effect.Low) ? $"{what}: {number} {Interval(effect, first)} {unit}".TrimEnd() + $", {verdict}" : $"{what}: {number} {unit}".TrimEnd() + ", one seed, no interval";
    }

    /// <summary>
    /// The standard error that the test items alone give the difference of two runs of one arm, mean over all pairs of seeds (jackknife over single
    /// items): is the test large enough? Null with one seed.
    /// </summary>
    /// <param name="arm">the arm</param>
    /// <param name="measure">a measure's name; null for the first</param>
    public double? ErrorOfItems(string arm, string? measure = null)
    {
        var found = Known(measure);
        var seeds = SeedsOf(arm);
        if (seeds.Count < 2)
        {
            return null;
        }
        var all = Enumerable.Repeat(1.0, found.Items).ToArray();
        double[] Without(long seed) => [.. Enumerable.Range(0, found.Items).Select(i =>
        {
            var weights = (double[])all.Clone();
            weights[i] = 0;
            return found.Of(Outputs(arm, seed), weights);
        })];
        var left = seeds.Select(Without).ToArray();
        // The jackknife's variance is (n - 1)² / n times that of the values with one item left out.
        double Error(double[] a, double[] b) => (found.Items - 1) / Math.Sqrt(found.Items) * Sample.StandardDeviation([.. a.Zip(b, (x, y) => x - y)]);
        return left.SelectMany((a, i) => left.Skip(i + 1).Select(b => Error(a, b))).Average();
    }

    /// <summary>
    /// One row an arm: each measure's mean over seeds, the first one's standard deviation over seeds, its difference to the
    /// reference with a 95 % interval, and further values of the runs.
    /// </summary>
    /// <param name="title">above the table</param>
    /// <param name="reference">the arm that differences are to</param>
    /// <param name="arms">the arms in order; none for all</param>
    /// <param name="values">further values, by the names that the runs gave them</param>
    public Table Table(string title, string reference, IReadOnlyList<string>? arms = null, IReadOnlyList<string>? values = null)
    {
        var first = Measures[0];
        string Head(Measure m) => m.Unit.Length > 0 ? $"{m.Name}, {m.Unit}" : m.Name;
        var minus = $"minus {reference}";
        var table = new Table(["arm", .. Measures.Select(Head), "sd over seeds", minus, "95 % interval", .. values ?? []]).WithTitle(title)
            .WithFormat("sd over seeds", first.Format).WithFormat(minus, $"+{Zero(first)};-{Zero(first)};{Zero(first)}");
        foreach (var m in Measures)
        {
            table = table.WithFormat(Head(m), m.Format);
        }
        foreach (var arm in Shown(arms))
        {
            var numbers = Of(arm);
            var effect = arm == reference || !Has(reference) ? null : Compare(arm, reference);
            table = table.WithRow([arm, .. Measures.Select(m => (object)Of(arm, m.Name).Average()), numbers.Length > 1 ? Sample.StandardDeviation(numbers) : null,
                effect?.Estimate, effect is null ? "" : Interval(effect, first), .. (values ?? []).Select(v => (object)Results.Of(arm, v).Average())]);
        }
        return table;
    }

    /// <summary>
    /// Bars of a measure, mean over seeds; whiskers of one standard deviation over seeds to each side, which the axis says, and none for one seed; lines at
    /// values to compare with.
    /// </summary>
    /// <param name="title">above the figure</param>
    /// <param name="arms">the arms in order; null for all</param>
    /// <param name="measure">a measure's or value's name; null for the first measure</param>
    /// <param name="lines">values of others, such as the teacher's</param>
    public Figure Bars(string title, IReadOnlyList<string>? arms = null, string? measure = null, params (string Name, double Value)[] lines)
    {
        var shown = Shown(arms);
        var values = shown.Select(a => Of(a, measure)).ToArray();
        var name = Find(measure)?.Name ?? measure!;
        var (least, most) = values.Length == 0 ? (0, 0) : (values.Min(v => v.Length), values.Max(v => v.Length));
        var whiskers = most > 1 ? values.Select(v => v.Length > 1 ? Sample.StandardDeviation(v) : double.NaN) : null;
        var bars = Chart.Bar(shown, values.Select(v => v.Average()), name, whiskers);
        var axis = most > 1 ? $"{Axis(measure)}; mean ± sd of {(least == most ? most : $"{least} to {most}")} seeds" : Axis(measure);
        return lines.Aggregate(bars.WithTitle(title).WithYAxis(axis), (figure, line) =>
            figure.WithHorizontalLine(line.Value, string.Create(CultureInfo.InvariantCulture, $"{line.Name} {line.Value:F1}")));
    }

    /// <summary>Arms beside one another under each of several measures, such as conditions, with 95 % intervals over seeds and test items.</summary>
    /// <param name="title">above the figure</param>
    /// <param name="measures">names of measures, a place each</param>
    /// <param name="reference">the arm that paired differences to it are drawn of; null: the arms' own values</param>
    /// <param name="lines">values of others, one a measure, such as a baseline's</param>
    public Figure ByMeasure(string title, IReadOnlyList<string> measures, string? reference = null, params (string Name, IReadOnlyList<double> Values)[] lines)
    {
        string[] shown = [.. Shown(null).Where(arm => arm != reference)];
        Figure Points(string arm, int n)
        {
            var effects = measures.Select(m => reference is null ? Level(arm, m) : Compare(arm, reference, m)).ToArray();
            // Beside one another, within seven tenths of a place.
            var places = measures.Select((_, i) => i + 0.7 * ((n + 0.5) / shown.Length - 0.5));
            return Chart.Scatter(places, effects.Select(e => e.Estimate), arm, size: 6, error: effects.Select(e => (e.High - e.Low) / 2));
        }
        var drawn = lines.Select(line => Chart.Line(line.Values.Select((_, i) => (double)i), line.Values, line.Name, dash: "dot")).Concat(shown.Select(Points));
        var figure = Chart.Combine(drawn).WithTitle(title, reference is null ? "95 % intervals over seeds and test items" : $"less {reference}; 95 % intervals over seeds and test items, paired")
            .WithLayoutJson(JsonSerializer.Serialize(new { xaxis = new { tickvals = measures.Select((_, i) => i), ticktext = measures } }));
        return reference is null ? figure : figure.WithHorizontalLine(0);
    }

    /// <summary>A curve of the runs against its axis: mean over seeds, with a band from the lowest to the highest seed.</summary>
    /// <param name="title">above the figure</param>
    /// <param name="curve">the name that the runs gave it</param>
    /// <param name="arms">the arms in order; null for all</param>
    /// <param name="x">the horizontal axis</param>
    public Figure Curves(string title, string curve, IReadOnlyList<string>? arms = null, string x = "step")
    {
        var figures = new List<Figure>();
        foreach (var arm in Shown(arms))
        {
            var curves = Results.Runs.Where(r => r.Arm == arm && r.Error is null && r.Curves.ContainsKey(curve)).Select(r => r.Curves[curve]).ToArray();
            if (curves.Length == 0)
            {
                continue;
            }
            var columns = curves[0].X.Select((_, i) => curves.Where(c => i < c.Y.Length).Select(c => c.Y[i]).ToArray()).ToArray();
            figures.Add(curves.Length == 1
                ? Chart.Line(curves[0].X, columns.Select(c => c[0]), arm)
                : Chart.Band(curves[0].X, columns.Select(c => c.Average()), columns.Select(c => c.Min()), columns.Select(c => c.Max()), arm));
        }
        return Chart.Combine(figures).WithTitle(title).WithXAxis(x).WithYAxis(curve);
    }

    private Resampling DesignOf(Measure measure) => designs.GetOrAdd(measure.Name, _ => new Resampling(measure.Items, measure.Clusters));

    private Resampled Difference(Measure measure, (string Arm, string Other) pair, long seed) => Drawn(measure, pair.Arm, seed) - Drawn(measure, pair.Other, seed);

    // Every draw of test items is the same for all runs, so each run is measured once, however many comparisons it is part of.
    private Resampled Drawn(Measure measure, string arm, long seed) => drawn.GetOrAdd((arm, seed, measure.Name), _ =>
        measure.On(Outputs(arm, seed), DesignOf(measure), SeedsOf(arm).Count > 1));

    private IReadOnlyList<string> Shown(IReadOnlyList<string>? arms) => [.. (arms ?? Arms).Distinct().Where(Has)];

    // Null where the name is of a value and not of a measure.
    private Measure? Find(string? name) => name is null ? Measures[0] : Measures.FirstOrDefault(m => m.Name == name);

    private Measure Known(string? name) =>
        Find(name) ?? throw new KeyNotFoundException($"there is no measure \"{name}\"; there are {string.Join(", ", Measures.Select(m => m.Name))}");

    private string Axis(string? measure) => Find(measure) is { } found ? found.Unit.Length > 0 ? $"{found.Name}, {found.Unit}" : found.Name : measure!;

    private static string Zero(Measure measure) => measure.Format.Length == 2 && measure.Format[0] == 'F' && measure.Format[1] != '0' ? "0." + new string('0', measure.Format[1] - '0') : "0";

    private static string Interval(Effect effect, Measure measure) => double.IsFinite(effect.Low)
        ? $"[{effect.Low.ToString(measure.Format, CultureInfo.InvariantCulture)}, {effect.High.ToString(measure.Format, CultureInfo.InvariantCulture)}]"
        : "none of one seed";
}
