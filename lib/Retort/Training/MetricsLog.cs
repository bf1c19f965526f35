// One row a logged step, one column a name. The rows are a function of the run, but for the columns of wall-clock time:
// a run that was killed and resumed leaves the table of one that was not.

using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Retort.Training;

/// <summary>
/// A table of what a run measured: column "step", then one column a name in the order of their first appearance. Cells
/// are empty where nothing was measured. With a path it is also a CSV file, appended to row by row. Not safe for use by
/// several threads at once.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
    private readonly string? path;
    private readonly List<string> names = [];
    private readonly List<(long Step, Dictionary<string, double> Values)> rows = [];
    private FileStream? file;

    /// <summary>Opens the table, kept up to the given step; later rows, and a last row cut short by a kill, are dropped.</summary>
    /// <param name="path">the CSV file; null for a table in memory</param>
    /// <param name="keep">the last step whose row is kept; -1 for a new table</param>
    /// <exception cref="BadInputException">The file is not a table that was written here.</exception>
    public MetricsLog(string? path = null, long keep = -1)
    {
        this.path = path;
        if (path is null)
        {
            return;
        }
        if (keep >= 0 && File.Exists(path))
        {
            Load(keep);
        }
        Rewrite();
    }

    /// <summary>The names of the columns after "step".</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The rows, by step.</summary>
    public IReadOnlyList<(long Step, Dictionary<string, double> Values)> Rows => rows;

    /// <summary>The steps and values of one column, without the rows in which it is empty.</summary>
    public (double[] Steps, double[] Values) Series(string name)
    {
        var present = rows.Where(r => r.Values.ContainsKey(name)).ToArray();
        return (present.Select(r => (double)r.Step).ToArray(), present.Select(r => r.Values[name]).ToArray());
    }

    /// <summary>Adds a row, or adds values to the last row if it is of the same step.</summary>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">The step lies before the last row's, or a name is "step" or empty.</exception>
    public void Add(long step, IReadOnlyDictionary<string, double> values)
    {
        if (rows.Count > 0 && step < rows[^1].Step)
        {
            throw new ArgumentException($"step {step} after step {rows[^1].Step}", nameof(step));
        }
        var known = names.Count;
        foreach (var name in values.Keys)
        {
            if (name.Length == 0 || name == "step")
            {
                throw new ArgumentException($"\"{name}\" is no name for a measurement", nameof(values));
            }
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }
        var same = rows.Count > 0 && rows[^1].Step == step;
        if (same)
        {
            foreach (var (name, value) in values)
            {
                rows[^1].Values[name] = value;
            }
        }
        else
        {
            rows.Add((step, new Dictionary<string, double>(values)));
        }
        if (path is null)
        {
            return;
        }
        if (same || names.Count > known)
        {
            Rewrite();
            return;
        }
        Durable.Append(path, () =>
        {
            file!.Write(Encoding.UTF8.GetBytes(Text(rows[^1])));
            file.Flush();
        });
    }

    /// <summary>Returns when the rows have reached the disk.</summary>
    public void Sync() => file?.Flush(flushToDisk: true);

    /// <summary>Closes the file.</summary>
    public void Dispose() => file?.Dispose();

    /// <summary>Reads a table that another process wrote, a last row cut short left out.</summary>
    /// <exception cref="BadInputException">The file is absent or not a table of this kind.</exception>
    public static MetricsLog Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new BadInputException(path, "", "does not exist; expected a table of metrics");
        }
        var log = new MetricsLog();
        log.Load(path, long.MaxValue);
        return log;
    }

    private void Load(long keep) => Load(path!, keep);

    private void Load(string from, long keep)
    {
        var text = File.ReadAllText(from);
        text = text[..(text.LastIndexOf('\n') + 1)];
        if (text.Length == 0)
        {
            return;
        }
        using var csv = new CsvReader(new StringReader(text), Format);
        try
        {
            csv.Read();
            csv.ReadHeader();
            var header = csv.HeaderRecord!;
            if (header.Length == 0 || header[0] != "step")
            {
                throw new BadInputException(from, "line 1", "expected the columns of a table of metrics, \"step\" first");
            }
            while (csv.Read())
            {
                var step = long.Parse(csv.GetField(0)!, CultureInfo.InvariantCulture);
                if (step > keep)
                {
                    break;
                }
                var values = new Dictionary<string, double>();
                for (var i = 1; i < header.Length; i++)
                {
                    if (csv.GetField(i) is { Length: > 0 } cell)
                    {
                        values[header[i]] = double.Parse(cell, CultureInfo.InvariantCulture);
                    }
                }
                rows.Add((step, values));
            }
            // A name that was first measured after the kept rows is not known yet.
            names.AddRange(header.Skip(1).Where(name => rows.Any(r => r.Values.ContainsKey(name))));
        }
        catch (Exception e) when (e is CsvHelperException or FormatException or OverflowException)
        {
            throw new BadInputException(from, $"line {csv.Parser.RawRow}", "expected a step and numbers", e);
        }
    }

    private void Rewrite()
    {
        file?.Dispose();
        AtomicFile.WriteText(path!, Line(["step", .. names]) + string.Concat(rows.Select(Text)));
        file = new FileStream(path!, FileMode.Append, FileAccess.Write, FileShare.Read);
    }

    private string Text((long Step, Dictionary<string, double> Values) row) => Line(
        [row.Step.ToString(CultureInfo.InvariantCulture),
        .. names.Select(name => row.Values.TryGetValue(name, out var value) ? value.ToString("R", CultureInfo.InvariantCulture) : "")]);

    private static string Line(IEnumerable<string> cells)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(writer, Format))
        {
            foreach (var cell in cells)
            {
                csv.WriteField(cell);
            }
            csv.NextRecord();
        }
        return writer.ToString();
    }
}
