using Retort.Tests.Plots;
using Retort.Claims;
using Retort.Plots;

namespace Retort.Tests.Claims;

public sealed class ClaimTest
{
    [Theory]
    [InlineData(0.002, 0.998, 0.004, Verdict.Reproduced)]
    [InlineData(0.002, 0.998, 0.06, Verdict.Undecided)]
    [InlineData(0.998, 0.002, 0.004, Verdict.NotReproduced)]
    [InlineData(0.998, 0.002, 0.06, Verdict.Undecided)]
    // Certainly there and certainly smaller than what matters.
    [InlineData(0.01, 0.001, 0.02, Verdict.Reproduced)]
    public void Verdict_FollowsFromBothQuestionsAndTheCorrectedP(double holds, double fails, double corrected, Verdict verdict) =>
        Assert.Equal(verdict, (Sheets.Held with { PFor = holds, PAgainst = fails, PHolm = corrected }).Verdict);

    [Fact]
    public void VerdictText_OfACheckOfOurOwn_SaysThatItHoldsNotThatItIsReproduced()
    {
        Assert.Equal(("reproduced", "not reproduced"), (Sheets.Held.VerdictText, Sheets.Failed.VerdictText));
        Assert.Equal("holds", (Sheets.Held with { Says = "Ours: four steps do as well as fifty" }).VerdictText);
        Assert.Equal("does not hold", (Sheets.Failed with { Says = "ours: it is the teacher" }).VerdictText);
    }

    [Fact]
    public void Verdict_WithoutATestOrWithheld_IsUndecided()
    {
        Assert.Equal(Verdict.Reproduced, Sheets.Held.Verdict);
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { PFor = null, PAgainst = null, PValue = null }).Verdict);
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { Seeds = [1] }).Verdict);
        Assert.Contains("one seed", (Sheets.Held with { Seeds = [1] }).ToText());
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { Seeds = [1, 2] }).Verdict);
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { Size = "smoke" }).Verdict);
        Assert.Contains("at size smoke", (Sheets.Held with { Size = "smoke" }).ToText());
    }

    [Fact]
    public void Put_SameId_ReplacesAndKeepsTheOthers()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = new ClaimFile(folder.FullName);
            Assert.Empty(file.Read());
            file.Put(Sheets.Held);
            file.Put(Sheets.Open with { Effect = double.NaN });
            file.Put(Sheets.Held with { Effect = 0.5, Seeds = [7, 8, 9] });
            var claims = new ClaimFile(folder.FullName).Read();
            Assert.Equal(["ced/consistent", "ced/open"], claims.Select(c => c.Id));
            Assert.Equal(0.5, claims[0].Effect);
            Assert.Equal([7L, 8L, 9L], claims[0].Seeds);
            Assert.Equal(ClaimRule.Greater(), claims[0].Rule);
            Assert.True(double.IsNaN(claims[1].Effect));
            Assert.Contains("\"verdict\": \"Reproduced\"", File.ReadAllText(file.Path));
            Assert.Equal(["claims.json", "claims.json.lock"], folder.GetFiles().Select(f => f.Name).Order());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Put_FromManyThreads_LosesNothing()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            Parallel.For(0, 24, i => new ClaimFile(folder.FullName).Put(Sheets.Held with { Id = $"ced/{i:00}" }));
            Assert.Equal(24, new ClaimFile(folder.FullName).Read().Count);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Read_DamagedFile_IsOneClearErrorAndNothingIsOverwritten()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = new ClaimFile(folder.FullName);
            File.WriteAllText(file.Path, "[{\"id\": ");
            Assert.Contains(file.Path, Assert.Throws<BadInputException>(() => file.Put(Sheets.Held)).Message);
            Assert.Equal("[{\"id\": ", File.ReadAllText(file.Path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Text_OfAFailedClaim_SaysSoWithNumbersAndReason()
    {
        var text = Sheets.Failed.ToText();
        Assert.StartsWith("[not reproduced] The same augmented view", text);
        Assert.Contains("-0.080 [-0.120, -0.020], p = 0.006", text);
        Assert.Contains("Short training: the ordering inverts.", text);
        Assert.Contains("not reproduced", Sheets.Failed.ToHtml());
        Assert.DoesNotContain("<script", Sheets.Failed.ToHtml());
    }
}
