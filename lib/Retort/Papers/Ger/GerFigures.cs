using Retort.Data;
using Retort.Metrics;
using Retort.Plots;
using Retort.Statistics;
using Retort.Text;
using Retort.Training;

namespace Retort.Papers.Ger;

/// <summary>Pictures of lists, for the notebook.</summary>
public static class GerFigures
{
    /// <summary>A list with what was said and further texts: wrong words are red, words too many blue, missing ones a red sign.</summary>
    /// <param name="item">the list</param>
    /// <param name="further">names and texts, such as corrections</param>
    public static Html List(GerItem item, params (string Name, string Text)[] further)
    {
        (string Name, string Text)[] rows = [("said", item.List.Truth), .. item.List.Hypotheses.Select((h, i) => ($"{i + 1}", h)), .. further];
        var cells = rows.Select(r => $"<tr><td style='padding-right:12px;text-align:left'>{Escaped(r.Name)}</td><td style='text-align:left'>{Coloured(r.Text, item.List.Truth)}</td></tr>");
        return new Html($"<p>{Escaped(item.Condition)}</p><table>{string.Concat(cells)}</table>", $"{item.Condition}\n{string.Join('\n', rows.Select(r => $"{r.Name}: {r.Text}"))}");
    }

    private static string Coloured(string said, string truth)
    {
        string[] a = truth.Split(' '), b = said.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string In(string colour, string word) => $"<b style='color:{colour}'>{word}</b>";
        return string.Join(' ', EditDistance.Align<string>(a, b).Select(t => t.Kind switch
        {
            EditKind.Match => Escaped(b[t.Hypothesis]),
            EditKind.Substitution => In("#c0392b", Escaped(b[t.Hypothesis])),
            EditKind.Insertion => In("#2f6db3", Escaped(b[t.Hypothesis])),
            _ => In("#c0392b", "&#8709;"),
        }));
    }

    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    /// <summary>What kinds of lists are like: errors of the best hypothesis by kind, both oracles, in percent of the words, and copies of the best.</summary>
    /// <param name="rows">names, and lists of equally many hypotheses</param>
    public static Table Compare(params (string Name, IEnumerable<NBestList> Lists)[] rows)
    {
        string[] rates = ["1-best", "substituted", "lost", "put in", "o_nb", "o_cp", "like the 1-best"];
        var table = rates.Aggregate(new Table(["lists", .. rates]), (t, r) => t.WithFormat(r, "F1")).WithTitle("WER in percent, by kind of error of the 1-best; copies of it in percent");
        foreach (var (name, lists) in rows)
        {
            NBestList[] all = [.. lists];
            string[] truths = [.. all.Select(l => l.Truth)];
            IReadOnlyList<string>[] hypotheses = [.. all.Select(l => l.Hypotheses)];
            double words = truths.Sum(t => t.Split(' ').Length), further = hypotheses.Sum(h => h.Count - 1);
            var kinds = all.SelectMany(l => EditDistance.Align<string>(l.Truth.Split(' '), l.Hypotheses[0].Split(' ')).Select(e => e.Kind)).ToLookup(k => k);
            object Share(EditKind kind) => 100 * kinds[kind].Count() / words;
            table = table.WithRow([name, 100 * ErrorRate.Words(truths, [.. hypotheses.Select(h => h[0])]).Rate, Share(EditKind.Substitution), Share(EditKind.Deletion), Share(EditKind.Insertion),
                100 * NBestOracle.Best(truths, hypotheses).Rate, 100 * NBestOracle.Compositional(truths, hypotheses).Rate, 100 * hypotheses.Sum(h => h.Skip(1).Count(o => o == h[0])) / further]);
        }
        return table;
    }

    /// <summary>An arm's WER less that of the recogniser's best hypothesis, in points: below 0 it helps. The interval is over seeds and lists, paired.</summary>
    /// <param name="report">the arms on the test</param>
    /// <param name="arm">the arm</param>
    /// <param name="test">the test's lists</param>
    /// <param name="which">those that count; null for all</param>
    /// <param name="others">errors and words of other texts in the best hypothesis's place, such as the bare base's, one a list</param>
    public static Effect LessTheBest(AblationReport report, string arm, IReadOnlyList<GerItem> test, Func<GerItem, bool>? which = null, IReadOnlyList<(int Errors, int Words)>? others = null)
    {
        var heard = others ?? [.. test.Select(i => GerStudent.Errors(i.List.Truth, i.List.Hypotheses[0]))];
        var errors = report.SeedsOf(arm).Select(seed => report.Outputs(arm, seed)["errors"]).ToArray();
        var rows = Enumerable.Range(0, test.Count).Where(i => which?.Invoke(test[i]) != false).ToArray();
        return PairedEffect.Of(errors.Length, test.Count, (seed, weights) =>
            100 * rows.Sum(r => (errors[seed][r] - heard[r].Errors) * (weights?[r] ?? 1)) / rows.Sum(r => heard[r].Words * (weights?[r] ?? 1)));
    }

    /// <summary>The gates of the set-up, over all test lists and by condition: WER in percent, and whether the first arm is below the recogniser's best hypothesis.</summary>
    /// <param name="report">the arms on the test</param>
    /// <param name="arms">the arm that is judged, and others to show</param>
    /// <param name="test">the test's lists</param>
    /// <param name="rescored">a list's best hypothesis by rescoring</param>
    public static Table Gates(AblationReport report, IReadOnlyList<string> arms, IReadOnlyList<GerItem> test, Func<GerItem, string> rescored)
    {
        (string Name, Func<GerItem, bool> Which)[] groups = [("all", _ => true), .. test.Where(i => i.Noise is not null).Select(i => i.Noise).Distinct().Order().Select(k => ($"{k}", (Func<GerItem, bool>)(i => i.Noise == k))),
            .. test.Select(i => i.Ratio).Distinct().Order().Select(r => (double.IsInfinity(r) ? "clean" : $"{r} dB", (Func<GerItem, bool>)(i => i.Ratio == r)))];
        string[] rates = ["1-best", "rescored", "o_nb", .. arms];
        var table = rates.Aggregate(new Table(["test lists", "number", .. rates, $"{arms[0]} less 1-best", "95 % interval", "helps"]), (t, r) => t.WithFormat(r, "F1"))
            .WithFormat($"{arms[0]} less 1-best", "+0.0;-0.0;0.0").WithTitle("Gates of the set-up: WER in percent");
        foreach (var (name, which) in groups)
        {
            GerItem[] items = [.. test.Where(which)];
            string[] truths = [.. items.Select(i => i.List.Truth)];
            double Wer(Func<GerItem, string> said) => 100 * ErrorRate.Words(truths, [.. items.Select(said)]).Rate;
            var measure = Measure.Ratio(name, "errors", "words", test.Count, i => which(test[i]));
            var effect = LessTheBest(report, arms[0], test, which);
            table = table.WithRow([name, items.Length, Wer(i => i.List.Hypotheses[0]), Wer(rescored), 100 * NBestOracle.Best(truths, [.. items.Select(i => i.List.Hypotheses)]).Rate,
                .. arms.Select(a => (object)report.SeedsOf(a).Average(seed => measure.Of(report.Outputs(a, seed), null))), effect.Estimate,
                FormattableString.Invariant($"[{effect.Low:F1}, {effect.High:F1}]"), effect.High < 0 ? "yes" : effect.Low > 0 ? "no: it harms" : "undecided"]);
        }
        return table;
    }
}
