namespace Retort.Notebook;

/// <summary>Input that cannot be used: a notebook, a file of claims or a parameter. The message names the source, the place in it and what was expected.</summary>
public sealed class NotebookException : Exception
{
    public NotebookException(string source, string place, string problem, Exception? cause = null)
        : base($"{source}: {(place.Length == 0 ? "" : place + ": ")}{problem}", cause)
    {
        InputSource = source;
        Place = place;
        Problem = problem;
    }

    public string InputSource { get; }

    public string Place { get; }

    public string Problem { get; }
}
