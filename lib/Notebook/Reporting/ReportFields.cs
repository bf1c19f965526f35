using System.Globalization;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>The fields of one object of a results file, by name; case and underscores do not count.</summary>
internal sealed class ReportFields
{
    private readonly Dictionary<string, JsonNode?> _fields = [];
    private readonly string _path;
    private readonly string _place;

    public ReportFields(JsonObject json, string path, string place)
    {
        (_path, _place) = (path, place);
        foreach (var (name, value) in json)
        {
            _fields[Plain(name)] = value;
        }
    }

    /// <summary>A text; empty where there is none.</summary>
    public string Text(string name) => _fields.GetValueOrDefault(Plain(name))?.ToString() ?? "";

    public string Required(string name) => Text(name) is { Length: > 0 } text ? text : throw new NotebookException(_path, _place, $"has no '{name}'");

    /// <summary>A number, also one that is written as text, such as "NaN"; null where there is none.</summary>
    public double? Number(string name) => _fields.GetValueOrDefault(Plain(name)) switch
    {
        null => null,
        JsonValue value when double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
        var other => throw Wrong(name, $"expected a number, found {other.ToJsonString()}"),
    };

    public IReadOnlyList<string> List(string name) => _fields.GetValueOrDefault(Plain(name)) is JsonArray items ? [.. items.Select(item => item?.ToString() ?? "")] : [];

    public ReportFields? Object(string name) => _fields.GetValueOrDefault(Plain(name)) is JsonObject inner ? new ReportFields(inner, _path, $"{_place}, {name}") : null;

    public NotebookException Wrong(string name, string problem) => new(_path, $"{_place}, {name}", problem);

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}
