using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>
/// An .ipynb file (nbformat 4). What this class does not know stays as it is; written, it is nbformat 4.5 with one space
/// of indentation, as .NET Interactive writes it.
/// </summary>
public sealed class NotebookFile
{
    private static readonly JsonSerializerOptions Writing = new()
    {
        WriteIndented = true,
        IndentSize = 1,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _root;
    private readonly List<NotebookCell> _cells;

    private NotebookFile(string path, JsonObject root, List<NotebookCell> cells)
    {
        FilePath = path;
        _root = root;
        _cells = cells;
    }

    /// <summary>Where it was read from.</summary>
    public string FilePath { get; }

    public IReadOnlyList<NotebookCell> Cells => _cells;

    /// <summary>The notebook's metadata.</summary>
    public JsonObject Metadata => Child(_root, "metadata");

    /// <summary>SHA-256 over the code cells as the author wrote them; injected parameters do not count.</summary>
    public string CodeHash
    {
        get
        {
            var text = string.Join("\n\0\n", _cells.Where(cell => cell.IsCode && !cell.HasTag(Parameters.InjectedTag)).Select(cell => cell.Source));
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        }
    }

    /// <summary>SHA-256 over the stored outputs, however the file breaks their lines: outputs that another program has put in since have another one.</summary>
    public string OutputHash
    {
        get
        {
            static string Content(JsonNode? node) => NotebookCell.Text(node) ?? node!.ToJsonString();
            var parts = from cell in _cells
                        from output in cell.Outputs.OfType<JsonObject>()
                        let data = output["data"] as JsonObject ?? []
                        from part in data.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => item.Key + "\0" + Content(item.Value))
                            .Prepend($"{output["output_type"]}\0{output["name"]}\0{Content(output["text"])}\0{output["ename"]}\0{output["evalue"]}")
                        select part;
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join("\n\0\n", parts))));
        }
    }

    /// <summary>Reads a notebook, or says what is wrong with the file.</summary>
    public static NotebookFile Read(string path)
    {
        JsonNode? json;
        try
        {
            json = StrictJson.Parse(File.ReadAllText(path));
        }
        catch (JsonException exception)
        {
            throw new NotebookException(path, $"line {exception.LineNumber + 1}", $"is not JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException(path, "", $"cannot be read: {exception.Message}", exception);
        }
        if (json is not JsonObject root)
        {
            throw new NotebookException(path, "top level", "a notebook is a JSON object");
        }
        if (root["nbformat"] is not JsonValue format || !format.TryGetValue(out int version) || version != 4)
        {
            throw new NotebookException(path, "nbformat", $"expected 4, found {root["nbformat"]?.ToJsonString() ?? "none"}");
        }
        if (root["cells"] is not JsonArray cells)
        {
            throw new NotebookException(path, "cells", "expected a list of cells");
        }
        var list = new List<NotebookCell>();
        foreach (var cell in cells)
        {
            list.Add(cell is JsonObject item ? new NotebookCell(item, path, list.Count + 1) : throw new NotebookException(path, $"cell {list.Count + 1}", "expected an object"));
        }
        return new NotebookFile(path, root, list);
    }

    /// <summary>Puts a new code cell at this place.</summary>
    public NotebookCell Insert(int index, string source, string tag)
    {
        var cell = NotebookCell.Code(source, tag);
        _cells.Insert(index, cell);
        return cell;
    }

    public void Remove(NotebookCell cell) => _cells.Remove(cell);

    /// <summary>The file's text.</summary>
    public string ToJson()
    {
        var names = new HashSet<string>();
        var cells = new JsonArray();
        foreach (var cell in _cells)
        {
            cell.EnsureId(names);
            cells.Add(cell.Json.DeepClone());
        }
        _root["cells"] = cells;
        _root["nbformat_minor"] = _root["nbformat_minor"] is JsonValue minor && minor.TryGetValue(out int number) ? Math.Max(5, number) : 5;
        _ = Metadata;
        return _root.ToJsonString(Writing) + "\n";
    }

    /// <summary>Writes the file whole or not at all: beside its place, synced, then renamed.</summary>
    public void Write(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                file.Write(Encoding.UTF8.GetBytes(ToJson()));
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new NotebookException(path, "", $"cannot be written: {exception.Message}", exception);
        }
    }

    internal static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }
        return child;
    }
}
