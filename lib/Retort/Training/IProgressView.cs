namespace Retort.Training;

/// <summary>Shows the states of runs: a terminal, a notebook, lines of text. <see cref="Progress"/> calls it, one call at a time.</summary>
public interface IProgressView : IDisposable
{
    /// <summary>Shows these states in place of the ones before.</summary>
    /// <param name="runs">every run, in the order of its first mention</param>
    /// <param name="seconds">seconds since the first</param>
    void Show(IReadOnlyList<RunState> runs, double seconds);
}
