namespace Retort.Notebook;

/// <summary>Watches a run.</summary>
public interface IRunProgress
{
    /// <summary>A cell starts; <paramref name="number"/> of <paramref name="count"/> code cells.</summary>
    void CellStarts(int number, int count, string source);

    /// <summary>The newest line of text that the running cell shows, such as its progress.</summary>
    void CellSays(string line);

    /// <summary>A cell has ended.</summary>
    void CellEnds(int number, double seconds, ErrorOutput? error);
}
