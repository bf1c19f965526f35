namespace Retort.Notebook;

/// <summary>How much one cell may say. What exceeds a limit is counted and the count is shown; nothing is cut silently.</summary>
/// <param name="StreamCharacters">Characters of stdout and stderr together.</param>
/// <param name="Displays">Displayed values; updates of a displayed value do not count.</param>
/// <param name="DisplayCharacters">Characters of all displayed values together; updates, of which the newest counts, are not limited.</param>
/// <param name="FlushSeconds">Text and updates are gathered for this long, so that a fast loop does not flood a front end.</param>
public sealed record OutputLimits(
    long StreamCharacters = 200_000,
    int Displays = 1_000,
    long DisplayCharacters = 200_000_000,
    double FlushSeconds = 0.1);
