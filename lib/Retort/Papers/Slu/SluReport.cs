using Retort.Metrics;
using Retort.Plots;
using Retort.Statistics;
using Retort.Training;

namespace Retort.Papers.Slu;

/// <summary>What the arms of a class-incremental experiment gave: tables, curves, matrices and paired comparisons. All in percent.</summary>
public sealed class SluReport
{
    private readonly SluExperiment experiment;
    private readonly Dictionary<(SluSplit, string, long), SluItems> items = [];

    internal SluReport(SluExperiment experiment, AblationResult results) => (this.experiment, Results) = (experiment, results);

    /// <summary>Every run.</summary>
    public AblationResult Results { get; }

    /// <summary>The seeds.</summary>
    public IReadOnlyList<long> Seeds => experiment.Settings.Seeds;

    /// <summary>The splits that were run.</summary>
    public IReadOnlyList<SluSplit> Splits => experiment.Settings.Splits;

    /// <summary>Whether an arm was run on a split. The upper bound belongs to every split.</summary>
    public bool Has(SluSplit split, SluArm arm) => arm == SluArms.Offline || Results.Runs.Any(r => r.Arm == SluExperiment.NameOf(split, arm) && r.Error is null);

    /// <summary>What a run got right, item by item.</summary>
    public SluItems Items(SluSplit split, SluArm arm, long seed)
    {
        var of = arm == SluArms.Offline ? SluExperiment.Offline : split;
        if (!items.TryGetValue((of, arm.Name, seed), out var known))
        {
            items[(of, arm.Name, seed)] = known = experiment.Items(of, experiment.Predictions(of, arm, seed));
        }
        return known;
    }

    /// <summary>A measure of an arm, one value a seed.</summary>
    public double[] Values(SluSplit split, SluArm arm, SluMeasure measure) => [.. Seeds.Select(seed => Items(split, arm, seed).Measure(measure))];

    /// <summary>A measure of one arm less that of another, with a 95 % interval over seeds and test items.</summary>
    public Interval Compare(SluSplit split, SluArm arm, SluArm other, SluMeasure measure, int resamples = 1000) =>
        Compare(split, arm, split, other, measure, resamples);

    /// <summary>The same of arms of two splits.</summary>
    public Interval Compare(SluSplit split, SluArm arm, SluSplit otherSplit, SluArm other, SluMeasure measure, int resamples = 1000) =>
        Bootstrap.OfSeedsAndItems(Seeds.Count, Items(split, arm, Seeds[0]).Count, (s, weights) =>
            Items(split, arm, Seeds[s]).Measure(measure, weights) - Items(otherSplit, other, Seeds[s]).Measure(measure, weights), resamples: resamples);

    /// <summary>One row an arm: the columns of the paper's table, as mean and standard deviation over seeds, and what was forgotten.</summary>
    public Table Table(string title, SluSplit split, params IEnumerable<SluArm> arms)
    {
        var table = new Table("arm", "avg acc", "sd", "last acc", "avg WER", "avg SLU-F1", "last SLU-F1", "forgetting").WithTitle(title);
        foreach (var column in new[] { "avg acc", "sd", "last acc", "avg WER", "avg SLU-F1", "last SLU-F1", "forgetting" })
        {
            table = table.WithFormat(column, "F1");
        }
        foreach (var arm in arms.Where(a => Has(split, a)))
        {
            var accuracy = Values(split, arm, SluMeasure.AverageAccuracy);
            double Mean(SluMeasure measure) => Values(split, arm, measure).Average();
            table = table.WithRow(arm.Name, accuracy.Average(), Spread(accuracy), Mean(SluMeasure.LastAccuracy), Mean(SluMeasure.AverageWer),
                Mean(SluMeasure.AverageSluF1), Mean(SluMeasure.LastSluF1), arm == SluArms.Offline ? null : Seeds.Average(s => 100 * Items(split, arm, s).Matrix().Forgetting));
        }
        return table;
    }

    /// <summary>Each arm less another: the paper's four columns with 95 % intervals over seeds and test items.</summary>
    public Table Differences(string title, SluSplit split, SluArm reference, params IEnumerable<SluArm> arms)
    {
        SluMeasure[] measures = [SluMeasure.AverageAccuracy, SluMeasure.LastAccuracy, SluMeasure.AverageWer, SluMeasure.AverageSluF1];
        var table = new Table("arm", "avg acc", "last acc", "avg WER", "avg SLU-F1").WithTitle(title);
        foreach (var arm in arms.Where(a => Has(split, a) && a != reference))
        {
            table = table.WithRow([arm.Name, .. measures.Select(m => Text(Compare(split, arm, reference, m)))]);
        }
        return table;
    }

    /// <summary>Accuracy on everything seen after each task, mean over seeds with the band from the lowest to the highest.</summary>
    public Figure AfterEachTask(string title, SluSplit split, params IEnumerable<SluArm> arms)
    {
        var figures = new List<Figure>();
        foreach (var arm in arms.Where(a => a != SluArms.Offline && Has(split, a)))
        {
            var x = Enumerable.Range(1, split.Tasks).Select(t => (double)t).ToArray();
            var columns = x.Select((_, task) => Seeds.Select(s => Items(split, arm, s).Accuracy(task)).ToArray()).ToArray();
            figures.Add(Seeds.Count == 1
                ? Chart.Line(x, columns.Select(c => c[0]), arm.Name)
                : Chart.Band(x, columns.Select(c => c.Average()), columns.Select(c => c.Min()), columns.Select(c => c.Max()), arm.Name));
        }
        var figure = Chart.Combine(figures).WithTitle(title).WithXAxis("tasks learned").WithYAxis("intent accuracy on all tasks so far, %", 0, 100);
        return figure.WithHorizontalLine(Values(split, SluArms.Offline, SluMeasure.LastAccuracy).Average(), "offline");
    }

    /// <summary>For each arm the accuracy on each task (across) after training through each task (down), mean over seeds.</summary>
    public Figure Matrices(string title, SluSplit split, params IEnumerable<SluArm> arms)
    {
        var shown = arms.Where(a => a != SluArms.Offline && Has(split, a)).ToArray();
        var names = Enumerable.Range(1, split.Tasks).Select(t => $"{t}").ToArray<object>();
        return Chart.Grid([.. shown.Select(arm =>
        {
            var matrices = Seeds.Select(s => Items(split, arm, s).Matrix()).ToArray();
            var cells = Enumerable.Range(0, split.Tasks).Select(trained => Enumerable.Range(0, split.Tasks)
                .Select(tested => tested > trained ? double.NaN : 100 * matrices.Average(m => m[trained, tested])));
            return Chart.Heatmap(cells, names, names, min: 0, max: 100).WithTitle(arm.Name).WithXAxis("tested on task").WithYAxis("trained through");
        })], columns: Math.Min(shown.Length, 3), title: title);
    }

    /// <summary>How many of the pseudo-targets are the gold string, mean over boundaries and seeds.</summary>
    public Table ExactMatches(params IEnumerable<SluArm> arms)
    {
        var table = new Table(["arm", .. Splits.Select(s => s.Name)]).WithTitle("Pseudo-targets that are the gold string, %");
        foreach (var split in Splits)
        {
            table = table.WithFormat(split.Name, "F1");
        }
        foreach (var arm in arms.Where(a => a.Kd.HasFlag(SluKd.Sequence)))
        {
            var cells = Splits.Select(split => Has(split, arm) && Results.Of(SluExperiment.NameOf(split, arm), "ExactMatch") is { Length: > 0 } values ? values.Average() : (double?)null).ToArray();
            if (cells.Any(c => c is not null))
            {
                table = table.WithRow([arm.Name, .. cells.Select(c => (object?)c)]);
            }
        }
        return table;
    }

    /// <summary>
    /// Test utterances of the first task whose intent one arm has forgotten in the end and another still knows, with what both
    /// write: one of each intent, in the order of the test.
    /// </summary>
    public Table Examples(SluSplit split, SluArm forgets, SluArm remembers, int count = 6)
    {
        var table = new Table("said", "gold", forgets.Name, remembers.Name).WithTitle($"What '{forgets.Name}' forgets and '{remembers.Name}' remembers ({split.Name}, seed {Seeds[0]})");
        if (!Has(split, forgets) || !Has(split, remembers))
        {
            return table;
        }
        var lost = experiment.Predictions(split, forgets, Seeds[0])[^1].ToDictionary(p => p.File);
        var kept = experiment.Predictions(split, remembers, Seeds[0])[^1].ToDictionary(p => p.File);
        var tasks = experiment.Tasks(split);
        var shown = experiment.Data.Test.Data.Recordings
            .Where(r => tasks.TaskOf(r.Meaning.Scenario) == 0 && lost[r.File].Meaning.Intent != r.Meaning.Intent && kept[r.File].Meaning.Intent == r.Meaning.Intent)
            .DistinctBy(r => r.Meaning.Intent).Take(count);
        foreach (var r in shown)
        {
            table = table.WithRow(r.Transcript, Read(r.Target()), Read(lost[r.File].Text), Read(kept[r.File].Text));
        }
        return table;

        static string Read(string text) => text.Replace(" _SEP ", " | ").Replace(" _FILL ", ": ");
    }

    private static double? Spread(double[] values) => values.Length > 1 ? Sample.StandardDeviation(values) : null;

    private static string Text(Interval i) => FormattableString.Invariant($"{i.Estimate:+0.0;-0.0;0.0} [{i.Low:0.0}, {i.High:0.0}]");
}
