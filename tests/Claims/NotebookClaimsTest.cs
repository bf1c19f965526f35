using Retort.Notebook;
using Retort.Tests.Notebook;

namespace Retort.Tests.Claims;

/// <summary>
/// The direction of the claims as the notebooks state them. Their claims cells get a report that holds the published numbers, and, for
/// arms without, numbers in the direction that the claim's words say: all must come out as reproduced, and as not reproduced where every number is turned round.
/// </summary>
public sealed class NotebookClaimsTest
{
    // measure -> arm -> the paper's number (../shared/papers); in the last line of each those that the paper does not have.
    private const string Ced = """
        [""] = new() { ["CED"] = 40, ["clean-teacher KD"] = 34, ["other-view KD"] = 34, ["fresh masks"] = 34, ["labels"] = 26.6,
            ["KD, no views"] = 31.1, ["labels, no views"] = 17.7, ["4 x clips"] = 51.6,
            ["single teacher"] = 38, ["top 1"] = 30, ["top 10"] = 40, ["1 stored"] = 35, ["CED, 4 x steps"] = 41, ["mixup, 4 x steps"] = 42, ["MAE start"] = 43,
            ["width 32"] = 31, ["width 48"] = 36, ["width 96"] = 44, ["all labels"] = 31, ["hard scores"] = 20 },
        """;

    private const string Slu = """
        ["last accuracy"] = new() { ["offline"] = 85.84, ["fine-tuning"] = 18.36, ["rehearsal"] = 61.66 },
        ["average accuracy"] = new() { ["rehearsal"] = 71.30, ["rehearsal, 30"] = 79.79, ["seq-KD"] = 75.93, ["tok-KD"] = 71.60, ["seq + tok"] = 76.44,
            ["fine-tuning"] = 46.27, ["fine-tuning, 6 tasks"] = 33.56,
            ["gold replay"] = 75.90, ["seq-KD, wrong gold"] = 70, ["gold replay, wrong gold"] = 65, ["seq-KD, memory unseen"] = 74, ["gold replay, memory unseen"] = 74 },
        ["new-task accuracy"] = new() { ["rehearsal"] = 88, ["seq-KD"] = 78 },
        ["average string WER"] = new() { ["rehearsal"] = 28.62, ["seq-KD"] = 28.56, ["audio + seq"] = 27.43 },
        ["average SLU-F1"] = new() { ["rehearsal"] = 60.23, ["seq-KD"] = 61.50, ["tok-KD"] = 61.88, ["audio + seq"] = 63.21 },
        """;

    private const string Report = """
        using Retort.Claims;
        using Retort.Statistics;
        class Published(double sign, Dictionary<string, Dictionary<string, double>> values)
        {
            public IReadOnlyList<long> SeedsOf(params string[] arms) => [1, 2, 3];
            public bool Has(string arm) => values.Values.Any(v => v.ContainsKey(arm));
            public Effect Compare(string arm, string other, string measure = "") => Difference(arm, other, measure) is { } d
                ? PairedEffect.OfSeeds([d - 0.001, d, d + 0.001]) : PairedEffect.OfSeeds([-1.0, 0, 1]);
            public ShareEffect Share((string Arm, string Other) part, (string Arm, string Other) whole, string measure = "")
            {
                var (p, w) = (Difference(part.Arm, part.Other, measure) ?? 0, Math.Abs(Difference(whole.Arm, whole.Other, measure) ?? 1));
                return PairedEffect.Share(3, 2, (s, _) => p + 0.001 * s, (s, _) => w);
            }
            private double? Difference(string arm, string other, string measure) =>
                values.GetValueOrDefault(measure) is { } of && of.ContainsKey(arm) && of.ContainsKey(other) ? sign * (of[arm] - of[other]) : null;
        }
        record RunSettings(long[] Seeds);
        var (size, seeds, settings, few) = ("full", new long[] { 1, 2, 3 }, new RunSettings([1, 2, 3]), new long[] { 1, 2, 3 });
        class Store { public long BytesOnDisk = 84, Rows = 1; }
        class Clips { public Store? Scores = new(); }
        var clips = new Clips();
        """;

    [Theory]
    [InlineData("01-consistent-ensemble.ipynb", Ced, 12)]
    [InlineData("02-class-incremental-slu.ipynb", Slu, 10)]
    public async Task Claims_GivenThePublishedNumbers_AreReproducedAndFlipWhenTheyAreTurnedRound(string notebook, string published, int least)
    {
        var all = NotebookFile.Read(Path.Combine(Repository.Root, "notebooks", notebook)).Cells.Where(c => c.IsCode).Select(c => c.Source)
            .Where(s => s.Contains("new ClaimSet(") || s.Contains("claims.Add") || s.Contains("Gain(\"")).ToArray();
        using var cells = await Cells.StartAsync();
        var library = Path.GetRelativePath(cells.Folder, AppContext.BaseDirectory);
        await cells.Value($"#r \"{library}/Retort.Torch.dll\"\n#r \"{library}/Retort.dll\"");
        await cells.Value(Report);
        foreach (var (sign, expected) in new[] { ("1", "Reproduced"), ("-1", "NotReproduced") })
        {
            await cells.Value($"var report = new Published({sign}, new() {{ {published} }});\nvar paired = report;");
            foreach (var cell in all)
            {
                await cells.Value(cell.Replace(".Save()", ""));
            }
            // But for shares of one another, "no difference" and "not more than a margin", which numbers turned round may keep.
            var verdicts = (await cells.Value("string.Join(\" \", claims.Claims.Where(c => c.Rule.Kind is \"greater\" or \"less\" && c.Rule.Bound == 0).Select(c => $\"{c.Verdict}:{c.Id}\"))"))!.Split(' ');
            Assert.True(verdicts.Count(v => v.StartsWith(expected + ":")) >= least, $"{sign}: {string.Join('\n', verdicts)}");
            Assert.All(verdicts, v => Assert.StartsWith(expected + ":", v));
        }
    }
}
