using Retort.Claims;
using Retort.Plots;
using Retort.Statistics;

namespace Retort.Papers.Slu;

/// <summary>
/// What the paper reports of class-incremental spoken language understanding, each finding with its numbers and what our arms
/// say of it, and the control that the paper lacks. The rules were fixed before the arms ran.
/// </summary>
public static class SluClaims
{
    /// <summary>The paper's short name.</summary>
    public const string Paper = "slu";

    /// <summary>The claims that the report's arms can speak of. Each names the cell that shows its arms.</summary>
    /// <param name="report">the arms' results</param>
    /// <param name="size">the size of the run</param>
    /// <param name="notebook">the notebook that shows them</param>
    public static IReadOnlyList<Claim> Of(SluReport report, string size, string notebook = "02-class-incremental-slu.ipynb")
    {
        var claims = new List<Claim>();
        foreach (var split in report.Splits.Where(s => s.Order == SluOrder.Size))
        {
            Of(report, split, size, notebook, claims);
        }
        var (three, six) = (new SluSplit(3), new SluSplit(6));
        if (report.Splits.Contains(three) && report.Splits.Contains(six))
        {
            Add("more-tasks", "after-each-task", "More, smaller tasks are harder: fine-tuning knows less on average over 6 tasks than over 3", "46.27 against 33.56 average accuracy",
                "average accuracy of fine-tuning, 3 tasks less 6, points", report.Compare(three, SluArms.FineTune, six, SluArms.FineTune, SluMeasure.AverageAccuracy));
        }
        return claims;

        void Add(string id, string cell, string says, string published, string measured, Interval effect) =>
            claims.Add(Claim(report, id, cell, says, published, measured, effect, size, notebook));
    }

    /// <summary>Ours beside the published numbers, and the difference of the two, for the arms of a split.</summary>
    public static Table AgainstPublished(SluReport report, SluSplit split, params IEnumerable<SluArm> arms)
    {
        (string Name, SluMeasure Measure, Func<SluPublished, double> Theirs)[] columns =
        [
            ("avg acc", SluMeasure.AverageAccuracy, p => p.AverageAccuracy), ("last acc", SluMeasure.LastAccuracy, p => p.LastAccuracy),
            ("avg WER", SluMeasure.AverageWer, p => p.AverageWer), ("SLU-F1", SluMeasure.AverageSluF1, p => p.SluF1),
        ];
        var table = new Table(["arm", .. columns.SelectMany(c => new[] { c.Name, $"{c.Name}, published", $"{c.Name}, difference" })])
            .WithTitle($"Ours, published, difference: {split.Name}");
        foreach (var (name, _, _) in columns)
        {
            table = table.WithFormat(name, "F1").WithFormat($"{name}, published", "F1").WithFormat($"{name}, difference", "+0.0;-0.0;0.0");
        }
        foreach (var arm in arms.Where(a => report.Has(split, a)))
        {
            if (SluPublished.Of(split, arm) is { } theirs)
            {
                table = table.WithRow([arm.Name, .. columns.SelectMany(c =>
                {
                    var ours = report.Values(split, arm, c.Measure).Average();
                    return new object?[] { ours, c.Theirs(theirs), ours - c.Theirs(theirs) };
                })]);
            }
        }
        return table;
    }

    private static void Of(SluReport report, SluSplit split, string size, string notebook, List<Claim> claims)
    {
        void Gain(string id, string cell, string says, SluArm better, SluArm worse, SluMeasure measure, string published = "", string notes = "")
        {
            if (!report.Has(split, better) || !report.Has(split, worse))
            {
                return;
            }
            // An error rate gains by falling.
            var falls = measure is SluMeasure.AverageWer or SluMeasure.LastWer;
            var effect = falls ? report.Compare(split, worse, better, measure) : report.Compare(split, better, worse, measure);
            var (first, second) = falls ? (worse, better) : (better, worse);
            claims.Add(Claim(report, $"{id}-{split.Tasks}", cell, $"{says} ({split.Name})", published.Length > 0 ? published : Published(split, first, second, measure),
                $"{Name(measure)} of '{first.Name}' less that of '{second.Name}', points", effect, size, notebook, notes));
        }
        Gain("forgetting", "after-each-task", "Fine-tuning forgets: all data at once is far better in the end", SluArms.Offline, SluArms.FineTune, SluMeasure.LastAccuracy);
        Gain("rehearsal", "after-each-task", "A small rehearsal memory brings much of it back", SluArms.Icarl, SluArms.FineTune, SluMeasure.AverageAccuracy);
        Gain("memory-size", "main", "A memory of 5 % remembers more than one of 1 %", SluArms.RandomLarge, SluArms.Random, SluMeasure.AverageAccuracy);
        Gain("selection", "main", "iCaRL's selection remembers more than a random one", SluArms.Icarl, SluArms.Random, SluMeasure.AverageAccuracy);
        Gain("audio-kd", "main", "audio-KD raises SLU-F1", SluArms.Audio, SluArms.Icarl, SluMeasure.AverageSluF1);
        Gain("token-kd", "main", "tok-KD raises SLU-F1", SluArms.Token, SluArms.Icarl, SluMeasure.AverageSluF1);
        Gain("sequence-kd", "main", "seq-KD raises accuracy over rehearsal", SluArms.Sequence, SluArms.Icarl, SluMeasure.AverageAccuracy);
        Gain("sequence-over-token", "main", "seq-KD raises accuracy more than tok-KD", SluArms.Sequence, SluArms.Token, SluMeasure.AverageAccuracy);
        Gain("sequence-over-audio", "main", "seq-KD raises accuracy more than audio-KD", SluArms.Sequence, SluArms.Audio, SluMeasure.AverageAccuracy);
        Gain("audio-and-sequence-wer", "combinations", "audio-KD beside seq-KD lowers WER further", SluArms.AudioSequence, SluArms.Sequence, SluMeasure.AverageWer);
        Gain("audio-and-sequence-f1", "combinations", "audio-KD beside seq-KD raises SLU-F1 further", SluArms.AudioSequence, SluArms.Sequence, SluMeasure.AverageSluF1);
        Gain("sequence-against-gold", "controls", "seq-KD is more than the weight it gives the memory: it beats gold targets replayed at the same weight", SluArms.Sequence, SluArms.Gold,
            SluMeasure.AverageAccuracy, "not measured: the paper has no such control", "Our question, not the paper's claim. Where pseudo-targets are the gold strings, the two arms are the same.");
        Gain("sequence-against-gold-fixed", "controls", "The same at a fixed weight of 0.5", SluArms.SequenceFixed, SluArms.GoldFixed,
            SluMeasure.AverageAccuracy, "not measured: the paper has no such control", "Our question, not the paper's claim.");
        Gain("other-than-gold", "controls", "Pseudo-targets that differ from gold teach more than gold does", SluArms.SequenceOther, SluArms.Gold,
            SluMeasure.AverageAccuracy, "not measured: the paper has no such control", "Our question, not the paper's claim.");
    }

    private static Claim Claim(SluReport report, string id, string cell, string says, string published, string measured, Interval effect, string size, string notebook, string notes = "") => new()
    {
        Id = $"{Paper}/{id}",
        Paper = Paper,
        Says = says,
        Published = published,
        Measured = measured,
        Effect = effect.Estimate,
        Low = effect.Low,
        High = effect.High,
        Test = effect.Method,
        Seeds = report.Seeds,
        Size = size,
        Rule = ClaimRule.Greater(),
        Notes = notes,
        Notebook = notebook,
        Cell = cell,
    };

    private static string Published(SluSplit split, SluArm first, SluArm second, SluMeasure measure)
    {
        if (SluPublished.Of(split, first) is not { } a || SluPublished.Of(split, second) is not { } b)
        {
            return "not published for this split";
        }
        double Of(SluPublished p) => measure switch
        {
            SluMeasure.AverageAccuracy => p.AverageAccuracy,
            SluMeasure.LastAccuracy => p.LastAccuracy,
            SluMeasure.AverageWer => p.AverageWer,
            _ => p.SluF1,
        };
        return FormattableString.Invariant($"{Of(a):F2} against {Of(b):F2}, {Of(a) - Of(b):+0.00;-0.00} (SLURP-{split.Tasks})");
    }

    private static string Name(SluMeasure measure) => measure switch
    {
        SluMeasure.AverageAccuracy => "average accuracy",
        SluMeasure.LastAccuracy => "last accuracy",
        SluMeasure.AverageWer => "average WER",
        SluMeasure.AverageStringWer => "average WER of the whole string",
        SluMeasure.LastWer => "last WER",
        SluMeasure.AverageSluF1 => "average SLU-F1",
        _ => "last SLU-F1",
    };
}
