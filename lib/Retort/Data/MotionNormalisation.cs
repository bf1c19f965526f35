using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Retort.Torch;

namespace Retort.Data;

/// <summary>Mean and deviation of each of a frame's 70 numbers and of the 63 canonical coordinates: z = (x - mean) / deviation.</summary>
/// <param name="Mean">70 numbers in the order scale, yaw, pitch, roll, translation, expression</param>
/// <param name="Deviation">70 numbers; 1 where nothing varies</param>
/// <param name="CanonicalMean">63 numbers</param>
/// <param name="CanonicalDeviation">63 numbers; 1 where nothing varies</param>
public sealed record MotionNormalisation(float[] Mean, float[] Deviation, float[] CanonicalMean, float[] CanonicalDeviation)
{
    private static readonly (string Name, int Count)[] parts = [("scale", 1), ("yaw", 1), ("pitch", 1), ("roll", 1), ("t", 3), ("exp", 63)];

    /// <summary>The normalisation of clips.</summary>
    public static MotionNormalisation Of(IReadOnlyList<FaceClip> clips) => Of(clips.SelectMany(c => c.Motion.Chunk(FaceClip.Width)), clips.Select(c => c.Canonical));

    /// <summary>The normalisation of rows; numbers that never differ get a deviation of 1.</summary>
    /// <param name="motion">70 numbers each</param>
    /// <param name="canonical">63 numbers each</param>
    public static MotionNormalisation Of(IEnumerable<float[]> motion, IEnumerable<float[]> canonical)
    {
        var (mean, deviation) = Moments([.. motion], FaceClip.Width);
        var (canonicalMean, canonicalDeviation) = Moments([.. canonical], 63);
        return new MotionNormalisation(mean, deviation, canonicalMean, canonicalDeviation);
    }

    /// <summary>The published file norm.npz: float32 arrays {scale, yaw, pitch, roll, t, exp, kp}_{mean, std}; others in it are ignored.</summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">The file is missing or damaged, or arrays are missing or misshapen: all at once.</exception>
    public static MotionNormalisation Load(string path)
    {
        var arrays = new Dictionary<string, float[]>();
        try
        {
            using var zip = ZipFile.OpenRead(path);
            foreach (var entry in zip.Entries.Where(e => e.Name.EndsWith(".npy", StringComparison.Ordinal)))
            {
                using var stream = entry.Open();
                if (entry.Length < 1 << 20 && Npy(stream, path, entry.Name) is { } values)
                {
                    arrays[entry.Name[..^4]] = values;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new BadInputException(path, "", $"cannot be read as an .npz file: {e.Message}", e);
        }
        var wrong = parts.Append(("kp", 63)).SelectMany(p => new (string Name, int Count)[] { (p.Item1 + "_mean", p.Item2), (p.Item1 + "_std", p.Item2) })
            .Where(p => !arrays.TryGetValue(p.Name, out var found) || found.Length != p.Count || found.Any(v => !float.IsFinite(v)))
            .Select(p => arrays.TryGetValue(p.Name, out var found) ? $"{p.Name} has {found.Length} numbers, expected {p.Count} finite ones" : $"{p.Name} is missing").ToArray();
        if (wrong.Length > 0)
        {
            throw new BadInputException(path, "", string.Join("; ", wrong));
        }
        float[] All(string what) => [.. parts.SelectMany(p => arrays[$"{p.Name}_{what}"])];
        static float[] NoZero(float[] values) => [.. values.Select(v => v == 0 ? 1 : v)];
        return new MotionNormalisation(All("mean"), NoZero(All("std")), arrays["kp_mean"], NoZero(arrays["kp_std"]));
    }

    /// <summary>Writes the published file's format, whole or not at all: what <see cref="Load"/> reads is what was saved.</summary>
    /// <param name="path">where to, ending in .npz</param>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        void Put(string name, ReadOnlySpan<float> values)
        {
            // NumPy's format 1: the data start at a multiple of 64 bytes.
            var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({values.Length},), }}".PadRight(117) + "\n";
            var entry = zip.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
            // A fixed time: the same normalisation is the same file.
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var to = entry.Open();
            to.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)]);
            Span<byte> number = stackalloc byte[4];
            foreach (var value in values)
            {
                BinaryPrimitives.WriteSingleLittleEndian(number, value);
                to.Write(number);
            }
        }
        var first = 0;
        foreach (var (name, count) in parts)
        {
            Put(name + "_mean", Mean.AsSpan(first, count));
            Put(name + "_std", Deviation.AsSpan(first, count));
            first += count;
        }
        Put("kp_mean", CanonicalMean);
        Put("kp_std", CanonicalDeviation);
    });

    private static (float[] Mean, float[] Deviation) Moments(float[][] rows, int width)
    {
        float[] mean = new float[width], deviation = new float[width];
        for (var m = 0; m < width; m++)
        {
            var average = rows.Average(r => (double)r[m]);
            var spread = Math.Sqrt(rows.Average(r => (r[m] - average) * (r[m] - average)));
            (mean[m], deviation[m]) = ((float)average, spread < 1e-9 ? 1 : (float)spread);
        }
        return (mean, deviation);
    }

    // NumPy's format 1 and 2: magic, version, length of a header that is a Python dict, then the numbers.
    private static float[]? Npy(Stream stream, string path, string name)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        if (bytes.Length < 12 || bytes[0] != 0x93 || !bytes.Slice(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new BadInputException(path, name, "is no NumPy array");
        }
        var (length, start) = bytes[6] == 1 ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]), 10) : ((int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), 12);
        if (length < 0 || start + length > bytes.Length)
        {
            throw new BadInputException(path, name, "ends within its header");
        }
        var header = Encoding.Latin1.GetString(bytes.Slice(start, length));
        var size = header.Contains("'<f4'") ? 4 : header.Contains("'<f8'") ? 8 : 0;
        if (size == 0)
        {
            return null;
        }
        var shape = Regex.Match(header, @"'shape':\s*\(([^)]*)\)").Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var count = shape.Aggregate(1L, (n, s) => n * long.Parse(s, System.Globalization.CultureInfo.InvariantCulture));
        var data = bytes[(start + length)..];
        if (data.Length != count * size)
        {
            throw new BadInputException(path, name, $"holds {data.Length} bytes, expected {count * size}");
        }
        var values = new float[count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = size == 4 ? BinaryPrimitives.ReadSingleLittleEndian(data[(4 * i)..]) : (float)BinaryPrimitives.ReadDoubleLittleEndian(data[(8 * i)..]);
        }
        return values;
    }
}
