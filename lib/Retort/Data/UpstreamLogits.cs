// The scores that the CED authors released (HDF5 and parquet) come here by way of environment/convert_ced_logits.py, which
// writes a folder of plain files:
//   card.json     {"format":"ced-logits","version":1,"topk":k,"epochs":[{"rows":n,"sha256":of rows,"index_sha256":of index}, ...]}
//   rows_E.bin    epoch E from 1: n rows of (k float16 values, descending | k 16-bit classes | 32-bit seed), little-endian
//   index_E.tsv   n lines of file name, start and end in seconds, tab-separated; line i belongs to row i
// The published files keep each epoch in an order of its own; the store keeps one order, that of epoch 1.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Retort.Audio;

namespace Retort.Data;

/// <summary>
/// Reads the CED authors' released teacher scores into a <see cref="TeacherStore"/>. A row's seed gives the view by
/// <c>Audio.UpstreamReplay</c>, for the section of the file that the clip id names.
/// </summary>
public static class UpstreamLogits
{
    /// <summary>What the cards of such stores name as their algorithm: MT19937 with torch_audiomentations 0.11's draw order.</summary>
    public const string Algorithm = nameof(ViewAlgorithm.Upstream);

    private sealed record Epoch(int Rows, string Sha256, string Index_sha256);

    private sealed record Card(string Format, int Version, int Topk, Epoch[] Epochs);

    /// <summary>The id of a section: file name, start and end, such as <c>Y--PJHxphWEs.wav@0-10</c>.</summary>
    public static string Id(string file, double start, double end) =>
        string.Create(CultureInfo.InvariantCulture, $"{file}@{start:0.###}-{end:0.###}");

    /// <summary>File name, start and end in seconds of a section's id.</summary>
    /// <exception cref="FormatException">It is no such id.</exception>
    public static (string File, double Start, double End) Section(string id)
    {
        var at = id.LastIndexOf('@');
        var dash = at < 0 ? -1 : id.IndexOf('-', at);
        if (dash < 0)
        {
            throw new FormatException($"\"{id}\" is no file name, start and end");
        }
        return (id[..at], double.Parse(id.AsSpan(at + 1, dash - at - 1), CultureInfo.InvariantCulture), double.Parse(id.AsSpan(dash + 1), CultureInfo.InvariantCulture));
    }

    /// <summary>Makes a store of a converted folder. Killed and called again, it continues.</summary>
    /// <param name="converted">the folder that the script wrote</param>
    /// <param name="store">the folder of the store</param>
    /// <param name="classes">the 527 class names, of <see cref="AudioSetFolder.ReadClasses"/></param>
    /// <param name="teacher">the teachers' name, for the store's card</param>
    /// <param name="expect">the ids in their order, when the store's order must be that of a data set; null for the files' own</param>
    /// <returns>the card of the store</returns>
    /// <exception cref="BadInputException">A file is missing or damaged, or an epoch lacks a clip.</exception>
    public static TeacherStoreCard Convert(string converted, string store, IReadOnlyList<string> classes, string teacher = "ced/ensemble5014", IReadOnlyList<string>? expect = null)
    {
        var (cardPath, card) = ReadCard(converted);
        string[] ids = expect is null ? ReadIndex(converted, card, 1) : [.. expect];
        var place = new Dictionary<string, int>();
        for (var i = 0; i < ids.Length; i++)
        {
            place[ids[i]] = i;
        }
        var storeCard = new TeacherStoreCard([teacher], new MelSettings { Floor = DbFloor.Batch }.Identity, new ViewSettings { Algorithm = ViewAlgorithm.Upstream }.Identity, Algorithm, Hashing.Of(["sections", .. ids]), [.. classes], ids.Length, card.Epochs.Length) { TopK = card.Topk };
        using var writer = TeacherStoreWriter.Open(store, storeCard, ids);
        var row = new byte[storeCard.BytesPerView];
        var k = card.Topk;
        for (var epoch = writer.NextView + 1; epoch <= card.Epochs.Length; epoch++)
        {
            var index = ReadIndex(converted, card, epoch);
            var rowOf = new int[ids.Length];
            Array.Fill(rowOf, -1);
            for (var i = 0; i < index.Length; i++)
            {
                if (place.TryGetValue(index[i], out var clip))
                {
                    rowOf[clip] = i;
                }
            }
            if (Array.IndexOf(rowOf, -1) is >= 0 and var lacking)
            {
                throw new BadInputException(IndexPath(converted, epoch), "", $"epoch {epoch} lacks {rowOf.Count(r => r < 0)} of {ids.Length} clips, the first is \"{ids[lacking]}\"");
            }
            using var rows = OpenChecked(RowsPath(converted, epoch), card.Epochs[epoch - 1].Sha256, card.Epochs[epoch - 1].Rows * (long)row.Length);
            for (var clip = writer.NextView == epoch - 1 ? writer.NextClip : 0; clip < ids.Length; clip++)
            {
                rows.Position = rowOf[clip] * (long)row.Length;
                rows.ReadExactly(row);
                try
                {
                    writer.Append(MemoryMarshal.Cast<byte, Half>(row.AsSpan(0, 2 * k)), MemoryMarshal.Cast<byte, ushort>(row.AsSpan(2 * k, 2 * k)), BitConverter.ToUInt32(row, 4 * k));
                }
                catch (ArgumentException e)
                {
                    throw new BadInputException(RowsPath(converted, epoch), $"row {rowOf[clip]} of {cardPath}", e.Message, e);
                }
            }
        }
        return writer.Card;
    }

    /// <summary>
    /// Writes the sections as a list for <see cref="CsvFolder.Open"/>, which then has the store's ids in the store's order:
    /// the clips, without labels, that a student is trained on.
    /// </summary>
    /// <param name="converted">the folder that the script wrote</param>
    /// <param name="csv">the list to write</param>
    /// <exception cref="BadInputException">A file is missing or damaged, or the list cannot be written.</exception>
    public static void WriteList(string converted, string csv)
    {
        var rows = ReadIndex(converted, ReadCard(converted).Card, 1).Select(Section)
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"\"{s.File.Replace("\"", "\"\"")}\",,{s.Start:0.###},{s.End:0.###}\n"));
        AtomicFile.WriteText(csv, "filename,labels,start,end\n" + string.Concat(rows));
    }

    private static string RowsPath(string folder, int epoch) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"rows_{epoch}.bin"));

    private static string IndexPath(string folder, int epoch) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"index_{epoch}.tsv"));

    private static (string Path, Card Card) ReadCard(string folder)
    {
        var path = Path.Combine(folder, "card.json");
        try
        {
            var card = JsonSerializer.Deserialize<Card>(File.ReadAllText(path), new JsonSerializerOptions(JsonSerializerDefaults.Web));
            return card is { Format: "ced-logits", Version: 1, Topk: > 0 and <= 65536, Epochs.Length: > 0 } && card.Epochs.All(e => e is { Rows: > 0, Sha256.Length: 64, Index_sha256.Length: 64 })
                ? (path, card)
                : throw new BadInputException(path, "", "not the card of converted CED scores of version 1");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}; environment/convert_ced_logits.py writes it from the released files", e);
        }
    }

    private static string[] ReadIndex(string folder, Card card, int epoch)
    {
        var (path, expected) = (IndexPath(folder, epoch), card.Epochs[epoch - 1]);
        using var stream = OpenChecked(path, expected.Index_sha256, null);
        using var reader = new StreamReader(stream);
        var ids = new List<string>(expected.Rows);
        while (reader.ReadLine() is { } line)
        {
            if (line.Split('\t') is not [{ Length: > 0 } file, var from, var to] || CsvRows.Seconds(from) is not { } start || CsvRows.Seconds(to) is not { } end)
            {
                throw new BadInputException(path, $"line {ids.Count + 1}", "expected a file name, start and end in seconds");
            }
            ids.Add(Id(file, start, end));
        }
        return ids.Count == expected.Rows ? [.. ids] : throw new BadInputException(path, "", $"{ids.Count} lines, {expected.Rows} rows are expected");
    }

    private static FileStream OpenChecked(string path, string sha256, long? length)
    {
        FileStream? stream = null;
        try
        {
            stream = File.OpenRead(path);
            if (length is { } bytes && stream.Length != bytes)
            {
                throw new BadInputException(path, "", $"{stream.Length} bytes, {bytes} are expected");
            }
            if (System.Convert.ToHexString(SHA256.HashData(stream)).ToLowerInvariant() != sha256)
            {
                throw new BadInputException(path, "", "the file is damaged: its SHA-256 is not the one on the card");
            }
            stream.Position = 0;
            return stream;
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
            }
            throw;
        }
    }
}
