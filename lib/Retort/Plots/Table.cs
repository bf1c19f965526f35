using System.Collections;
using System.Reflection;

namespace Retort.Plots;

/// <summary>
/// A small table of results with ordered columns. Cells hold any value; how they are written is a column's number format.
/// Tables do not change: each method returns another one.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class Table : IDisplayable, IEnumerable<IReadOnlyDictionary<string, object?>>
{
    private readonly List<object?[]> rows;
    private readonly Dictionary<string, string> formats;

    private Table(IReadOnlyList<string> columns, List<object?[]> rows, Dictionary<string, string> formats, string title)
    {
        var twice = columns.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null)
        {
            throw new ArgumentException($"column '{twice.Key}' occurs twice");
        }
        Columns = columns;
        this.rows = rows;
        this.formats = formats;
        Title = title;
    }

    /// <summary>An empty table of these columns; <see cref="WithRow"/> adds to it.</summary>
    public Table(params string[] columns)
        : this(columns, [], [], "")
    {
    }

    /// <summary>The columns' names, in order.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The caption, empty where there is none.</summary>
    public string Title { get; }

    /// <summary>Number of rows.</summary>
    public int Count => rows.Count;

    /// <summary>A cell.</summary>
    /// <exception cref="ArgumentException">No such column.</exception>
    public object? this[int row, string column] => rows[row][Index(column)];

    /// <summary>A column's cells.</summary>
    public IReadOnlyList<object?> this[string column] => [.. rows.Select(r => r[Index(column)])];

    /// <summary>The rows in order, each from column name to cell: for loops and LINQ.</summary>
    public IEnumerator<IReadOnlyDictionary<string, object?>> GetEnumerator() =>
        rows.Select(row => (IReadOnlyDictionary<string, object?>)Columns.Zip(row).ToDictionary(pair => pair.First, pair => pair.Second)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>One row an item, one column a public property, in the order in which they are declared.</summary>
    /// <param name="items">records or anonymous objects</param>
    /// <param name="title">the caption</param>
    public static Table Of<T>(IEnumerable<T> items, string title = "")
    {
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.GetIndexParameters().Length == 0 && p.CanRead).OrderBy(p => p.MetadataToken).ToArray();
        return new Table([.. properties.Select(p => p.Name)],
            [.. items.Select(item => properties.Select(p => p.GetValue(item)).ToArray())], [], title);
    }

    /// <summary>Another row.</summary>
    /// <exception cref="ArgumentException">Not one cell a column.</exception>
    public Table WithRow(params object?[] cells)
    {
        if (cells.Length != Columns.Count)
        {
            throw new ArgumentException($"{cells.Length} cells for {Columns.Count} columns");
        }
        return new Table(Columns, [.. rows, (object?[])cells.Clone()], formats, Title);
    }

    /// <summary>The caption.</summary>
    public Table WithTitle(string title) => new(Columns, rows, formats, title);

    /// <summary>How numbers of a column are written, such as "0.000" or "P1"; culture plays no part.</summary>
    public Table WithFormat(string column, string format)
    {
        Index(column);
        return new Table(Columns, rows, new(formats) { [column] = format }, Title);
    }

    /// <summary>Other names for columns.</summary>
    public Table Renamed(params (string From, string To)[] names)
    {
        var map = names.ToDictionary(n => Columns[Index(n.From)], n => n.To);
        return new Table([.. Columns.Select(c => map.GetValueOrDefault(c, c))], rows,
            formats.ToDictionary(f => map.GetValueOrDefault(f.Key, f.Key), f => f.Value), Title);
    }

    /// <summary>Only these columns, in this order.</summary>
    public Table Select(params string[] columns)
    {
        var places = columns.Select(Index).ToArray();
        return new Table([.. columns], [.. rows.Select(r => places.Select(p => r[p]).ToArray())],
            formats.Where(f => columns.Contains(f.Key)).ToDictionary(f => f.Key, f => f.Value), Title);
    }

    /// <summary>Only the rows for which the condition holds.</summary>
    public Table Where(Func<Func<string, object?>, bool> condition) =>
        new(Columns, [.. rows.Where(r => condition(name => r[Index(name)]))], formats, Title);

    /// <summary>
    /// One row for each combination of the key columns, in the order of first appearance; the value columns become
    /// <see cref="Spread"/>: mean ± standard deviation and interval. Cells that are empty or NaN are left out; a column "n" counts rows.
    /// </summary>
    /// <param name="by">the key columns</param>
    /// <param name="values">columns of numbers</param>
    /// <exception cref="ArgumentException">A value that is not a number (column and row named).</exception>
    public Table Grouped(IReadOnlyList<string> by, params string[] values)
    {
        var keys = by.Select(Index).ToArray();
        var groups = rows.Select((row, i) => (Row: row, Index: i)).GroupBy(r => string.Join('\u001f', keys.Select(k => TableCells.Write(r.Row[k], null))));
        var grouped = new List<object?[]>();
        foreach (var group in groups)
        {
            var first = group.First().Row;
            var cells = keys.Select(k => first[k]).ToList();
            foreach (var value in values)
            {
                var place = Index(value);
                var numbers = group.Where(r => r.Row[place] is not null).Select(r => TableCells.Number(r.Row[place])
                    ?? throw new ArgumentException($"column '{value}', row {r.Index}: '{r.Row[place]}' is not a number"))
                    .Where(v => !double.IsNaN(v)).ToArray();
                cells.Add(numbers.Length == 0 ? null : Spread.Of(numbers));
            }
            cells.Add(group.Count());
            grouped.Add([.. cells]);
        }
        return new Table([.. by, .. values, "n"], grouped, new(formats), Title);
    }

    /// <summary>The cells as text, as a reader sees them.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Written() =>
        [.. rows.Select(r => (IReadOnlyList<string>)[.. r.Select((cell, i) => TableCells.Write(cell, formats.GetValueOrDefault(Columns[i])))])];

    /// <summary>Comma-separated values with a header (RFC 4180); numbers in full precision; a spread becomes mean, sd, low, high and n.</summary>
    public string ToCsv() => TableWriters.Csv(Columns, rows);

    /// <summary>A JSON list of objects; not-a-number is null.</summary>
    public string ToJson() => TableWriters.JsonList(Columns, rows);

    /// <summary>A table in GitHub's Markdown.</summary>
    public string ToMarkdown() => TableWriters.Markdown(this, RightAligned());

    /// <summary>Writes .csv, .json or .md, whole or not at all.</summary>
    /// <exception cref="ArgumentException">Another extension.</exception>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.WriteText(path, Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => ToCsv(),
        ".json" => ToJson(),
        ".md" => ToMarkdown(),
        var other => throw new ArgumentException($"a table is saved as .csv, .json or .md, not '{other}'", nameof(path)),
    });

    /// <inheritdoc/>
    public string ToHtml() => TableWriters.Html(this, RightAligned());

    /// <inheritdoc/>
    public string ToText() => TableWriters.Text(this, RightAligned());

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();

    // Columns of numbers stand right.
    private bool[] RightAligned() => [.. Columns.Select((_, i) =>
        rows.Any(r => r[i] is not null) && rows.All(r => r[i] is null or Spread || TableCells.Number(r[i]) is not null))];

    private int Index(string column)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i] == column)
            {
                return i;
            }
        }
        throw new ArgumentException($"no column '{column}', there are: {string.Join(", ", Columns)}");
    }
}
