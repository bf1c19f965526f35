using Retort.Plots;
using Retort.Text;
using TorchSharp;
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

    /// <summary>Vectors in the two directions in which they differ most (principal components), coloured by group.</summary>
    /// <param name="title">above the figure</param>
    /// <param name="vectors">(rows, width)</param>
    /// <param name="groups">the group of each row</param>
    public static Figure Map(string title, Tensor vectors, IReadOnlyList<string> groups)
    {
        if (vectors.dim() != 2 || vectors.shape[0] != groups.Count || vectors.shape[1] < 2 || groups.Count < 2)
        {
            throw new ArgumentException($"{groups.Count} groups do not fit vectors of shape ({string.Join(", ", vectors.shape)})", nameof(groups));
        }
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var centred = vectors - vectors.mean([0L]);
        var (_, _, directions) = linalg.svd(centred, fullMatrices: false);
        var flat = matmul(centred, directions.narrow(0, 0, 2).t());  // (rows, 2)
        var (across, up) = (flat.select(1, 0).contiguous().data<float>().ToArray(), flat.select(1, 1).contiguous().data<float>().ToArray());
        return Chart.Combine(groups.Distinct().Select(group =>
        {
            var rows = Enumerable.Range(0, groups.Count).Where(r => groups[r] == group).ToArray();
            return Chart.Scatter(rows.Select(r => across[r]), rows.Select(r => up[r]), group, size: 4);
        })).WithTitle(title);
    }
}
