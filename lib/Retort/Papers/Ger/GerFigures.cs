using Retort.Plots;
using Retort.Text;
using Retort.Training;
using static TorchSharp.torch;

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

    /// <summary>Vectors in the two directions in which they differ most (<see cref="TensorFigures.Map"/>), coloured by group.</summary>
    /// <param name="title">above the figure</param>
    /// <param name="vectors">(rows, width)</param>
    /// <param name="groups">the group of each row</param>
    public static Figure Map(string title, Tensor vectors, IReadOnlyList<string> groups) => TensorFigures.Map(title, vectors, groups);
}
