using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Retort.Data;

/// <summary>Reads comma-separated files row by row; errors name file and line.</summary>
internal static class CsvRows
{
    /// <summary>The rows, one at a time: nothing but the current row is held. Blank lines are left out.</summary>
    /// <param name="path">the file</param>
    /// <param name="comments">lines that begin with # are left out</param>
    /// <param name="delimiter">what stands between two fields</param>
    public static IEnumerable<(int Line, string[] Fields)> Read(string path, bool comments = false, string delimiter = ",")
    {
        using var reader = Open(path);
        var bad = "";
        using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            AllowComments = comments,
            Delimiter = delimiter,
            TrimOptions = TrimOptions.Trim,
            MaxFieldSize = 1 << 20,
            BadDataFound = e => bad = "a quotation mark is out of place",
        });
        while (true)
        {
            string[] fields;
            try
            {
                if (!parser.Read())
                {
                    yield break;
                }
                fields = parser.Record ?? [];
            }
            catch (Exception e) when (e is CsvHelperException or IOException or InvalidDataException)
            {
                throw new BadInputException(path, $"line {parser.RawRow}", $"cannot be read as comma-separated values: {e.Message.Split('\n')[0].Trim()}", e);
            }
            if (bad.Length > 0)
            {
                throw new BadInputException(path, $"line {parser.RawRow}", bad);
            }
            yield return (parser.RawRow, fields);
        }
    }

    /// <summary>The rows of a file whose first row names its columns, as a function from column to field.</summary>
    /// <exception cref="BadInputException">A column is missing or named twice, or a row has fewer fields than columns.</exception>
    public static IEnumerable<(int Line, Func<string, string?> Field)> ReadNamed(string path, params string[] required) =>
        ReadNamed(path, ",", required);

    /// <summary>As above, with the delimiter given.</summary>
    public static IEnumerable<(int Line, Func<string, string?> Field)> ReadNamed(string path, string delimiter, string[] required)
    {
        Dictionary<string, int>? columns = null;
        var width = 0;
        foreach (var (line, fields) in Read(path, delimiter: delimiter))
        {
            if (columns is null)
            {
                columns = [];
                width = fields.Length;
                for (var i = 0; i < fields.Length; i++)
                {
                    var name = fields[i].TrimStart('\uFEFF').ToLowerInvariant();
                    if (!columns.TryAdd(name, i) && name.Length > 0)
                    {
                        throw new BadInputException(path, $"line {line}", $"the column \"{name}\" is named twice");
                    }
                }
                var missing = required.Where(r => !columns.ContainsKey(r)).ToArray();
                if (missing.Length > 0)
                {
                    throw new BadInputException(path, $"line {line}", $"the column {string.Join(" and the column ", missing.Select(m => $"\"{m}\""))} is missing; the columns are {string.Join(", ", fields)}");
                }
                continue;
            }
            if (fields.Length < width)
            {
                throw new BadInputException(path, $"line {line}", $"{fields.Length} fields, the first row names {width}");
            }
            var named = columns;
            yield return (line, column => named.TryGetValue(column, out var at) ? fields[at] : null);
        }
        if (columns is null)
        {
            throw new BadInputException(path, "", "the file is empty; its first row should name the columns");
        }
    }

    public static double? Seconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) && value >= 0 ? value : null;

    private static StreamReader Open(string path)
    {
        try
        {
            return new StreamReader(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be opened: {e.Message}", e);
        }
    }
}
