using System.Text.Json.Nodes;
using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>What Tab offers, with the cursor where the bar stands in the code.</summary>
public class CompletionTest
{
    private const string Before = """
        record Settings(int Steps = 1) { public double Rate { get; init; } public string Name { get; set; } = ""; public int Twice => 2 * Steps; }
        class Point { public int X; public readonly int Y; public List<int> Items { get; } = new(); public Settings Inner { get; set; } = new(); }
        double Train(Settings settings, int steps = 10, double learningRate = 0.1) => 0;
        double Train(string file, bool resume) => 0;
        Func<int, int> twice = x => 2 * x;
        var paper = new Settings();
        """;

    [Theory]
    [InlineData("paper with { |", "Name,Rate,Steps")]
    [InlineData("paper with { Rate = 1, |", "Name,Steps")]
    [InlineData("paper with { Ra|", "Rate")]
    [InlineData("paper with { Ra| };", "Rate")]
    [InlineData("var p = new Settings { |", "Name,Rate,Steps")]
    [InlineData("var p = new Settings(3) { N|", "Name")]
    [InlineData("Settings p = new() { |", "Name,Rate,Steps")]
    [InlineData("var p = new Point { |", "Inner,X")]
    [InlineData("var p = new Point { Inner = { |", "Name,Rate,Steps")]
    public async Task Complete_OffersWhatFitsTheContext(string code, string expected) => Assert.Equal(expected.Split(','), await Matches(code));

    [Theory]
    [InlineData("Train(paper, lea|", "learningRate:")]
    [InlineData("Train(paper, steps: 3, lea|", "learningRate:")]
    [InlineData("Train(res|)", "resume:")]
    [InlineData("new Settings(St|", "Steps:")]
    [InlineData("twice(ar|", "arg:")]
    public async Task Complete_InACall_OffersTheArgumentsNameFirst(string code, string expected) => Assert.Equal(expected, (await Matches(code))[0]);

    [Theory]
    [InlineData("paper with { Rate = pap|", "paper", "Rate")]
    [InlineData("Train(pap|", "paper", "resume:")]
    [InlineData("var list = new List<Settings> { pap|", "paper", "Rate")]
    [InlineData("if (true) { pap|", "paper", "Rate")]
    public async Task Complete_WhereAValueStands_OffersVariables(string code, string offered, string notOffered)
    {
        var found = await Matches(code);
        Assert.Contains(offered, found);
        Assert.DoesNotContain(notOffered, found);
    }

    [Theory]
    [InlineData("var f = \"da|", "data/", "daten.csv")]
    [InlineData("var f = \"data/|", "a.wav", "b.wav", "more/")]
    [InlineData("var f = \"data/b|\";", "b.wav")]
    [InlineData("#r \"|", "data/", "daten.csv")]
    [InlineData("Open(\"data/more/|", "deep.json")]
    [InlineData("var f = $\"{1}\"; var g = \"data/more/de|", "deep.json")]
    [InlineData("var f = \"nowhere/|")]
    public async Task Complete_InAText_OffersFiles(string code, params string[] expected) => Assert.Equal(expected, await Matches(code));

    private static async Task<IReadOnlyList<string>> Matches(string code)
    {
        using var cells = await Cells.StartAsync();
        foreach (var file in new[] { "daten.csv", ".hidden", "data/a.wav", "data/b.wav", "data/more/deep.json" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(cells.Folder, file))!);
            File.WriteAllText(Path.Combine(cells.Folder, file), "");
        }
        await cells.Value(Before + "\n0");
        int cursor = code.IndexOf('|', StringComparison.Ordinal);
        var answer = new CodeHelp(() => cells.Session).Complete(code.Remove(cursor, 1), cursor);
        return [.. answer["matches"]!.AsArray().Select(item => item!.ToString())];
    }
}
