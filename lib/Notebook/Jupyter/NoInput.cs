namespace Retort.Notebook;

/// <summary>Standard input of cells: there is none, and a cell that reads learns it at once instead of waiting for ever.</summary>
internal sealed class NoInput : TextReader
{
    public override int Peek() => throw Refusal();

    public override int Read() => throw Refusal();

    public override string? ReadLine() => throw Refusal();

    public override string ReadToEnd() => throw Refusal();

    private static NotSupportedException Refusal() => new("Cells have no standard input here. Put the value into a variable.");
}
