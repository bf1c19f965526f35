using System.Runtime.InteropServices;
using System.Text;

namespace Retort.Notebook;

/// <summary>
/// What native libraries and child processes print: file descriptors 1 and 2 become pipes into the running cell, for
/// the life of the process. What the host itself has to say goes
/// through a stream that it opened before.
/// </summary>
internal sealed partial class NativeOutput
{
    private readonly byte[] _mark = Encoding.ASCII.GetBytes($"\0retort {Guid.NewGuid():N}\0");
    private readonly List<Channel> _channels = [];
    private volatile CellOutput? _cell;

    public static NativeOutput Start()
    {
        var native = new NativeOutput();
        native._channels.Add(new Channel(native, 1, "stdout"));
        native._channels.Add(new Channel(native, 2, "stderr"));
        // A pipe makes C's stdout fully buffered; by lines, text arrives while the cell runs.
        var libc = NativeLibrary.Load("libc.so.6");
        SetBuffering(Marshal.ReadIntPtr(NativeLibrary.GetExport(libc, "stdout")), IntPtr.Zero, 1, 0);
        return native;
    }

    public void Begin(CellOutput cell) => _cell = cell;

    /// <summary>Waits until all that was printed so far has reached the cell.</summary>
    public void End()
    {
        FlushAll(IntPtr.Zero);
        foreach (var channel in _channels)
        {
            channel.Drain();
        }
    }

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed with errno {Marshal.GetLastPInvokeError()}");

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Dup2(int from, int to);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static unsafe partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "fflush")]
    private static partial int FlushAll(IntPtr all);

    [LibraryImport("libc", EntryPoint = "setvbuf")]
    private static partial int SetBuffering(IntPtr file, IntPtr buffer, int mode, nint size);

    private sealed class Channel
    {
        private const int CloseOnExec = 0x80000;
        private readonly NativeOutput _owner;
        private readonly string _stream;
        private readonly int _descriptor;
        private readonly SemaphoreSlim _marked = new(0);
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public unsafe Channel(NativeOutput owner, int descriptor, string stream)
        {
            _owner = owner;
            _stream = stream;
            _descriptor = descriptor;
            var ends = stackalloc int[2];
            Check(Pipe(ends, CloseOnExec), "pipe2");
            Check(Dup2(ends[1], descriptor), "dup2");
            Close(ends[1]);
            int reading = ends[0];
            new Thread(() => Pump(reading)) { IsBackground = true, Name = $"native {stream}" }.Start();
        }

        /// <summary>Sends a mark down the pipe and waits for it to come out.</summary>
        public unsafe void Drain()
        {
            fixed (byte* mark = _owner._mark)
            {
                Check((int)Write(_descriptor, mark, _owner._mark.Length), "write");
            }
            // A child process that fills the pipe all the time must not hold the notebook up.
            _marked.Wait(TimeSpan.FromSeconds(2));
        }

        private unsafe void Pump(int reading)
        {
            var buffer = new byte[65536];
            var waiting = new List<byte>();
            fixed (byte* start = buffer)
            {
                for (nint count; (count = Read(reading, start, buffer.Length)) > 0;)
                {
                    waiting.AddRange(buffer.AsSpan(0, (int)count));
                    Deliver(waiting);
                }
            }
        }

        private void Deliver(List<byte> waiting)
        {
            var mark = _owner._mark.AsSpan();
            var bytes = CollectionsMarshal.AsSpan(waiting);
            for (int found; (found = bytes.IndexOf(mark)) >= 0; bytes = bytes[(found + mark.Length)..])
            {
                Pass(bytes[..found]);
                _marked.Release();
            }
            // The beginning of a mark may stand at the end.
            int keep = Math.Min(mark.Length - 1, bytes.Length);
            while (keep > 0 && !bytes[^keep..].SequenceEqual(mark[..keep]))
            {
                keep--;
            }
            Pass(bytes[..^keep]);
            var rest = bytes[^keep..].ToArray();
            waiting.Clear();
            waiting.AddRange(rest);
        }

        private void Pass(ReadOnlySpan<byte> bytes)
        {
            var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            int length = _decoder.GetChars(bytes, text, flush: false);
            if (length > 0)
            {
                _owner._cell?.Write(_stream, text.AsSpan(0, length));
            }
        }
    }
}
