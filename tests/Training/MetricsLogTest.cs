using Retort.Training;

namespace Retort.Tests.Training;

public sealed class MetricsLogTest
{
    private static void Fill(MetricsLog log, int from, int to)
    {
        for (var step = from; step <= to; step++)
        {
            log.Add(step, new Dictionary<string, double> { ["loss"] = 1.0 / (step + 3), ["rate"] = 1e-3 });
            if (step % 4 == 0 && step > 0)
            {
                log.Add(step, new Dictionary<string, double> { ["a, \"quoted\" name"] = Math.Sqrt(step) });
            }
        }
    }

    [Fact]
    public void Resumed_AtAnyStep_LeavesTheFileOfAnUnkilledRun()
    {
        using var folder = new Folder();
        using (var whole = new MetricsLog(folder["whole.csv"]))
        {
            Fill(whole, 0, 20);
        }
        var expected = File.ReadAllText(folder["whole.csv"]);
        for (var kept = -1; kept < 20; kept++)
        {
            var path = folder[$"{kept}.csv"];
            using (var killed = new MetricsLog(path))
            {
                Fill(killed, 0, Math.Min(kept + 6, 20));
            }
            // The kill cut the last row short.
            File.AppendAllText(path, "21,0.0");
            using (var resumed = new MetricsLog(path, kept))
            {
                Assert.Equal(kept + 1, resumed.Rows.Count);
                Fill(resumed, kept + 1, 20);
            }
            Assert.Equal(expected, File.ReadAllText(path));
        }
    }

    [Fact]
    public void Read_ValuesOfAllKinds_ComeBackToTheBit()
    {
        using var folder = new Folder();
        double[] values = [0.1, 1.0 / 3, double.Epsilon, -double.MaxValue, double.NaN, double.PositiveInfinity];
        using (var log = new MetricsLog(folder["m.csv"]))
        {
            for (var i = 0; i < values.Length; i++)
            {
                log.Add(i * 10, new Dictionary<string, double> { ["x"] = values[i] });
            }
            log.Add(90, new Dictionary<string, double> { ["y"] = 1 });
        }
        using var read = MetricsLog.Read(folder["m.csv"]);
        var (steps, back) = read.Series("x");
        Assert.Equal(values, back);
        Assert.Equal([0, 10, 20, 30, 40, 50], steps);
        Assert.Equal(["x", "y"], read.Names);
    }

    [Theory]
    [InlineData("step,loss\n0,1\n1,abc\n", "line 3")]
    [InlineData("time,loss\n0,1\n", "line 1")]
    [InlineData("step,loss\n0\n", "line 2")]
    public void Read_OtherFile_NamesTheLine(string text, string place)
    {
        using var folder = new Folder();
        File.WriteAllText(folder["m.csv"], text);
        var e = Assert.Throws<BadInputException>(() => MetricsLog.Read(folder["m.csv"]));
        Assert.Equal((folder["m.csv"], place), (e.Input, e.Place));
    }

    [Fact]
    public void Add_EarlierStep_IsRefused()
    {
        using var log = new MetricsLog();
        log.Add(5, new Dictionary<string, double> { ["x"] = 1 });
        Assert.Throws<ArgumentException>(() => log.Add(4, new Dictionary<string, double> { ["x"] = 1 }));
        Assert.Throws<ArgumentException>(() => log.Add(6, new Dictionary<string, double> { ["step"] = 1 }));
    }
}
