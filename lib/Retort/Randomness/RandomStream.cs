// Randomness as a value: a stream of draws is a pure function of (seed, purpose, id, epoch), never of call order.
// Generator: Philox4x32-10, Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Retort.Randomness;

/// <summary>
/// A stream of random numbers named by what it is for. Two streams with the same name give the same numbers on every
/// machine; streams with different names are independent. Not safe for use by several threads at once: make one each.
/// </summary>
public sealed class RandomStream
{
    private readonly uint key0, key1, high0, high1;
    private ulong counter;
    private readonly uint[] block = new uint[4];
    private int left;
    private double? spareNormal;

    private RandomStream(ReadOnlySpan<byte> name)
    {
        key0 = BinaryPrimitives.ReadUInt32LittleEndian(name);
        key1 = BinaryPrimitives.ReadUInt32LittleEndian(name[4..]);
        high0 = BinaryPrimitives.ReadUInt32LittleEndian(name[8..]);
        high1 = BinaryPrimitives.ReadUInt32LittleEndian(name[12..]);
    }

    /// <summary>The stream of this name.</summary>
    /// <param name="seed">the run's seed</param>
    /// <param name="purpose">what the numbers are for, such as "init", "order", "mixup"</param>
    /// <param name="id">the sample they are for; empty where there is none</param>
    /// <param name="epoch">the epoch or view they are for</param>
    public static RandomStream Of(long seed, string purpose, string id = "", long epoch = 0)
    {
        // Lengths go in front of the texts, so that no two names share bytes.
        var purposeLength = Encoding.UTF8.GetByteCount(purpose);
        var idLength = Encoding.UTF8.GetByteCount(id);
        var bytes = new byte[24 + purposeLength + idLength];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, seed);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), epoch);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), purposeLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), idLength);
        Encoding.UTF8.GetBytes(purpose, bytes.AsSpan(24));
        Encoding.UTF8.GetBytes(id, bytes.AsSpan(24 + purposeLength));
        Span<byte> name = stackalloc byte[32];
        SHA256.HashData(bytes, name);
        return new RandomStream(name);
    }

    /// <summary>A number of 32 random bits.</summary>
    public uint NextUInt32()
    {
        if (left == 0)
        {
            Philox(counter++);
            left = 4;
        }
        return block[--left];
    }

    /// <summary>A number of 64 random bits.</summary>
    public ulong NextUInt64() => ((ulong)NextUInt32() << 32) | NextUInt32();

    /// <summary>Uniform in [0, 1), with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, 1), with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>A whole number, uniform in [0, count).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    public int Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        // Lemire's multiplication with rejection: exactly uniform.
        var product = (ulong)NextUInt32() * (uint)count;
        if ((uint)product < (uint)count)
        {
            var threshold = (uint)(0x1_0000_0000UL % (uint)count);
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * (uint)count;
            }
        }
        return (int)(product >> 32);
    }

    /// <summary>A whole number, uniform in [low, high).</summary>
    public int Next(int low, int high) => low + Next(high - low);

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items, each with the same probability.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>Normal with the given mean and standard deviation (Box and Muller).</summary>
    public double Normal(double mean = 0, double deviation = 1)
    {
        if (spareNormal is { } spare)
        {
            spareNormal = null;
            return mean + deviation * spare;
        }
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var angle = 2 * Math.PI * NextDouble();
        spareNormal = radius * Math.Sin(angle);
        return mean + deviation * radius * Math.Cos(angle);
    }

    /// <summary>Gamma with the given shape and scale 1 (Marsaglia and Tsang, 2000).</summary>
    public double Gamma(double shape)
    {
        if (shape < 1)
        {
            return Gamma(shape + 1) * Math.Pow(1 - NextDouble(), 1 / shape);
        }
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal();
            var v = Math.Pow(1 + c * x, 3);
            if (v > 0 && Math.Log(1 - NextDouble()) < 0.5 * x * x + d - d * v + d * Math.Log(v))
            {
                return d * v;
            }
        }
    }

    /// <summary>Beta(a, b), in [0, 1].</summary>
    public double Beta(double a, double b)
    {
        var x = Gamma(a);
        var y = Gamma(b);
        return x + y == 0 ? 0.5 : x / (x + y);
    }

    /// <summary>Puts the items in random order, in place (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>The numbers 0 to count - 1 in random order.</summary>
    public int[] Permutation(int count)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            order[i] = i;
        }
        Shuffle(order.AsSpan());
        return order;
    }

    private void Philox(ulong index)
    {
        uint c0 = (uint)index, c1 = (uint)(index >> 32), c2 = high0, c3 = high1, k0 = key0, k1 = key1;
        for (var round = 0; round < 10; round++)
        {
            var p0 = 0xD2511F53UL * c0;
            var p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        (block[0], block[1], block[2], block[3]) = (c0, c1, c2, c3);
    }
}
