using Retort.Notebook;
using Retort.Tests.Notebook;

namespace Retort.Tests.Claims;

/// <summary>
/// The direction of the claims as the notebooks state them. Their claims cell gets a report that holds the published numbers:
/// what the paper found must come out as reproduced, and as not reproduced where every number is turned round.
/// </summary>
public sealed class NotebookClaimsTest
{
    // measure -> arm -> the paper's number (../shared/papers); an arm that is not here has no published number.
    private const string Ced = """
        [""] = new() { ["CED"] = 40, ["clean-teacher KD"] = 34, ["other-view KD"] = 34, ["fresh masks"] = 34, ["labels"] = 26.6,
            ["KD, no views"] = 31.1, ["labels, no views"] = 17.7, ["4 x clips"] = 51.6 },
        """;

    private const string Slu = """
        ["last accuracy"] = new() { ["offline"] = 85.84, ["fine-tuning"] = 18.36, ["rehearsal"] = 61.66 },
        ["average accuracy"] = new() { ["rehearsal"] = 71.30, ["rehearsal, 30"] = 79.79, ["seq-KD"] = 75.93, ["tok-KD"] = 71.60, ["seq + tok"] = 76.44,
            ["fine-tuning"] = 46.27, ["fine-tuning, 6 tasks"] = 33.56 },
        ["average string WER"] = new() { ["rehearsal"] = 28.62, ["seq-KD"] = 28.56, ["audio + seq"] = 27.43 },
        ["average SLU-F1"] = new() { ["rehearsal"] = 60.23, ["seq-KD"] = 61.50, ["tok-KD"] = 61.88, ["audio + seq"] = 63.21 },
        """;

    private const string Report = """
        using Retort.Claims;
        using Retort.Statistics;
        class Published(double sign, Dictionary<string, Dictionary<string, double>> values)
        {
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
        var (size, seeds, settings) = ("full", new long[] { 1, 2, 3 }, new RunSettings([1, 2, 3]));
        """;

    [Theory]
    [InlineData("01-consistent-ensemble.ipynb", Ced, 5)]
    [InlineData("02-class-incremental-slu.ipynb", Slu, 8)]
    public async Task Claims_GivenThePublishedNumbers_AreReproducedAndFlipWhenTheyAreTurnedRound(string notebook, string published, int least)
    {
        var cell = NotebookFile.Read(Path.Combine(Repository.Root, "notebooks", notebook)).Cells.Select(c => c.Source).First(s => s.Contains("new ClaimSet("));
        using var cells = await Cells.StartAsync();
        var library = Path.GetRelativePath(cells.Folder, AppContext.BaseDirectory);
        await cells.Value($"#r \"{library}/Retort.Torch.dll\"\n#r \"{library}/Retort.dll\"");
        await cells.Value(Report);
        foreach (var (sign, expected, never) in new[] { ("1", "Reproduced", "NotReproduced"), ("-1", "NotReproduced", "Reproduced") })
        {
            await cells.Value($"var report = new Published({sign}, new() {{ {published} }});\nvar paired = report;");
            await cells.Value(cell.Replace(".Save()", ""));
            // The claims with a published size, but for "no difference", which is one either way.
            var verdicts = (await cells.Value("string.Join(\" \", claims.Claims.Where(c => c.PublishedEffect is not null && c.Rule.Kind != \"within\").Select(c => $\"{c.Verdict}:{c.Id}\"))"))!.Split(' ');
            Assert.True(verdicts.Count(v => v.StartsWith(expected + ":")) >= least, $"{sign}: {string.Join('\n', verdicts)}");
            Assert.DoesNotContain(verdicts, v => v.StartsWith(never + ":"));
        }
    }
}
