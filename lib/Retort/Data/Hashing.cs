using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retort.Data;

/// <summary>SHA-256 of lists of texts, as hexadecimal. Each text's length is hashed with it, so that no two lists collide.</summary>
internal sealed class Hashing : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public static string Of(params IEnumerable<string> parts)
    {
        using var hashing = new Hashing();
        foreach (var part in parts)
        {
            hashing.Add(part);
        }
        return hashing.End();
    }

    public void Add(string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    public string End() => Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();

    public void Dispose() => hash.Dispose();
}
