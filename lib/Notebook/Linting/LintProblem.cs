namespace Retort.Notebook;

/// <summary>A place in a notebook that breaks a rule.</summary>
/// <param name="Cell">Number of the cell among all cells, from 1; 0 for the notebook as a whole.</param>
/// <param name="Line">Line in the cell, from 1; 0 for the cell as a whole.</param>
/// <param name="Rule">The rule's name.</param>
/// <param name="Problem">What is wrong.</param>
public sealed record LintProblem(int Cell, int Line, string Rule, string Problem)
{
    public override string ToString() => $"{(Cell == 0 ? "notebook" : $"cell {Cell}")}{(Line == 0 ? "" : $", line {Line}")}: {Rule}: {Problem}";
}
