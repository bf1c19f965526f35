using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Retort.Randomness;
using Xunit.Abstractions;

namespace Retort.Tests.Fuzz;

/// <summary>
/// A parser is given thousands of damaged files. It may read one or throw BadInputException; any other exception, a hang or
/// memory out of proportion to the file is a failure, which prints the file. The mutants are the same in every run.
/// The environment variable RETORT_FUZZ sets their number for a longer run by hand:
///     RETORT_FUZZ=1000000 dotnet test tests -c Release --filter FullyQualifiedName~Fuzz
/// </summary>
public abstract class Mutations(ITestOutputHelper output)
{
    private static readonly TimeSpan LongestParse = TimeSpan.FromSeconds(60);
    private static readonly long[] Edges =
        [0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue, 1L << 31, uint.MaxValue, long.MaxValue, long.MinValue, -1, -8];

    /// <summary>Whole files, small, that the parser reads.</summary>
    protected abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Mutants where RETORT_FUZZ does not say otherwise.</summary>
    protected virtual int Count => 20_000;

    /// <summary>The most that may be allocated for each byte of the file, beyond 2 MiB.</summary>
    protected virtual int BytesPerByte => 400;

    /// <summary>Reads everything in the file.</summary>
    protected abstract void Parse(byte[] file);

    [Fact]
    public void Parse_DamagedFile_IsReadOrIsBadInput()
    {
        var seeds = Seeds;
        foreach (var seed in seeds)
        {
            Parse(seed);
        }
        var count = int.TryParse(Environment.GetEnvironmentVariable("RETORT_FUZZ"), CultureInfo.InvariantCulture, out var wanted) ? wanted : Count;
        var state = new State();
        var worker = new Thread(() => Work(seeds, count, state)) { IsBackground = true };
        worker.Start();
        while (!worker.Join(TimeSpan.FromMilliseconds(100)))
        {
            var mutant = state.Mutant;
            Assert.True(Stopwatch.GetElapsedTime(Interlocked.Read(ref state.Since)) < LongestParse, $"hangs on {Show(mutant)}");
        }
        Assert.True(state.Failure is null, state.Failure);
        output.WriteLine($"{count} mutants: {state.Read} read, {state.Refused} refused; at most {state.MostMemory} bytes allocated for one");
        Assert.True(state.Refused > count / 20, "the mutations do not reach the parser's checks");
    }

    private sealed class State
    {
        public long Since = Stopwatch.GetTimestamp();
        public volatile byte[] Mutant = [];
        public string? Failure;
        public int Read, Refused;
        public long MostMemory;
    }

    private void Work(IReadOnlyList<byte[]> seeds, int count, State state)
    {
        for (var i = 0; i < count && state.Failure is null; i++)
        {
            var draw = RandomStream.Of(1, "fuzz", GetType().Name, i);
            var mutant = Mutate(draw, seeds);
            state.Mutant = mutant;
            Interlocked.Exchange(ref state.Since, Stopwatch.GetTimestamp());
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                Parse(mutant);
                state.Read++;
            }
            catch (BadInputException e)
            {
                state.Refused++;
                // A message is one line and not the file itself.
                if (e.Message.Contains('\n') || e.Message.Length > 2000)
                {
                    state.Failure = $"mutant {i}: a message of {e.Message.Length} characters or several lines: {e.Message[..Math.Min(200, e.Message.Length)]}";
                }
            }
            catch (Exception e)
            {
                state.Failure = $"mutant {i}: {e}\n{Show(mutant)}";
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            state.MostMemory = Math.Max(state.MostMemory, allocated);
            if (allocated > (2 << 20) + (long)BytesPerByte * mutant.Length)
            {
                state.Failure ??= $"mutant {i}: {allocated} bytes allocated for a file of {mutant.Length}\n{Show(mutant)}";
            }
        }
    }

    private static string Show(byte[] file) => $"{file.Length} bytes, base64: {Convert.ToBase64String(file)}";

    private static byte[] Mutate(RandomStream draw, IReadOnlyList<byte[]> seeds)
    {
        var file = new List<byte>(draw.Pick(seeds));
        for (var left = draw.Next(1, 5); left > 0; left--)
        {
            if (file.Count == 0)
            {
                break;
            }
            var at = draw.Next(file.Count);
            var length = Math.Min(draw.Next(1, 33), file.Count - at);
            switch (draw.Next(11))
            {
                case 0:
                    file[at] ^= (byte)(1 << draw.Next(8));
                    break;
                case 1:
                    file[at] = (byte)draw.Next(256);
                    break;
                case 2 or 3:
                    Overwrite(file, at, draw.Pick(Edges) + (draw.Chance(0.2) ? file.Count : 0), draw.Pick([1, 2, 4, 8]));
                    break;
                case 4:
                    file.RemoveRange(at, file.Count - at);
                    break;
                case 5:
                    file.RemoveRange(at, length);
                    break;
                case 6:
                    file.InsertRange(at, file.GetRange(at, length));
                    break;
                case 7:
                    file.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)draw.Next(256)).ToArray());
                    break;
                case 8:
                    var other = draw.Pick(seeds);
                    var from = draw.Next(other.Length);
                    file.InsertRange(at, other[from..Math.Min(other.Length, from + length)]);
                    break;
                case 9:
                    Digit(file, at, draw);
                    break;
                default:
                    var piece = file.GetRange(at, length);
                    file.RemoveRange(at, length);
                    file.InsertRange(draw.Next(file.Count + 1), piece);
                    break;
            }
        }
        return [.. file];
    }

    private static void Overwrite(List<byte> file, int at, long value, int size)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        for (var i = 0; i < size && at + i < file.Count; i++)
        {
            file[at + i] = bytes[i];
        }
    }

    // Formats in text hold their numbers as digits: the next one becomes another, or many.
    private static void Digit(List<byte> file, int at, RandomStream draw)
    {
        var found = file.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (found >= 0)
        {
            file[found] = (byte)('0' + draw.Next(10));
            file.InsertRange(found, Enumerable.Repeat((byte)'9', draw.Chance(0.3) ? draw.Next(1, 25) : 0));
        }
    }
}
