namespace Retort;

/// <summary>
/// Input that cannot be used: a damaged file, a missing program, a label nobody declared. The message is one line that
/// names the file, the place in it and what was expected there. Everything of ours that reads from outside throws this
/// type and no other for what it finds wrong.
/// </summary>
public sealed class BadInputException : Exception
{
    /// <param name="source">the file, folder or program that is at fault</param>
    /// <param name="place">where in it: a byte offset, a line, a key; empty for the whole of it</param>
    /// <param name="problem">what was found and what was expected instead</param>
    /// <param name="inner">the exception that revealed it, if any</param>
    public BadInputException(string source, string place, string problem, Exception? inner = null)
        : base(OneLine(place.Length == 0 ? $"{source}: {problem}" : $"{source}, {place}: {problem}"), inner)
    {
        Input = OneLine(source);
        Place = OneLine(place);
        Problem = OneLine(problem);
    }

    /// <summary>The file, folder or program that is at fault.</summary>
    public string Input { get; }

    /// <summary>Where in <see cref="Input"/>; empty for the whole of it.</summary>
    public string Place { get; }

    /// <summary>What was found and what was expected instead.</summary>
    public string Problem { get; }

    // A damaged file puts anything into a message; a line break in it would look like a second message.
    private static string OneLine(string text) => string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        }
    });
}
