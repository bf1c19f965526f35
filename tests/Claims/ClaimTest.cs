using Retort.Tests.Plots;
using Retort.Claims;
using Retort.Plots;

namespace Retort.Tests.Claims;

public sealed class ClaimTest
{
    [Theory]
    [InlineData(0.05, 0.11, 0.004, Verdict.Reproduced)]
    [InlineData(0.05, 0.11, 0.2, Verdict.Undecided)]
    [InlineData(-0.01, 0.11, 0.01, Verdict.Undecided)]
    [InlineData(-0.12, -0.02, 0.99, Verdict.NotReproduced)]
    [InlineData(double.NaN, double.NaN, 0.01, Verdict.Undecided)]
    public void Verdict_OfGreater_FollowsFromIntervalAndTest(double low, double high, double p, Verdict verdict) =>
        Assert.Equal(verdict, (Sheets.Held with { Low = low, High = high, PValue = p }).Verdict);

    [Theory]
    [InlineData(-0.004, 0.004, Verdict.Reproduced)]
    [InlineData(-0.004, 0.02, Verdict.Undecided)]
    [InlineData(0.011, 0.02, Verdict.NotReproduced)]
    public void Verdict_OfWithin_AsksForTheWholeInterval(double low, double high, Verdict verdict) =>
        Assert.Equal(verdict, (Sheets.Held with { Low = low, High = high, Rule = ClaimRule.Within(0.01) }).Verdict);

    [Fact]
    public void Verdict_WithOneSeed_IsUndecidedUnlessCounted()
    {
        Assert.Equal(Verdict.Reproduced, Sheets.Held.Verdict);
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { Seeds = [1] }).Verdict);
        Assert.Contains("one seed", (Sheets.Held with { Seeds = [1] }).ToText());
        Assert.Equal(Verdict.Reproduced, (Sheets.Held with { Seeds = [1], Rule = ClaimRule.AtMost(100) }).Verdict);
    }

    [Fact]
    public void Verdict_AtSmoke_IsUndecidedExceptForCounts()
    {
        Assert.Equal(Verdict.Undecided, (Sheets.Held with { Size = "smoke" }).Verdict);
        Assert.Equal(Verdict.Reproduced, (Sheets.Held with { Size = "smoke", Effect = 84, Rule = ClaimRule.AtMost(84) }).Verdict);
        Assert.Equal(Verdict.NotReproduced, (Sheets.Held with { Size = "smoke", Effect = 85, Rule = ClaimRule.AtMost(84) }).Verdict);
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
        Assert.Contains("-0.080 [-0.120, -0.020], p = 0.99", text);
        Assert.Contains("Short training: the ordering inverts.", text);
        Assert.Contains("not reproduced", Sheets.Failed.ToHtml());
        Assert.DoesNotContain("<script", Sheets.Failed.ToHtml());
    }
}
