using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Retort.Notebook;
using Retort.Papers.Slu;

namespace Retort.Tests.Papers.Slu;

/// <summary>The rule of notebook 02's regime in the outputs that stand in it.</summary>
public sealed partial class SluNotebookTest
{
    [GeneratedRegex(@"^\s*(\d+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [Fact]
    public void Rule_InTheCommittedNotebook_IsKeptAndIsTheShareOfTheNumbersBesideIt()
    {
        var cells = NotebookFile.Read(Path.Combine(Repository.Root, "notebooks", "02-class-incremental-slu.ipynb")).Cells;
        var cell = cells.Single(c => c.Source.Contains("ClassIncremental.Learned("));
        var text = string.Concat(cell.Outputs.SelectMany(output => output!["data"]!["text/plain"] is JsonArray lines ? lines.Select(l => l!.ToString()) : [output["data"]!["text/plain"]!.ToString()]));
        double Number(Match row, int column) => double.Parse(row.Groups[column].Value, CultureInfo.InvariantCulture);

        var rows = Row().Matches(text).ToArray();
        Assert.Equal([2, 3], rows.Select(row => (int)Number(row, 1)));
        foreach (var row in rows)
        {
            var learned = new SluLearned((int)Number(row, 1), Number(row, 2), Number(row, 3));
            Assert.Equal(learned.Share, Number(row, 4), 0.006);  // two decimals of numbers with one
            Assert.True(Number(row, 4) >= SluSettings.Rule, row.Value);
        }
    }
}
