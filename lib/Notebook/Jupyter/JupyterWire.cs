using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>
/// Jupyter's messages as frames (messaging 5.4, "The wire protocol"): identities, a delimiter, a signature over the four
/// JSON parts as they were sent, the parts. Messages that are malformed, wrongly signed or replayed are no messages.
/// </summary>
internal sealed class JupyterWire(string key)
{
    public const string ProtocolVersion = "5.4";

    private const int Remembered = 65_536;
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);
    private readonly string _session = Guid.NewGuid().ToString();
    private readonly HashSet<string> _seen = [];
    private readonly Queue<string> _order = new();
    private readonly Lock _lock = new();

    /// <summary>The message in these frames; null, and why, if it is none.</summary>
    public JupyterMessage? Parse(IReadOnlyList<byte[]> frames, out string problem)
    {
        problem = "";
        int delimiter = frames.ToList().FindIndex(frame => frame.AsSpan().SequenceEqual(Delimiter));
        if (delimiter < 0 || frames.Count < delimiter + 6)
        {
            problem = "malformed: no delimiter or too few parts";
            return null;
        }
        if (_key.Length > 0)
        {
            var signature = frames[delimiter + 1];
            // Over the bytes that came: writing the JSON again could change it.
            var expected = Encoding.ASCII.GetBytes(Signature(frames.Skip(delimiter + 2).Take(4)));
            if (!CryptographicOperations.FixedTimeEquals(signature, expected))
            {
                problem = "wrong signature";
                return null;
            }
            if (!Remember(Encoding.ASCII.GetString(signature)))
            {
                problem = "replayed";
                return null;
            }
        }
        try
        {
            if (StrictJson.Parse(frames[delimiter + 2]) is not JsonObject header || StrictJson.Parse(frames[delimiter + 5]) is not JsonObject content
                || header["msg_type"] is not JsonValue kind || !kind.TryGetValue(out string? type))
            {
                problem = "malformed: header and content must be JSON objects, and the header must have a msg_type";
                return null;
            }
            return new JupyterMessage([.. frames.Take(delimiter)], type, header, content);
        }
        catch (JsonException exception)
        {
            problem = $"malformed: {exception.Message}";
            return null;
        }
    }

    /// <summary>Frames of a message of ours.</summary>
    public IReadOnlyList<byte[]> Frames(IReadOnlyList<byte[]> identities, string type, JsonObject content, JsonObject? parent)
    {
        var header = new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString(),
            ["session"] = _session,
            ["username"] = "kernel",
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["msg_type"] = type,
            ["version"] = ProtocolVersion,
        };
        byte[][] parts = [Bytes(header), Bytes(parent ?? []), "{}"u8.ToArray(), Bytes(content)];
        return [.. identities, Delimiter, Encoding.ASCII.GetBytes(_key.Length > 0 ? Signature(parts) : ""), .. parts];
    }

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private string Signature(IEnumerable<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (var part in parts)
        {
            hash.AppendData(part);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private bool Remember(string signature)
    {
        lock (_lock)
        {
            if (!_seen.Add(signature))
            {
                return false;
            }
            _order.Enqueue(signature);
            if (_order.Count > Remembered)
            {
                _seen.Remove(_order.Dequeue());
            }
            return true;
        }
    }
}
