using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>One claim as the library's claims.json holds it: what a paper found and what became of it here.</summary>
internal sealed record ReportClaim
{
    public required string Id { get; init; }

    public required string Paper { get; init; }

    public required string Says { get; init; }

    public required string Published { get; init; }

    public required string Measured { get; init; }

    public required double Effect { get; init; }

    public double Low { get; init; }

    public double High { get; init; }

    public double? PValue { get; init; }

    public string Test { get; init; } = "";

    public IReadOnlyList<string> Seeds { get; init; } = [];

    public required string Size { get; init; }

    public string Notes { get; init; } = "";

    public string Notebook { get; init; } = "";

    public string Cell { get; init; } = "";

    /// <summary>reproduced, not-reproduced or undecided.</summary>
    public required string Verdict { get; init; }

    public string VerdictText => Verdict.Replace('-', ' ');

    /// <summary>The effect with its interval.</summary>
    public string Interval
    {
        get
        {
            if (!double.IsFinite(Effect))
            {
                return "not measured";
            }
            var text = Effect.ToString("G4", CultureInfo.InvariantCulture);
            return double.IsFinite(Low) && double.IsFinite(High) ? string.Create(CultureInfo.InvariantCulture, $"{text} [{Low:G4}, {High:G4}]") : text;
        }
    }

    /// <summary>All claims of a folder's claims.json; none where there is no such file.</summary>
    public static IReadOnlyList<ReportClaim> Read(string folder)
    {
        var path = Path.Combine(folder, "claims.json");
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
            throw new NotebookException(path, "top level", "expected a list of claims");
        }
        return [.. list.Select((item, index) => One(item as JsonObject, path, index + 1))];
    }

    private static ReportClaim One(JsonObject? json, string path, int number)
    {
        var place = $"claim {number}";
        if (json is null)
        {
            throw new NotebookException(path, place, "expected an object");
        }
        string Text(string name) => json[name]?.ToString() ?? "";
        string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw new NotebookException(path, place, $"has no '{name}'");
        double? Number(string name) => json[name] switch
        {
            null => null,
            JsonValue value when double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
            var other => throw new NotebookException(path, $"{place}, {name}", $"expected a number, found {other.ToJsonString()}"),
        };
        var verdict = Required("verdict") switch
        {
            "Reproduced" => "reproduced",
            "NotReproduced" => "not-reproduced",
            "Undecided" => "undecided",
            var other => throw new NotebookException(path, $"{place}, verdict", $"expected Reproduced, NotReproduced or Undecided, found '{other}'"),
        };
        return new ReportClaim
        {
            Id = Required("id"),
            Paper = Required("paper"),
            Says = Required("says"),
            Published = Text("published"),
            Measured = Text("measured"),
            Effect = Number("effect") ?? double.NaN,
            Low = Number("low") ?? double.NaN,
            High = Number("high") ?? double.NaN,
            PValue = Number("pValue"),
            Test = Text("test"),
            Seeds = json["seeds"] is JsonArray seeds ? [.. seeds.Select(seed => seed?.ToString() ?? "")] : [],
            Size = Required("size"),
            Notes = Text("notes"),
            Notebook = Text("notebook"),
            Cell = Text("cell"),
            Verdict = verdict,
        };
    }
}
