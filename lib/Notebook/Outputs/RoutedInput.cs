namespace Retort.Notebook;

/// <summary>
/// Standard input of cells: a line is asked of the user where the front end can ask; where it cannot, a cell that reads
/// learns it at once instead of waiting for ever.
/// </summary>
internal sealed class RoutedInput : TextReader
{
    public override int Peek() => throw Refusal("only whole lines can be read");

    public override int Read() => throw Refusal("only whole lines can be read");

    public override string ReadLine() => Ask("");

    public override string ReadToEnd() => throw Refusal("only whole lines can be read");

    /// <summary>Asks for a line on behalf of the cell that the calling code belongs to.</summary>
    public static string Ask(string prompt) => RoutedConsole.Current is { Input: { } input } cell ? Asked(cell, input, prompt) : throw Refusal("nobody can be asked");

    private static string Asked(CellOutput cell, Func<string, string> input, string prompt)
    {
        cell.Flush(); // what the cell has printed so far is the question
        return input(prompt);
    }

    private static NotSupportedException Refusal(string why) => new($"Cells have no standard input here: {why}. Put the value into a variable.");
}
