using Retort.Training;
using Spectre.Console;

namespace Retort.Tests.Training;

public sealed class ProgressTest
{
    private sealed class Views : IProgressView
    {
        public List<IReadOnlyList<RunState>> Shown { get; } = [];

        public void Show(IReadOnlyList<RunState> runs, double seconds) => Shown.Add(runs);

        public void Dispose()
        {
        }
    }

    [Fact]
    public void Report_OftenerThanAllowed_IsThrottledAndTheLastStateStays()
    {
        var views = new Views();
        var now = TimeSpan.Zero;
        using (var progress = new Retort.Training.Progress(views, 4, () => now))
        {
            var run = progress.Run("student");
            run.Begin();
            for (var step = 1; step <= 1000; step++)
            {
                now += TimeSpan.FromMilliseconds(1);
                run.Report(step, 2000, new Dictionary<string, double> { ["loss"] = 1.0 / step });
            }
        }
        Assert.InRange(views.Shown.Count, 4, 7);
        var last = Assert.Single(views.Shown[^1]);
        Assert.Equal((1000L, 2000L, RunPhase.Running), (last.Step, last.Total, last.Phase));
        Assert.Equal(0.001, last.Values["loss"]);
        // 999 steps in 0.999 s in this process, 1000 to go.
        Assert.Equal(1.0, last.SecondsLeft!.Value, 1e-9);
    }

    [Fact]
    public void Report_AfterAResume_EstimatesFromTheStepsOfThisProcess()
    {
        var views = new Views();
        var now = TimeSpan.Zero;
        using var progress = new Retort.Training.Progress(views, 1000, () => now);
        var run = progress.Run("student");
        run.Report(900, 1000);
        now += TimeSpan.FromSeconds(10);
        run.Report(950, 1000);
        Assert.Equal(10.0, views.Shown[^1][0].SecondsLeft!.Value, 1e-9);
    }

    [Fact]
    public void Notebook_RunsOfAllPhases_ShowsThemAsHtmlAndText()
    {
        var (html, text) = ("", "");
        using (var progress = Retort.Training.Progress.Notebook((h, t) => (html, text) = (h, t)))
        {
            progress.Run("first <arm>").Done();
            progress.Run("second").Failed("loss is NaN\nat step 3");
            progress.Run("third").Report(5, 10, new Dictionary<string, double> { ["mAP"] = 0.25 });
            progress.Run("fourth");
        }
        Assert.Contains("<td>first &lt;arm&gt;</td><td>done</td>", html);
        Assert.Contains("<td>third</td><td>running</td><td>5/10</td><td>0.25</td>", html);
        Assert.Contains("loss is NaN at step 3", text);
        Assert.Contains("1 of 4 done, 1 failed, 1 running", text);
        Assert.DoesNotContain("<script", html);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Notebook_ManyRunsAllOver_FoldTheirRowsUnlessOneFailed(bool failed, bool folded)
    {
        var html = "";
        using (var progress = Retort.Training.Progress.Notebook((h, _) => html = h))
        {
            for (var i = 0; i < 5; i++)
            {
                progress.Run($"arm {i}").Done();
            }
            if (failed)
            {
                progress.Run("arm 5").Failed("loss is NaN");
            }
        }
        Assert.Equal(folded, html.StartsWith("<details><summary>5 of 5 done, ", StringComparison.Ordinal));
        Assert.Contains("<td>arm 4</td>", html);
    }

    [Fact]
    public void Terminal_TwoStates_DrawsTheSecondOverTheFirst()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 100;
        console.Profile.Height = 40;
        using (var progress = new Retort.Training.Progress(new TerminalProgressView(console), 1000))
        {
            var run = progress.Run("student");
            run.Report(1, 7, new Dictionary<string, double> { ["loss"] = 0.5 });
            run.Done("at rest");
        }
        var text = output.ToString();
        Assert.Contains("1/7", text);
        Assert.Contains("at rest", text);
        // Cursor up, so that the table is drawn in place.
        Assert.Matches("\u001b\\[[0-9]+A", text);
    }

    [Fact]
    public void Lines_ARunThatStandsStill_IsNotRepeated()
    {
        var output = new StringWriter();
        using (var progress = new Retort.Training.Progress(new LinesProgressView(output), 1000))
        {
            progress.Run("a").Report(1, 2, new Dictionary<string, double> { ["loss"] = 0.5 });
            progress.Run("b").Done();
        }
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("a  running  step 1/2  loss 0.5", lines[0]);
        Assert.StartsWith("b  done", lines[1]);
    }
}
