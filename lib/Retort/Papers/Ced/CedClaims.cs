using Retort.Claims;
using Retort.Plots;
using Retort.Statistics;

namespace Retort.Papers.Ced;

/// <summary>
/// What the paper, its code or its authors report of CED, each finding with its numbers and what our arms say of it. The
/// rules were fixed before the arms ran.
/// </summary>
public static class CedClaims
{
    /// <summary>The paper's short name.</summary>
    public const string Paper = "ced";

    private const string NotPublished = "direction only; no numbers published";

    /// <summary>The claims that the report's arms can speak of. Each names the cell that shows its arms.</summary>
    /// <param name="report">the arms' results</param>
    /// <param name="size">the size of the run</param>
    /// <param name="seeds">its seeds</param>
    /// <param name="notebook">the notebook that shows them</param>
    public static IReadOnlyList<Claim> Of(CedReport report, string size, IReadOnlyList<long> seeds, string notebook = "01-consistent-ensemble.ipynb")
    {
        var claims = new List<Claim>();
        void Gain(string id, string cell, string says, string published, string better, string worse, string notes = "")
        {
            if (report.Has(better) && report.Has(worse))
            {
                Add(id, cell, says, published, $"test mAP of '{better}' less that of '{worse}', points", report.Compare(better, worse), ClaimRule.Greater(), notes);
            }
        }
        void Add(string id, string cell, string says, string published, string measured, Interval effect, ClaimRule rule, string notes = "") => claims.Add(new Claim
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
            Seeds = seeds,
            Size = size,
            Rule = rule,
            Notes = notes,
            Notebook = notebook,
            Cell = cell,
        });

        Gain("consistency", "consistency-table", "A student taught on the very view its teachers scored beats one taught with scores of the clean clip",
            "+5 to +7 mAP on AS-20K (author's reply; which off-arm is not said)", "CED", "clean-teacher KD");
        Gain("disable-consistency", "consistency-table", "Consistent teaching beats the published code's own off switch, which gives the student other masks and no shift",
            "+5 to +7 mAP on AS-20K (author's reply; which off-arm is not said)", "CED", "fresh masks");
        Gain("soft-over-labels", "supervision-table", "Stored teacher scores teach a small set of clips better than its labels do",
            "AS-20K: 36.5 mAP for CED-Tiny; 31.1 against 17.7 for a MobileNet in the same group's PSL", "CED", "labels");
        Gain("soft-over-labels-clean", "supervision-table", "They do so without augmentation, too",
            "31.1 against 17.7 mAP (PSL)", "KD, no augmentation", "labels, no augmentation");
        Sizes();
        Gain("more-clips", "others", "The student gains from more clips",
            "36.5 to 48.1 mAP for CED-Tiny from 22 thousand to 1.9 million clips", "4 x clips", "CED",
            "Four times the clips at the same number of stored views, not ninety times.");
        Gain("ensemble", "others", "An ensemble teaches better than one of its members", $"teachers 50.14 against 47.40 mAP; {NotPublished} for students", "CED", "single teacher",
            "One ensemble against its first member; other teachers could give another answer.");
        Gain("top-1-loses", "top-k-table", "Storing too few scores of each view loses accuracy", NotPublished, "CED", "top 1");
        if (report.Has("top 10"))
        {
            Add("top-k-saturates", "top-k-table", "Half of the stored scores are as good as all of them", "20 of 527 scores are stored; no numbers published",
                "test mAP of 'top 10' less that of 'CED' (20 of 28 classes), points", report.Compare("top 10", "CED"), ClaimRule.Within(1),
                "Twenty of 28 classes are nearly all; twenty of 527 are 4 %. The arms 'top 1' and 'top 3' are nearer to the paper's regime.");
        }
        Gain("many-views", "views-table", "Many stored views of each clip are worth their space", $"40 to 120 views stored; {NotPublished}", "CED", "1 view");
        Gain("mixup", "others", "Mixup on the student's side helps on few clips", $"0.5 on AS-20K, none on AS-2M; {NotPublished}", "mixup 0.5", "CED",
            "Published runs are fifty times as long as ours; mixup slows learning at first.");
        Gain("shorter-chunks", "others", "Scores of shorter pieces teach better", "31.1, 34.1, 35.5 mAP at 10, 5, 2 s (PSL; not tested in CED)", "halved clips", "CED",
            "Our clips are half a second to begin with. A half holds one patch of time, and the time mask may cover 38 % of it instead of 19 %: hardly a test of a finding about 10, 5 and 2 s.");
        Gain("mae-start", "others", "Starting from a masked autoencoder beats starting from random weights", "\"declines\" without it (author's reply); no numbers", "MAE start", "CED");
        return claims;

        // Monotone: the smallest step between neighbouring widths must still go up.
        void Sizes()
        {
            string[] widths = ["width 32", "width 48", "CED", "width 96"];
            if (!widths.All(report.Has))
            {
                return;
            }
            var steps = widths.Zip(widths.Skip(1), (small, large) => (small, large, Effect: report.Compare(large, small))).ToArray();
            // "At every step" holds if it holds where it is least certain.
            var least = steps.MinBy(s => s.Effect.Low);
            Add("size", "size-table", "Larger students are better at every step", "36.5 < 38.5 < 41.6 < 44.0 mAP, tiny to base, AS-20K",
                $"least certain gain between neighbouring widths (here '{least.large}' less '{least.small}'), points", least.Effect, ClaimRule.Greater(),
                $"All steps: {string.Join("; ", steps.Select(s => FormattableString.Invariant($"{s.large} less {s.small} {s.Effect.Estimate:+0.0;-0.0}")))}.");
        }
    }

    /// <summary>The paper's storage claim against the bytes of a store of ours.</summary>
    public static Claim Storage(CedStorage storage, string size, string notebook = "01-consistent-ensemble.ipynb") => new()
    {
        Id = $"{Paper}/storage",
        Paper = Paper,
        Says = "The stored scores take 0.3 % of the disk space of the audio",
        Published = "0.3 % of AudioSet (10 views of 84 bytes for each clip of 320,000 bytes, by the code: 0.26 %)",
        Measured = "bytes on disk of our store for each view, times 10 views, over a 10 s clip of 16-bit audio, %",
        Effect = storage.PaperOverhead,
        Test = "counted, not estimated",
        Size = size,
        Rule = ClaimRule.AtMost(0.3),
        Notebook = notebook,
        Cell = "storage",
    };

    /// <summary>Ours beside the published numbers, where there are any, and the difference of the two.</summary>
    public static Table AgainstPublished(CedReport report)
    {
        var table = new Table("effect, mAP points", "ours", "95 % interval", "published", "difference").WithTitle("Ours, published, difference")
            .WithFormat("ours", "+0.0;-0.0").WithFormat("difference", "+0.0;-0.0");
        void Row(string effect, string better, string worse, double? published, string said)
        {
            if (report.Has(better) && report.Has(worse))
            {
                var ours = report.Compare(better, worse);
                table = table.WithRow(effect, ours.Estimate, FormattableString.Invariant($"[{ours.Low:F1}, {ours.High:F1}]"), said, published is { } p ? ours.Estimate - p : null);
            }
        }
        Row("consistent less clean-teacher KD", "CED", "clean-teacher KD", 6, "+5 to +7 (author, AS-20K)");
        Row("consistent less fresh masks", "CED", "fresh masks", 6, "+5 to +7 (author, AS-20K)");
        Row("teacher scores less labels", "CED", "labels", 13.4, "+13.4 (PSL, 10 s)");
        Row("largest less smallest student", "width 96", "width 32", 7.5, "+7.5 (base less tiny, AS-20K)");
        Row("more clips", "4 x clips", "CED", 11.6, "+11.6 (tiny, 22 k to 1.9 M)");
        Row("ensemble less single teacher", "CED", "single teacher", null, "not published");
        Row("20 scores less 1", "CED", "top 1", null, "not published");
        Row("40 views less 1", "CED", "1 view", null, "not published");
        Row("mixup less none", "mixup 0.5", "CED", null, "not published");
        Row("halved clips less whole", "halved clips", "CED", 3, "+3.0 (PSL, 5 s against 10 s)");
        Row("MAE start less random start", "MAE start", "CED", null, "not published");
        return table;
    }
}
