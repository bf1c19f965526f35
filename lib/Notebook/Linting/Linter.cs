using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>
/// Keeps notebooks inside the subset that this host, .NET Interactive and its successors all run, and inside the
/// project's own habits: cells as long as a thought, outputs that belong to the code, formulas that every host shows.
/// </summary>
public static class Linter
{
    /// <summary>Longest code cell, in lines.</summary>
    public const int CellLines = 35;

    /// <summary>Longest line of code, in characters: what a notebook's page shows without a break.</summary>
    public const int LineCharacters = 140;

    /// <summary>Longest method, class or lambda, in lines.</summary>
    public const int DefinitionLines = 25;

    /// <summary>Cells with this tag may restore packages; they are no part of the main path.</summary>
    public const string OptionalTag = "optional";

    /// <summary>All problems of a notebook, in order.</summary>
    /// <param name="notebook">The notebook.</param>
    /// <param name="requireOutputs">Whether a notebook without outputs is a problem, too.</param>
    public static IReadOnlyList<LintProblem> Check(NotebookFile notebook, bool requireOutputs = false)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        var problems = new List<LintProblem>();
        CheckMetadata(notebook, problems);
        var variables = new HashSet<string>();
        bool codeBefore = false;
        for (int index = 0; index < notebook.Cells.Count; index++)
        {
            var cell = notebook.Cells[index];
            if (cell.IsCode)
            {
                new CellLinter(cell, index + 1, variables, problems).Check(codeBefore);
                codeBefore |= CellLinter.HasCode(cell.Source);
                CheckOutputs(cell, index + 1, problems);
            }
            else if (cell.Kind == "markdown")
            {
                problems.AddRange(Formulas.Problems(cell.Source).Select(found =>
                    new LintProblem(index + 1, cell.Source.AsSpan(0, found.Position).Count('\n') + 1, "formula", found.Problem)));
            }
        }
        CheckFreshness(notebook, requireOutputs, problems);
        return problems;
    }

    private static void CheckMetadata(NotebookFile notebook, List<LintProblem> problems)
    {
        void Expect(string group, string key, string expected)
        {
            var found = (notebook.Metadata[group] as JsonObject)?[key]?.ToString();
            if (found != expected)
            {
                problems.Add(new LintProblem(0, 0, "metadata", $"{group}.{key} must be '{expected}', found '{found}'"));
            }
        }
        Expect("kernelspec", "name", ".net-csharp");
        Expect("kernelspec", "language", "C#");
        Expect("language_info", "name", "C#");
        if (notebook.Cells.Count(cell => cell.IsCode && cell.HasTag(Parameters.Tag)) > 1)
        {
            problems.Add(new LintProblem(0, 0, "metadata", $"more than one cell is tagged '{Parameters.Tag}'"));
        }
    }

    private static void CheckOutputs(NotebookCell cell, int number, List<LintProblem> problems)
    {
        foreach (var output in cell.Outputs.OfType<JsonObject>().Where(output => output["output_type"]?.ToString() == "error"))
        {
            problems.Add(new LintProblem(number, 0, "error-output", $"the stored output is an error: {output["ename"]}: {output["evalue"]}"));
        }
    }

    private static void CheckFreshness(NotebookFile notebook, bool requireOutputs, List<LintProblem> problems)
    {
        bool any = notebook.Cells.Any(cell => cell.Outputs.Count > 0);
        var run = notebook.Metadata[Runner.MetadataKey] as JsonObject;
        var hash = run?["code_hash"]?.ToString();
        if (!any && requireOutputs && notebook.Cells.Any(cell => cell.IsCode))
        {
            problems.Add(new LintProblem(0, 0, "no-output", "has no outputs; run it with --in-place"));
        }
        else if (any && hash != notebook.CodeHash)
        {
            problems.Add(new LintProblem(0, 0, "stale-output", hash is null ? "has outputs, but not from 'retort-notebook run'" : "the code has changed since the outputs were made; run it with --in-place"));
        }
        else if (any && run?["output_hash"] is { } outputs && outputs.ToString() != notebook.OutputHash)
        {
            problems.Add(new LintProblem(0, 0, "stale-output", "cells were run again by another program since 'retort-notebook run', so that what is noted of the run (size, date, time) is no longer true; run it with --in-place"));
        }
    }
}
