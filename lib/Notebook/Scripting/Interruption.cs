using System.ComponentModel;
using System.Diagnostics;

namespace Retort.Notebook;

/// <summary>
/// The stop button, as running code meets it. <see cref="CellRewriter"/> puts calls of this class into cells; libraries
/// find its functions in the process's AppContext, by the names below, and need no reference to this host.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Interruption
{
    /// <summary>
    /// The name under which AppContext holds a <c>Func&lt;CancellationToken&gt;</c> for long calls of libraries: asked from a
    /// cell, or from what a cell started, it gives that cell's token; asked from elsewhere, one that is never cancelled.
    /// </summary>
    public const string TokenKey = "Retort.Interrupt";

    /// <summary>
    /// The name of a <c>Func&lt;IDisposable&gt;</c>, for a call that looks at the token itself and stops in order, with what it
    /// has to write: until the result is disposed of, nothing below that call is stopped from inside, unless it takes longer
    /// than <see cref="Grace"/>.
    /// </summary>
    public const string DeferKey = "Retort.Interrupt.Defer";

    /// <summary>The name of an <c>Action</c> that throws where the calling code is to stop.</summary>
    public const string CheckKey = "Retort.Interrupt.Check";

    /// <summary>The name of a <c>bool[]</c> of length 1: whether any cell is to stop at all. As long as it is not, nobody needs to check.</summary>
    public const string PendingKey = "Retort.Interrupt.Pending";

    /// <summary>How long a call that stops in order may take to do so.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private static readonly AsyncLocal<Running?> Flowing = new();
    private static readonly AsyncLocal<bool> Deferring = new();

    // How long what is awaited may go on by itself, to end in order.
    private static readonly TimeSpan AwaitGrace = TimeSpan.FromSeconds(1);

    // What a stopped cell left behind is still to be stopped, so its token counts for a while after its end.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    /// <summary>Makes the functions known to libraries. Once for the process.</summary>
    internal static void Publish()
    {
        AppContext.SetData(TokenKey, (Func<CancellationToken>)(() => Flowing.Value?.Token ?? default));
        AppContext.SetData(DeferKey, (Func<IDisposable>)Defer);
        AppContext.SetData(CheckKey, (Action)Slow);
        AppContext.SetData(PendingKey, Pending.Flag);
    }

    /// <summary>Ends the calling code with an <see cref="OperationCanceledException"/> if its cell is to stop.</summary>
    public static void Check()
    {
        if (Pending.Flag[0])
        {
            Slow();
        }
    }

    /// <summary>What is awaited, given up when the cell is to stop.</summary>
    public static Task Await(Task task) => Flowing.Value is { } cell && task is { IsCompleted: false } ? Stoppable(task, cell) : task;

    /// <summary>What is awaited, given up when the cell is to stop.</summary>
    public static Task<T> Await<T>(Task<T> task) => Flowing.Value is { } cell && task is { IsCompleted: false } ? Value(task, cell) : task;

    /// <summary>What is awaited, given up when the cell is to stop.</summary>
    public static ValueTask Await(ValueTask task) => Flowing.Value is { } cell && !task.IsCompleted ? new ValueTask(Stoppable(task.AsTask(), cell)) : task;

    /// <summary>What is awaited, given up when the cell is to stop.</summary>
    public static ValueTask<T> Await<T>(ValueTask<T> task) => Flowing.Value is { } cell && !task.IsCompleted ? new ValueTask<T>(Value(task.AsTask(), cell)) : task;

    /// <summary>Anything else that can be awaited is left as it is.</summary>
    public static T Await<T>(T other) where T : allows ref struct => other;

    /// <summary>Begins a cell on the calling thread and all that it starts.</summary>
    internal static Running Begin(CancellationToken token)
    {
        var cell = new Running(token);
        Flowing.Value = cell;
        Deferring.Value = false;
        return cell;
    }

    private static async Task Stoppable(Task task, Running cell)
    {
        try
        {
            await task.WaitAsync(cell.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cell.Token.IsCancellationRequested && !task.IsCompleted)
        {
            await Task.WhenAny(task, Task.Delay(cell.Deferred > 0 ? Grace : AwaitGrace)).ConfigureAwait(false);
            if (!task.IsCompleted)
            {
                throw;
            }
            await task.ConfigureAwait(false);
        }
    }

    private static async Task<T> Value<T>(Task<T> task, Running cell)
    {
        await Stoppable(task, cell).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    /// <summary>Ends the calling code, which shows or prints something, if its cell is to stop.</summary>
    internal static void CheckOutput()
    {
        if (Pending.Flag[0] && Flowing.Value is { Token.IsCancellationRequested: true } cell && cell.MayThrowFromOutput(Deferring.Value))
        {
            cell.Token.ThrowIfCancellationRequested();
        }
    }

    private static Deferral Defer() => new(Flowing.Value);

    private static void Slow()
    {
        if (Flowing.Value is { Token.IsCancellationRequested: true } cell && cell.MayThrowHere(Deferring.Value))
        {
            cell.Token.ThrowIfCancellationRequested();
        }
    }

    // Alone in its class, so that a check is one load and one branch.
    private static class Pending
    {
        public static readonly bool[] Flag = new bool[1];
        private static readonly Lock Counting = new();
        private static int s_count;

        public static void Add(int change)
        {
            lock (Counting)
            {
                s_count += change;
                Volatile.Write(ref Flag[0], s_count > 0);
            }
        }
    }

    private sealed class Deferral : IDisposable
    {
        private readonly Running? _cell;
        private readonly bool _before;
        private bool _over;

        public Deferral(Running? cell)
        {
            _cell = cell;
            _before = Deferring.Value;
            Deferring.Value = true;
            _cell?.Defer(1);
        }

        public void Dispose()
        {
            if (!_over)
            {
                _over = true;
                Deferring.Value = _before;
                _cell?.Defer(-1);
            }
        }
    }

    /// <summary>A running cell and its token.</summary>
    internal sealed class Running : IDisposable
    {
        private readonly CancellationTokenRegistration _asked;
        private readonly Stopwatch _since = new();
        private int _deferred;
        private volatile bool _counted;

        public Running(CancellationToken token)
        {
            Token = token;
            Thread = Thread.CurrentThread;
            _asked = token.Register(() =>
            {
                _since.Start();
                _counted = true;
                Pending.Add(1);
            });
        }

        public CancellationToken Token { get; }

        /// <summary>The thread that the cell began on.</summary>
        public Thread Thread { get; }

        /// <summary>Whether the cell's own code runs, and not the compiler.</summary>
        public bool IsInCode { get; set; }

        /// <summary>Number of calls that stop in order by themselves.</summary>
        public int Deferred => Volatile.Read(ref _deferred);

        public void Defer(int change) => Interlocked.Add(ref _deferred, change);

        /// <summary>
        /// An exception in a task is kept for whoever waits for it, and one below a call that stops in order is that call's;
        /// in a timer's callback or on a bare thread it would end the process.
        /// </summary>
        public bool MayThrowHere(bool deferred) => deferred
            ? _since.Elapsed > Grace
            : Thread.CurrentThread == Thread || IsInsideATask();

        /// <summary>The same for displays and console text, which also come from timers of a call that stops in order.</summary>
        public bool MayThrowFromOutput(bool deferred) => (!deferred || _since.Elapsed > Grace) && (Thread.CurrentThread == Thread || IsInsideATask());

        /// <summary>Ends a wait of the cell's own thread: a sleep, a lock, a task that it waits for without awaiting.</summary>
        public void Wake()
        {
            if (IsInCode && (Thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0)
            {
                Thread.Interrupt();
            }
        }

        public void Dispose()
        {
            _asked.Dispose();
            if (_counted)
            {
                Task.Delay(Remembered).ContinueWith(_ => Pending.Add(-1), TaskScheduler.Default);
            }
        }

        // After an await, a cell goes on in a task on some thread.
        private static bool IsInsideATask()
        {
            foreach (var frame in new StackTrace(1, fNeedFileInfo: false).GetFrames())
            {
                var method = frame.GetMethod();
                if (method?.DeclaringType is { } type && ((type == typeof(Task) && method.Name.StartsWith("Execute", StringComparison.Ordinal))
                    || type.FullName?.StartsWith("System.Runtime.CompilerServices.AsyncTaskMethodBuilder", StringComparison.Ordinal) == true))
                {
                    return true;
                }
            }
            return false;
        }
    }
}
