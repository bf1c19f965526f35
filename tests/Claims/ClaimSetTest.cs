using System.Text.Json.Nodes;
using System.Xml.Linq;
using Retort.Claims;
using Retort.Statistics;

namespace Retort.Tests.Claims;

public sealed class ClaimSetTest
{
    private static readonly Effect gain = PairedEffect.OfSeeds([3.0, 3.3, 2.8, 3.1]);
    private static readonly Effect nothing = PairedEffect.OfSeeds([0.1, -0.1, 0.05, -0.08]);
    private static readonly Effect open = PairedEffect.OfSeeds([2.0, -1.0, 3.0, -2.0]);

    private static ClaimSet Set(string size = "full") => new("ced", size, [1, 2, 3, 4], "01-consistent-ensemble.ipynb");

    private static Verdict Of(Effect effect, ClaimRule rule, string size = "full") => Set(size).Add("a", "a beats b", effect, rule, measured: "a less b", unit: "points").Verdict;

    private static ShareEffect Share(params double[] recovered)
    {
        double[] lost = [10.0, 10.4, 9.7, 10.1];
        return PairedEffect.Share(4, 3, (s, _) => recovered[s], (s, _) => lost[s]);
    }

    [Fact]
    public void Verdict_OfEachRule_FlipsWhenTheArmsAreSwapped()
    {
        Assert.Equal(Verdict.Reproduced, Of(gain, ClaimRule.Greater()));
        Assert.Equal(Verdict.NotReproduced, Of(gain.Reversed(), ClaimRule.Greater()));
        Assert.Equal(Verdict.Reproduced, Of(gain.Reversed(), ClaimRule.Less()));
        Assert.Equal(Verdict.NotReproduced, Of(gain, ClaimRule.Less()));
        Assert.Equal(Verdict.Reproduced, Of(PairedEffect.Least([gain, gain]), ClaimRule.Greater()));
        Assert.Equal(Verdict.NotReproduced, Of(PairedEffect.Least([gain, gain.Reversed()]), ClaimRule.Greater()));
        // An arm that recovers most of what is lost, and one that loses more.
        Assert.Equal(Verdict.Reproduced, Of(Share(6.4, 6.7, 6.1, 6.5), ClaimRule.AtLeastShare(0.5)));
        Assert.Equal(Verdict.NotReproduced, Of(Share(-6.4, -6.7, -6.1, -6.5), ClaimRule.AtLeastShare(0.5)));
        Assert.Equal(Verdict.NotReproduced, Of(Share(1.2, 1.1, 1.3, 1.2), ClaimRule.AtLeastShare(0.5)));
    }

    [Fact]
    public void Verdict_OfNoDifference_NeedsTheMarginAndNotMerelyAnIntervalThatHoldsZero()
    {
        Assert.Equal(Verdict.Reproduced, Of(nothing, ClaimRule.Within(1)));
        Assert.Equal(Verdict.Reproduced, Of(nothing.Reversed(), ClaimRule.Within(1)));
        Assert.Equal(Verdict.NotReproduced, Of(gain, ClaimRule.Within(1)));
        Assert.Equal(Verdict.NotReproduced, Of(gain.Reversed(), ClaimRule.Within(1)));
        Assert.True(open.Low < 0 && open.High > 0);
        Assert.Equal(Verdict.Undecided, Of(open, ClaimRule.Within(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => ClaimRule.Within(0));
    }

    [Fact]
    public void Verdict_OfAnEffectTooSmallToMatter_IsNotReproducedOnlyWhereThatWasNamed()
    {
        Assert.Equal(Verdict.Undecided, Of(nothing, ClaimRule.Greater()));
        Assert.Equal(Verdict.NotReproduced, Of(nothing, ClaimRule.Greater(negligible: 1)));
        Assert.Equal(Verdict.NotReproduced, Of(nothing, ClaimRule.Less(negligible: -1)));
        Assert.Equal(Verdict.Undecided, Of(open, ClaimRule.Greater(negligible: 1)));
        Assert.Equal(Verdict.Reproduced, Of(gain, ClaimRule.Greater(negligible: 5)));
        Assert.Throws<ArgumentException>(() => ClaimRule.Greater(bound: 2, negligible: 1));
        Assert.Throws<ArgumentException>(() => ClaimRule.Less(bound: 0, negligible: 1));
    }

    [Fact]
    public void Verdict_AtSmokeOrWithFewerThanThreeSeeds_IsUndecidedForEveryRule()
    {
        foreach (var rule in new[] { ClaimRule.Greater(), ClaimRule.Less(), ClaimRule.Within(10), ClaimRule.Within(0.1) })
        {
            Assert.NotEqual(Verdict.Undecided, Of(gain, rule));
            Assert.Equal(Verdict.Undecided, Of(gain, rule, "smoke"));
            var one = new ClaimSet("ced", "full", [1]).Add("a", "a", PairedEffect.OfSeeds([3.0]), rule);
            Assert.Equal(Verdict.Undecided, one.Verdict);
            Assert.Null(one.PValue);
            var two = new ClaimSet("ced", "full", [1, 2]).Add("a", "a", PairedEffect.OfSeeds([3.0, 3.001]), rule);
            Assert.Equal(Verdict.Undecided, two.Verdict);
            Assert.Contains("at least 3", two.ToText());
        }
    }

    [Fact]
    public void Verdict_BesideManyOthers_IsByTheCorrectedP()
    {
        var effect = PairedEffect.OfSeeds([3.0, 1.5, 4.0, 2.2]);
        Assert.InRange(effect.PValue, 0.005, 0.03);
        var set = Set();
        Assert.Equal(Verdict.Reproduced, set.Add("one", "one", effect, ClaimRule.Greater()).Verdict);
        for (var i = 0; i < 20; i++)
        {
            set.Add($"other-{i}", "other", open, ClaimRule.Greater());
        }
        var claim = set["one"];
        Assert.Equal(effect.PValue, claim.PValue!.Value, 1e-12);
        Assert.Equal(21 * effect.PValue, claim.PHolm!.Value, 1e-9);
        Assert.Equal(Verdict.Undecided, claim.Verdict);
        Assert.Contains("p corrected for 21 claims", claim.ToText());
    }

    [Fact]
    public void Add_TheSameNameAgain_ReplacesTheClaim()
    {
        var set = Set();
        set.Add("a", "first", gain, ClaimRule.Greater());
        set.Add("b", "other", gain, ClaimRule.Greater());
        Assert.Equal("second", set.Add("a", "second", gain.Reversed(), ClaimRule.Greater()).Says);
        Assert.Equal(["ced/a", "ced/b"], set.Claims.Select(c => c.Id));
        Assert.Equal(Verdict.NotReproduced, set["ced/a"].Verdict);
        Assert.Throws<ArgumentException>(() => set["c"]);
        Assert.Contains("over 2 seeds", Assert.Throws<ArgumentException>(() => set.Add("c", "c", PairedEffect.OfSeeds([1.0, 2.0]), ClaimRule.Greater())).Message);
        Assert.Throws<ArgumentException>(() => set.Add("c", "c", gain, ClaimRule.AtLeastShare(0.5)));
    }

    [Fact]
    public void Add_APublishedEffectThatTheRuleDoesNotAskFor_IsRefused()
    {
        foreach (var (rule, right, wrong) in new[] { (ClaimRule.Greater(), 5.0, -5.0), (ClaimRule.Less(), -5, 5), (ClaimRule.Greater(2), 3, 1), (ClaimRule.Within(1), 0.5, -1.5) })
        {
            Assert.Equal(right, Set().Add("a", "a", gain, rule, publishedEffect: right).PublishedEffect);
            Assert.Contains("turned round", Assert.Throws<ArgumentException>(() => Set().Add("a", "a", gain, rule, publishedEffect: wrong)).Message);
        }
        Assert.Throws<ArgumentException>(() => Set().Add("a", "a", Share(6.4, 6.7, 6.1, 6.5), ClaimRule.AtLeastShare(0.5), publishedEffect: 0.4));
    }

    [Fact]
    public void Table_HasOneRowAClaimWithFoldedDetailsAndFactsWithoutVerdict()
    {
        var set = Mixed();
        var html = set.Table("Claims").ToHtml();
        // XML, lest an unclosed element swallow the page.
        var root = XElement.Parse(html.Replace("&ndash;", "-"));
        var rows = root.Descendants("tbody").First().Elements("tr").ToArray();
        Assert.Equal(5, rows.Length);
        Assert.Contains("reproduced", rows[0].Value);
        Assert.Contains("rule", rows[0].Descendants("details").Single().Value);
        Assert.Equal("counted", rows[4].Elements("td").First().Value);
        Assert.DoesNotContain("reproduced", rows[4].Value);
        Assert.Contains("labels &lt;hard&gt;", html);
        Assert.Contains("2 reproduced, 1 not reproduced, 1 undecided", html);
        var text = set.ToText();
        Assert.Contains("(ced/consistency)", text);
        Assert.Contains("3.05 [2.72, 3.38] points", text);
        Assert.Contains("counted", text);
    }

    [Fact]
    public void ForestPlot_OfTwoUnits_IsOnePlotEachWithEveryClaimAndThePublishedSizes()
    {
        var figure = Mixed().ForestPlot();
        Assert.Contains("published", figure.Names);
        Assert.Contains("reproduced", figure.Names);
        Assert.Contains("undecided", figure.Names);
        var svg = figure.ToSvg();
        foreach (var label in new[] { "consistency", "reversed", "undecided so far", "recovered" })
        {
            Assert.Contains($">{label}</text>", svg);
        }
        Assert.DoesNotContain("NaN", svg);
        Assert.Contains(Retort.Plots.Palette.Good, svg);
        Assert.Throws<InvalidOperationException>(() => Set().ForestPlot());
    }

    [Fact]
    public void Save_ReplacesThePapersClaimsKeepsTheOthersAndReadsBackTheSame()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = new ClaimFile(folder.FullName);
            file.Put(new Claim { Id = "ced/gone", Paper = "ced", Says = "", Published = "", Measured = "", Effect = 1, Size = "full", Rule = ClaimRule.Greater() });
            file.Put(new Claim { Id = "slu/kept", Paper = "slu", Says = "", Published = "", Measured = "", Effect = 1, Size = "full", Rule = ClaimRule.Greater() });
            var set = Mixed().Save(file);
            var back = file.Read();
            Assert.Equal(["ced/consistency", "ced/reversed", "ced/undecided-so-far", "ced/recovered", "slu/kept"], back.Select(c => c.Id));
            Assert.Equal(set.Claims.Select(c => c.Verdict), back.Take(4).Select(c => c.Verdict));
            Assert.Equal(set.Claims.Select(c => c.PHolm), back.Take(4).Select(c => c.PHolm));
            Assert.Equal("ced/storage", Assert.Single(file.ReadFacts()).Id);
            // The report reads by name.
            var json = JsonNode.Parse(File.ReadAllText(file.Path))![0]!;
            Assert.Equal("Reproduced", json["verdict"]!.GetValue<string>());
            Assert.Equal(6, json["published_effect"]!.GetValue<double>());
            Assert.Equal(set["consistency"].PHolm, json["p_holm"]!.GetValue<double>());
            Assert.Equal(set["consistency"].PValue, json["pValue"]!.GetValue<double>());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static ClaimSet Mixed()
    {
        var set = Set();
        set.Add("consistency", "Consistent teaching beats labels <hard>", gain, ClaimRule.Greater(), "+5 to +7 mAP", 6, "test mAP, a less b", "points");
        set.Add("reversed", "The other way round", gain.Reversed(), ClaimRule.Greater(), unit: "points");
        set.Add("undecided-so-far", "Cannot be told", open, ClaimRule.Greater(), unit: "points");
        set.Add("recovered", "Recovers most of what is lost", Share(6.4, 6.7, 6.1, 6.5), ClaimRule.AtLeastShare(0.5), "64 %", 0.64, "share of the loss");
        set.AddFact("storage", "Scores are small", "0.3 % of the audio", "0.27 %", "by the store's bytes");
        return set;
    }
}
