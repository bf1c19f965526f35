using Retort.Bench;
using Spectre.Console;

// Groups of figures; without arguments all of them. Each row says what was asked for and what was measured.
var groups = new Dictionary<string, Func<IEnumerable<Row>>>
{
    ["overhead"] = EngineBench.Overhead,
    ["ced"] = EngineBench.Ced,
    ["store"] = StoreBench.All,
    ["slu"] = SluBench.All,
    ["ger"] = GerBench.All,
    ["llama"] = GerBench.TinyLlama,
    ["speech"] = SpeechBench.All,
    ["talker"] = TalkerBench.All,
    ["rendering"] = TalkerBench.Rendering,
    ["host"] = HostBench.All,
    ["ablation"] = AblationBench.All,
    ["caption"] = CaptionBench.All,
};
var asked = args.Length == 0 ? [.. groups.Keys.Where(g => g is not ("llama" or "rendering"))] : args;
foreach (var unknown in asked.Where(name => !groups.ContainsKey(name)))
{
    Console.Error.WriteLine($"bench: no group named '{unknown}'; known: {string.Join(", ", groups.Keys)}");
    return 2;
}
var table = new Spectre.Console.Table().AddColumns("figure", "measured", "asked for", "reached");
foreach (var name in asked)
{
    foreach (var row in groups[name]())
    {
        Console.Error.WriteLine($"{row.Figure}: {row.Measured}");
        table.AddRow(Markup.Escape(row.Figure), Markup.Escape(row.Measured), Markup.Escape(row.Asked), row.Reached is null ? "" : row.Reached.Value ? "yes" : "no");
    }
}
AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 150);
AnsiConsole.Write(table);
return 0;

/// <summary>One figure: what was measured and what was asked for.</summary>
internal sealed record Row(string Figure, string Measured, string Asked, bool? Reached)
{
    public static Row Of(Pair pair, double least, string remark = "") => new(
        pair.Name,
        FormattableString.Invariant($"{pair.OurRate:G4} against {pair.TheirRate:G4} {pair.Unit}: ratio {pair.Ratio:F2} ({pair.Range.Low:F2} to {pair.Range.High:F2}){remark}"),
        FormattableString.Invariant($"ratio {least:F2}"),
        pair.Ratio >= least);
}
