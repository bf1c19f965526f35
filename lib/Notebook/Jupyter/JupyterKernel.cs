using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>
/// A Jupyter kernel: a <see cref="Session"/> behind Jupyter's five sockets. Shell requests are answered one after
/// another; control requests and the heartbeat have threads of their own and are answered while a cell runs.
/// </summary>
internal sealed class JupyterKernel : IDisposable
{
    private static readonly OutputLimits Limits = new(StreamCharacters: 500_000, Displays: 1_000);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly nint _context;
    private readonly ConnectionFile _connection;
    private readonly JupyterWire _wire;
    private readonly TextWriter _log;
    private readonly ZeroMqSocket _shell;
    private readonly ZeroMqSocket _control;
    private readonly ZeroMqSocket _input;
    private readonly ZeroMqSocket _publish;
    private readonly ZeroMqSocket _heartbeat;
    private readonly Lock _publishing = new();
    private readonly Lock _interrupting = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Task<Session> _session;
    private readonly CodeHelp _help;
    private readonly CellHistory _history = new();
    private readonly FigureScript _figures = new(ReportAssets.Cache, Environment.GetEnvironmentVariables());
    private readonly Pace _pace = new(perSecond: 300);
    private CancellationTokenSource? _running;
    private JsonObject? _runningHeader;

    /// <param name="connection">Where to listen.</param>
    /// <param name="log">Where dropped messages are noted.</param>
    /// <param name="captureNative">See <see cref="Session.StartAsync"/>.</param>
    public JupyterKernel(ConnectionFile connection, TextWriter log, bool captureNative)
    {
        _ = ZeroMq.Version();
        _connection = connection;
        _wire = new JupyterWire(connection.Key);
        _log = TextWriter.Synchronized(log);
        _context = ZeroMq.NewContext();
        _shell = new ZeroMqSocket(_context, ZeroMq.Router, connection.Endpoint(connection.Shell));
        _control = new ZeroMqSocket(_context, ZeroMq.Router, connection.Endpoint(connection.Control));
        _input = new ZeroMqSocket(_context, ZeroMq.Router, connection.Endpoint(connection.Input));
        _publish = new ZeroMqSocket(_context, ZeroMq.Publish, connection.Endpoint(connection.Publish));
        _heartbeat = new ZeroMqSocket(_context, ZeroMq.Reply, connection.Endpoint(connection.Heartbeat));
        // The compiler warms up while the client says hello.
        _session = Task.Run(() => Session.StartAsync(Directory.GetCurrentDirectory(), Limits, captureNative));
        _help = new CodeHelp(() => _session.IsCompletedSuccessfully ? _session.Result : null);
    }

    /// <summary>Serves until a client asks to shut down.</summary>
    public void Run()
    {
        Publish("status", new JsonObject { ["execution_state"] = "starting" }, null);
        new Thread(Beat) { IsBackground = true, Name = "heartbeat" }.Start();
        var control = new Thread(() => Serve(_control, "control")) { IsBackground = true, Name = "control" };
        control.Start();
        Serve(_shell, "shell");
        // A cell may be what the shell is busy with; the control thread has ended by itself.
        control.Join(TimeSpan.FromSeconds(2));
    }

    /// <summary>Ends the kernel as a shutdown request does.</summary>
    public void End() => _over.Cancel();

    /// <summary>Waits for the end without serving: for a host that must end while a cell still runs.</summary>
    public void WaitForEnd() => _over.Token.WaitHandle.WaitOne();

    public void Dispose()
    {
        _over.Cancel();
        foreach (var socket in new[] { _shell, _control, _input, _publish, _heartbeat })
        {
            socket.Dispose();
        }
        ZeroMq.Terminate(_context);
    }

    private void Beat()
    {
        while (!_over.IsCancellationRequested)
        {
            if (_heartbeat.Receive() is { } frames)
            {
                _heartbeat.Send(frames);
            }
        }
    }

    private void Serve(ZeroMqSocket socket, string name)
    {
        while (!_over.IsCancellationRequested)
        {
            if (socket.Receive() is { } frames)
            {
                Take(socket, name, frames, aborting: false);
            }
        }
    }

    /// <summary>Answers one message. Behind an execute request that failed, those that wait in line are dropped if it asks for that.</summary>
    private void Take(ZeroMqSocket socket, string name, IReadOnlyList<byte[]> frames, bool aborting)
    {
        if (_wire.Parse(frames, out var problem) is not { } message)
        {
            _log.WriteLine($"retort-notebook kernel: dropped a message on {name}: {problem}");
            return;
        }
        Publish("status", new JsonObject { ["execution_state"] = "busy" }, message.Header);
        var dropped = new List<List<byte[]>>();
        try
        {
            var (type, content) = aborting && message.Type == "execute_request"
                ? ("execute_reply", new JsonObject { ["status"] = "aborted", ["execution_count"] = _session.Result.ExecutionCount })
                : Answer(message);
            if (message.Type == "execute_request" && !aborting && content["status"]!.ToString() == "error" && message.Flag("stop_on_error", true))
            {
                // What waits in line by now is dropped; what comes after the client knows of the error is meant.
                while (socket.Receive(wait: false) is { } waiting)
                {
                    dropped.Add(waiting);
                }
            }
            if (type.Length > 0)
            {
                socket.Send(_wire.Frames(message.Identities, type, content, message.Header));
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A fault of ours; the client must not wait for ever, and the kernel must live on.
            _log.WriteLine($"retort-notebook kernel: {message.Type}: {exception}");
            var reply = message.Type.Replace("_request", "_reply", StringComparison.Ordinal);
            socket.Send(_wire.Frames(message.Identities, reply, Failed(exception.GetType().Name, exception.Message, []), message.Header));
        }
        finally
        {
            Publish("status", new JsonObject { ["execution_state"] = "idle" }, message.Header);
        }
        if (message.Type == "shutdown_request")
        {
            _over.Cancel();
        }
        foreach (var waiting in dropped)
        {
            Take(socket, name, waiting, aborting: true);
        }
    }

    private (string Type, JsonObject Content) Answer(JupyterMessage message)
    {
        switch (message.Type)
        {
            case "kernel_info_request":
                return ("kernel_info_reply", KernelInfo());
            case "execute_request":
                return ("execute_reply", Execute(message));
            case "is_complete_request":
                return ("is_complete_reply", CodeHelp.IsComplete(message.Text("code")));
            case "complete_request":
                _session.Wait();
                return ("complete_reply", _help.Complete(message.Text("code"), message.Number("cursor_pos", int.MaxValue)));
            case "inspect_request":
                _session.Wait();
                return ("inspect_reply", _help.Inspect(message.Text("code"), message.Number("cursor_pos", int.MaxValue), message.Number("detail_level", 0)));
            case "history_request":
                return ("history_reply", _history.Answer(message));
            case "comm_info_request":
                return ("comm_info_reply", new JsonObject { ["status"] = "ok", ["comms"] = new JsonObject() });
            case "connect_request":
                return ("connect_reply", Ports());
            case "interrupt_request":
                Interrupt();
                return ("interrupt_reply", new JsonObject { ["status"] = "ok" });
            case "shutdown_request":
                bool restart = message.Flag("restart", false);
                Publish("shutdown_reply", new JsonObject { ["status"] = "ok", ["restart"] = restart }, message.Header);
                return ("shutdown_reply", new JsonObject { ["status"] = "ok", ["restart"] = restart });
            case "comm_open":
                // We have no comms: the other side is told that this one is closed.
                Publish("comm_close", new JsonObject { ["comm_id"] = message.Text("comm_id"), ["data"] = new JsonObject() }, message.Header);
                return ("", []);
            default:
                _log.WriteLine($"retort-notebook kernel: ignored a message of type {message.Type}");
                return ("", []);
        }
    }

    private JsonObject Execute(JupyterMessage message)
    {
        var session = _session.GetAwaiter().GetResult();
        var code = message.Text("code");
        bool silent = message.Flag("silent", false);
        bool store = !silent && message.Flag("store_history", true);
        int count = store ? session.ExecutionCount + 1 : session.ExecutionCount;
        if (!silent)
        {
            Publish("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = count }, message.Header);
        }
        if (store)
        {
            _history.Add(count, code);
        }
        using var interrupt = new CancellationTokenSource();
        lock (_interrupting)
        {
            (_running, _runningHeader) = (interrupt, message.Header);
        }
        CellResult result;
        try
        {
            result = session.RunAsync(code, output => Publish(output, message.Header, silent), interrupt.Token, silent, store, message.Flag("allow_stdin", false) ? prompt => Ask(message, prompt, interrupt.Token) : null).GetAwaiter().GetResult();
        }
        finally
        {
            lock (_interrupting)
            {
                (_running, _runningHeader) = (null, null);
            }
        }
        if (result.Error is { } error)
        {
            var content = Failed(error.Name, error.Message, error.Traceback);
            content["execution_count"] = count;
            return content;
        }
        var expressions = new JsonObject();
        foreach (var (name, _) in message.Content["user_expressions"] as JsonObject ?? [])
        {
            expressions[name] = Failed("NotSupported", "this kernel does not evaluate user_expressions", []);
        }
        return new JsonObject { ["status"] = "ok", ["execution_count"] = count, ["payload"] = new JsonArray(), ["user_expressions"] = expressions };
    }

    private string Ask(JupyterMessage request, string prompt, CancellationToken stop)
    {
        lock (_input)
        {
            while (_input.Receive(wait: false) is not null)
            {
                // an answer to a question that is no longer asked
            }
            _input.Send(_wire.Frames(request.Identities, "input_request", new JsonObject { ["prompt"] = prompt, ["password"] = false }, request.Header));
            while (!_over.IsCancellationRequested)
            {
                stop.ThrowIfCancellationRequested();
                if (_input.Receive() is { } frames && _wire.Parse(frames, out _) is { Type: "input_reply" } reply)
                {
                    return reply.Text("value");
                }
            }
            throw new OperationCanceledException("the kernel ends");
        }
    }

    private void Interrupt()
    {
        CancellationTokenSource? running;
        JsonObject? header;
        lock (_interrupting)
        {
            (running, header) = (_running, _runningHeader);
            running?.Cancel();
        }
        if (running is null)
        {
            return;
        }
        _ = Task.Run(() => FollowUp(running, header!));
    }

    // Code that waits on its own thread, as Thread.Sleep does, is woken; what neither looks nor waits cannot be ended from
    // outside in .NET, and that is said.
    private async Task FollowUp(CancellationTokenSource running, JsonObject header)
    {
        bool told = false;
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(250, _over.Token).ConfigureAwait(false))
        {
            var cell = _session.Result.Running;
            lock (_interrupting)
            {
                if (_running != running || cell is null)
                {
                    return;
                }
            }
            bool inOrder = cell.Deferred > 0 && watch.Elapsed < Interruption.Grace;
            if (!told && watch.Elapsed > Patience)
            {
                told = true;
                Publish(
                    new StreamOutput("stderr", inOrder
                        ? $"Stopping: what runs ends its step and keeps what it has. After {Interruption.Grace.TotalSeconds:0} s it is stopped without.\n"
                        : "The cell was asked to stop, but what it called neither displays, prints, computes with tensors nor looks at the interrupt, and .NET cannot stop it from outside. Restart the kernel to end it.\n"),
                    header,
                    silent: false);
            }
            if (!inOrder && watch.Elapsed > Patience / 3)
            {
                cell.Wake();
            }
        }
    }

    private void Publish(Output output, JsonObject parent, bool silent)
    {
        if (silent && output is ResultOutput)
        {
            return;
        }
        foreach (var script in _figures.Before(output))
        {
            Publish(script, parent, silent);
            // A moment for the page to run it.
            Thread.Sleep(script is DisplayOutput ? 500 : 0);
        }
        var (type, content) = output switch
        {
            StreamOutput stream => ("stream", new JsonObject { ["name"] = stream.Name, ["text"] = stream.Text }),
            DisplayOutput display => ("display_data", Display(display.Data, display.DisplayId)),
            UpdateOutput update => ("update_display_data", Display(update.Data, update.DisplayId)),
            ResultOutput result => ("execute_result", new JsonObject { ["execution_count"] = result.ExecutionCount, ["data"] = result.Data.ToJson(lines: false), ["metadata"] = new JsonObject() }),
            ErrorOutput error => ("error", ErrorContent(error.Name, error.Message, Coloured(error.Traceback))),
            _ => throw new ArgumentOutOfRangeException(nameof(output)),
        };
        _pace.Wait();
        Publish(type, content, parent);
    }

    private void Publish(string type, JsonObject content, JsonObject? parent)
    {
        var frames = _wire.Frames([System.Text.Encoding.UTF8.GetBytes(type)], type, content, (JsonObject?)parent?.DeepClone());
        lock (_publishing)
        {
            if (!_over.IsCancellationRequested)
            {
                _publish.Send(frames);
            }
        }
    }

    private static JsonObject Display(MimeBundle data, string? id)
    {
        var transient = new JsonObject();
        if (id is not null)
        {
            transient["display_id"] = id;
        }
        return new JsonObject { ["data"] = data.ToJson(lines: false), ["metadata"] = new JsonObject(), ["transient"] = transient };
    }

    private static IReadOnlyList<string> Coloured(IReadOnlyList<string> lines) => [.. lines.Select((line, index) => index == 0 ? $"\u001b[31m{line}\u001b[0m" : line)];

    private static JsonObject ErrorContent(string name, string message, IReadOnlyList<string> traceback) => new()
    {
        ["ename"] = name,
        ["evalue"] = message,
        ["traceback"] = new JsonArray([.. traceback.Select(line => JsonValue.Create(line))]),
    };

    private static JsonObject Failed(string name, string message, IReadOnlyList<string> traceback)
    {
        var content = ErrorContent(name, message, traceback);
        content["status"] = "error";
        return content;
    }

    private static JsonObject KernelInfo() => new()
    {
        ["status"] = "ok",
        ["protocol_version"] = JupyterWire.ProtocolVersion,
        ["implementation"] = "retort-notebook",
        ["implementation_version"] = typeof(JupyterKernel).Assembly.GetName().Version!.ToString(3),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = "14.0",
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = "C# script, run by retort-notebook",
        ["debugger"] = false,
        ["help_links"] = new JsonArray(),
    };

    private JsonObject Ports() => new()
    {
        ["status"] = "ok",
        ["shell_port"] = _connection.Shell,
        ["control_port"] = _connection.Control,
        ["stdin_port"] = _connection.Input,
        ["iopub_port"] = _connection.Publish,
        ["hb_port"] = _connection.Heartbeat,
    };
}
