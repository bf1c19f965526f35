using Retort.Metrics;
using Retort.Plots;
using Retort.Statistics;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>What the arms of a CED experiment gave: numbers, tables, curves and paired comparisons. All mAP in percent.</summary>
public sealed class CedReport
{
    internal const string ScoresFile = "test-scores.safetensors";
    private readonly CedExperiment experiment;
    private readonly float[] teacherScores;
    private readonly Dictionary<(string, long), ScoredItems> scores = [];

    internal CedReport(CedExperiment experiment, AblationResult results, float[] teacherScores) =>
        (this.experiment, Results, this.teacherScores) = (experiment, results, teacherScores);

    /// <summary>Every run.</summary>
    public AblationResult Results { get; }

    /// <summary>Test mAP of the teacher ensemble, in percent.</summary>
    public double TeacherMap => 100 * experiment.Data.TestMap(teacherScores);

    /// <summary>Test mAP of an arm, in percent, one value a seed.</summary>
    public double[] Map(string arm) => [.. Results.Of(arm, "test mAP").Select(v => 100 * v)];

    /// <summary>Whether the arm was run at this size.</summary>
    public bool Has(string arm) => Results.Runs.Any(r => r.Arm == arm && r.Error is null);

    /// <summary>
    /// One row an arm, means over seeds: test mAP with its standard deviation and difference to CED, d-prime of the macro AUC,
    /// and the mean divergence KL(teachers || student) of a test clip's scores, in nats.
    /// </summary>
    /// <param name="title">above the table</param>
    /// <param name="arms">the arms, in order; those that were not run at this size are left out</param>
    public Table Table(string title, params IEnumerable<CedArm> arms)
    {
        var table = new Table("arm", "test mAP", "sd over seeds", "minus CED", "95 % interval", "d'", "KL to teachers").WithTitle(title)
            .WithFormat("test mAP", "F1").WithFormat("sd over seeds", "F1").WithFormat("minus CED", "+0.0;-0.0;0.0").WithFormat("d'", "F2").WithFormat("KL to teachers", "F3");
        foreach (var arm in arms.Prepend(CedArms.Ced).DistinctBy(a => a.Name).Where(a => Has(a.Name)))
        {
            var map = Map(arm.Name);
            var difference = arm.Name == CedArms.Ced.Name ? null : Compare(arm.Name, CedArms.Ced.Name);
            table = table.WithRow(arm.Name, map.Average(), map.Length > 1 ? Sample.StandardDeviation(map) : null, difference?.Estimate,
                difference is null ? "" : FormattableString.Invariant($"[{difference.Low:F1}, {difference.High:F1}]"),
                experiment.Settings.Seeds.Average(seed => RocAuc.DPrime(Scores(arm.Name, seed))), Results.Of(arm.Name, "agreement").Average());
        }
        return table;
    }

    /// <summary>Validation mAP against steps, mean over seeds with the band from the lowest to the highest seed.</summary>
    public Figure Curves(string title, params IEnumerable<CedArm> arms)
    {
        var figures = new List<Figure>();
        foreach (var arm in arms.Where(a => Has(a.Name)))
        {
            var curves = Results.Runs.Where(r => r.Arm == arm.Name && r.Error is null).Select(r => r.Curves["validation mAP"]).ToArray();
            var x = curves[0].X;
            var columns = x.Select((_, i) => curves.Select(c => 100 * c.Y[i]).ToArray()).ToArray();
            figures.Add(curves.Length == 1
                ? Chart.Line(x, columns.Select(c => c[0]), arm.Name)
                : Chart.Band(x, columns.Select(c => c.Average()), columns.Select(c => c.Min()), columns.Select(c => c.Max()), arm.Name));
        }
        return Chart.Combine(figures).WithTitle(title).WithXAxis("step").WithYAxis("validation mAP, %");
    }

    /// <summary>Bars of test mAP, mean over seeds, with the standard deviation over seeds; the teachers' mAP as a line.</summary>
    public Figure Bars(string title, params IEnumerable<CedArm> arms)
    {
        var shown = arms.Where(a => Has(a.Name)).ToArray();
        var maps = shown.Select(a => Map(a.Name)).ToArray();
        return Chart.Bar(shown.Select(a => a.Name), maps.Select(m => m.Average()), "test mAP", maps.Select(m => m.Length > 1 ? Sample.StandardDeviation(m) : 0))
            .WithTitle(title).WithYAxis("test mAP, %").WithHorizontalLine(TeacherMap, "teachers");
    }

    /// <summary>Test mAP of one arm less that of another, in percent, with a 95 % interval over seeds and test clips.</summary>
    public Interval Compare(string arm, string other, int resamples = 1000)
    {
        var seeds = experiment.Settings.Seeds;
        return Bootstrap.OfSeedsAndItems(seeds.Count, experiment.Data.Test.Count, (s, weights) =>
            100 * (AveragePrecision.Macro(Scores(arm, seeds[s]), weights).Mean - AveragePrecision.Macro(Scores(other, seeds[s]), weights).Mean),
            resamples: resamples);
    }

    private ScoredItems Scores(string arm, long seed)
    {
        if (!scores.TryGetValue((arm, seed), out var known))
        {
            using var scope = NewDisposeScope();
            var run = Results.Runs.Single(r => r.Arm == arm && r.Seed == seed);
            var values = SafeTensors.Load(Path.Combine(experiment.RunFolderOf(run), ScoresFile))["scores"].data<float>().ToArray();
            var test = experiment.Data.Test;
            scores[(arm, seed)] = known = ScoredItems.Of(values, [.. Enumerable.Range(0, test.Count).Select(test.Labels)], experiment.Data.Classes);
        }
        return known;
    }

    internal static void SaveScores(string path, float[] scores, int classes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var values = tensor(scores, [scores.Length / classes, classes]);
        SafeTensors.Save(path, [("scores", values)]);
    }

    // Mean over clips and classes of KL(teacher || student), in nats. The student's scores are logits.
    internal static double Agreement(float[] student, float[] teacher, int classes) =>
        Metrics.Agreement.BernoulliKl([.. student.Select(x => 1 / (1 + MathF.Exp(-x)))], teacher, classes);
}
