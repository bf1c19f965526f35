using System.Buffers.Binary;
using System.Text;

namespace Retort.Torch;

/// <summary>A section of a file, read forwards. Asking for more than is left is bad input, never an allocation.</summary>
internal sealed class ByteSource
{
    private static readonly UTF8Encoding Strict = new(false, true);
    private readonly Stream stream;
    private readonly long end;
    private readonly string source, part;
    private readonly byte[] buffer;
    private long loaded;
    private int at, filled;

    /// <param name="stream">the file</param>
    /// <param name="begin">the section's first byte</param>
    /// <param name="end">the byte after its last</param>
    /// <param name="source">the file's name, for errors</param>
    /// <param name="part">what the section is called, for errors</param>
    /// <param name="ahead">bytes to read at a time</param>
    public ByteSource(Stream stream, long begin, long end, string source, string part, int ahead = 1 << 15)
    {
        (this.stream, this.end, this.source, this.part) = (stream, end, source, part);
        Length = end - begin;
        loaded = begin;
        buffer = new byte[(int)Math.Clamp(Length, 1, ahead)];
    }

    /// <summary>The byte of the file that comes next.</summary>
    public long Position => loaded - filled + at;

    public long Left => end - Position;

    /// <summary>Bytes from the beginning of the section to its end.</summary>
    public long Length { get; }

    public byte ReadByte()
    {
        if (at == filled && !Fill())
        {
            throw Bad("the file ends too soon");
        }
        return buffer[at++];
    }

    public byte[] ReadBytes(ulong count)
    {
        if (count > (ulong)Left || count > (ulong)Array.MaxLength)
        {
            throw Bad($"{count} bytes are announced, but {Left} are left");
        }
        var bytes = new byte[count];
        for (var done = 0; done < bytes.Length;)
        {
            if (at == filled && !Fill())
            {
                throw Bad("the file ends too soon");
            }
            var part = Math.Min(bytes.Length - done, filled - at);
            buffer.AsSpan(at, part).CopyTo(bytes.AsSpan(done));
            at += part;
            done += part;
        }
        return bytes;
    }

    public ushort ReadUInt16() => (ushort)(ReadByte() | ReadByte() << 8);

    public uint ReadUInt32() => ReadUInt16() | (uint)ReadUInt16() << 16;

    public ulong ReadUInt64() => ReadUInt32() | (ulong)ReadUInt32() << 32;

    public double ReadBigEndianDouble() => BitConverter.UInt64BitsToDouble(BinaryPrimitives.ReverseEndianness(ReadUInt64()));

    /// <summary>The text up to the next line feed, which is consumed.</summary>
    public string ReadLine(int longest = 1000)
    {
        var line = new List<byte>();
        for (var b = ReadByte(); b != '\n'; b = ReadByte())
        {
            if (line.Count == longest)
            {
                throw Bad($"a line of more than {longest} bytes");
            }
            line.Add(b);
        }
        return Text(line.ToArray());
    }

    public string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw Bad("a text is not UTF-8", e);
        }
    }

    public void Skip(ulong count)
    {
        if (count > (ulong)Left)
        {
            throw Bad($"{count} bytes are announced, but {Left} are left");
        }
        if (count <= (ulong)(filled - at))
        {
            at += (int)count;
        }
        else
        {
            (loaded, at, filled) = (Position + (long)count, 0, 0);
        }
    }

    public BadInputException Bad(string problem, Exception? inner = null) => new(source, $"{part}, byte {Position}", problem, inner);

    private bool Fill()
    {
        stream.Position = loaded;
        filled = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, end - loaded));
        at = 0;
        loaded += filled;
        return filled > 0;
    }
}
