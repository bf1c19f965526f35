// The published CED code seeds every generator with a view's stored seed and then lets torch_audiomentations 0.11.0 and
// torch draw from it. All of those draws come from one MT19937 stream, so that the views of its released files can be
// made again without any of these libraries.

namespace Retort.Audio;

/// <summary>The views of CED's released score files, bit for bit, from their stored seeds.</summary>
public static class UpstreamReplay
{
    /// <summary>The view of a stored seed.</summary>
    /// <param name="seed">the stored seed, in [0, 2^31)</param>
    /// <param name="samples">samples of the stored section of the clip</param>
    public static View View(int seed, int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        var random = new Mersenne((uint)seed);
        var shift = 0;
        if (Unit(random.Next()) < 0.5f)
        {
            // Python's round: halves go to the even neighbour.
            var half = (long)Math.Round(samples * 0.5, MidpointRounding.ToEven);
            shift = (int)(random.Next() % (ulong)(half + 1 + half) - (ulong)half);
        }
        var v = Unit(random.Next());
        var m = Unit(random.Next());
        return new View(shift, v, m, v, m);
    }

    private static float Unit(uint bits) => (bits & 0xFFFFFF) * (1f / (1 << 24));

    /// <summary>MT19937 (Matsumoto and Nishimura, 1998), seeded by its init_genrand.</summary>
    private struct Mersenne
    {
        private const int Length = 624, Middle = 397;
        private readonly uint[] state = new uint[Length];
        private int index = Length;

        public Mersenne(uint seed)
        {
            state[0] = seed;
            for (var i = 1; i < Length; i++)
            {
                state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + (uint)i;
            }
        }

        public uint Next()
        {
            if (index == Length)
            {
                for (var i = 0; i < Length; i++)
                {
                    var y = (state[i] & 0x80000000u) | (state[(i + 1) % Length] & 0x7FFFFFFFu);
                    state[i] = state[(i + Middle) % Length] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DFu);
                }
                index = 0;
            }
            var x = state[index++];
            x ^= x >> 11;
            x ^= (x << 7) & 0x9D2C5680u;
            x ^= (x << 15) & 0xEFC60000u;
            return x ^ (x >> 18);
        }
    }
}
