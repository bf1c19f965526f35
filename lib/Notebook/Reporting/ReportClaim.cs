using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>One claim as the library's claims.json holds it: what a paper found and what became of it here. Names are read whatever their case, and what is not there is left out.</summary>
internal sealed record ReportClaim
{
    public required string Id { get; init; }

    public required string Paper { get; init; }

    public required string Says { get; init; }

    public required string Published { get; init; }

    /// <summary>The published size of the same effect; null where there is none.</summary>
    public double? PublishedEffect { get; init; }

    public required string Measured { get; init; }

    public string Unit { get; init; } = "";

    public required double Effect { get; init; }

    public double Low { get; init; }

    public double High { get; init; }

    public double? PValue { get; init; }

    /// <summary>The p-value, corrected for all claims of the paper.</summary>
    public double? Corrected { get; init; }

    public int Family { get; init; }

    public string Test { get; init; } = "";

    public IReadOnlyList<string> Seeds { get; init; } = [];

    public IReadOnlyList<double> OfSeeds { get; init; } = [];

    public required string Size { get; init; }

    /// <summary>greater, less, within, share or fact; empty where the file does not say.</summary>
    public string Rule { get; init; } = "";

    public double? Bound { get; init; }

    public double? Negligible { get; init; }

    public string Notes { get; init; } = "";

    public string Notebook { get; init; } = "";

    public string Cell { get; init; } = "";

    /// <summary>reproduced, not-reproduced or undecided.</summary>
    public required string Verdict { get; init; }

    /// <summary>A check of our own: it holds or does not, there is nothing to reproduce.</summary>
    public bool Ours => Says.StartsWith("ours", StringComparison.OrdinalIgnoreCase);

    /// <summary>The verdict in words.</summary>
    public string VerdictText => Words(Verdict, Ours);

    /// <summary>Shares are kept as parts of one and shown in percent.</summary>
    public double Scale => Rule == "share" ? 100 : 1;

    /// <summary>The unit that is shown; claims of one unit share an axis.</summary>
    public string ShownUnit => Rule == "share" ? "%" : Unit;

    /// <summary>The verdict of one claim or of several, in words.</summary>
    internal static string Words(string verdict, bool ours, int claims = 1) => (verdict, ours) switch
    {
        ("reproduced", true) => claims == 1 ? "holds" : "hold",
        ("not-reproduced", true) => claims == 1 ? "does not hold" : "do not hold",
        _ => verdict.Replace('-', ' '),
    };

    /// <summary>All claims of a folder's claims.json; none where there is no such file.</summary>
    public static IReadOnlyList<ReportClaim> Read(string folder) => Items(Path.Combine(folder, "claims.json"), "claim", One);

    /// <summary>A list of objects in a file, or what is wrong with it.</summary>
    internal static IReadOnlyList<T> Items<T>(string path, string what, Func<ReportFields, T> read)
    {
        if (!File.Exists(path))
        {
            return [];
        }
        JsonNode? root;
        try
        {
            root = StrictJson.Parse(File.ReadAllText(path), ignoreCase: true);
        }
        catch (JsonException exception)
        {
            throw new NotebookException(path, $"line {exception.LineNumber + 1}", $"is not JSON: {exception.Message}", exception);
        }
        if (root is not JsonArray list)
        {
            throw new NotebookException(path, "top level", $"expected a list of {what}s");
        }
        return [.. list.Select((item, index) => read(new ReportFields(item as JsonObject ?? throw new NotebookException(path, $"{what} {index + 1}", "expected an object"), path, $"{what} {index + 1}")))];
    }

    private static ReportClaim One(ReportFields fields)
    {
        var rule = fields.Object("rule");
        return new ReportClaim
        {
            Id = fields.Required("id"),
            Paper = fields.Required("paper"),
            Says = fields.Required("says"),
            Published = fields.Text("published"),
            PublishedEffect = fields.Number("publishedEffect"),
            Measured = fields.Text("measured"),
            Unit = fields.Text("unit"),
            Effect = fields.Number("effect") ?? double.NaN,
            Low = fields.Number("low") ?? double.NaN,
            High = fields.Number("high") ?? double.NaN,
            PValue = fields.Number("pValue"),
            Corrected = fields.Number("pHolm"),
            Family = (int)(fields.Number("family") ?? 0),
            Test = fields.Text("test"),
            Seeds = fields.List("seeds"),
            OfSeeds = [.. fields.List("ofSeeds").Select(item => double.TryParse(item, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN)],
            Size = fields.Required("size"),
            Rule = rule?.Text("kind") ?? "",
            Bound = rule?.Number("bound"),
            Negligible = rule?.Number("negligible"),
            Notes = fields.Text("notes"),
            Notebook = fields.Text("notebook"),
            Cell = fields.Text("cell"),
            Verdict = fields.Required("verdict") switch
            {
                "Reproduced" => "reproduced",
                "NotReproduced" => "not-reproduced",
                "Undecided" => "undecided",
                var other => throw fields.Wrong("verdict", $"expected Reproduced, NotReproduced or Undecided, found '{other}'"),
            },
        };
    }
}
