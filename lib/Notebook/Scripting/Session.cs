using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Scripting.Hosting;
using Microsoft.CodeAnalysis.Scripting;
using Microsoft.CodeAnalysis.Scripting.Hosting;

namespace Retort.Notebook;

/// <summary>
/// Runs the cells of one notebook, one after another, as C# script: the language, imports and rules of .NET Interactive's
/// C# kernel (its CSharpKernel.cs of 2026-04-16). Console, working directory and environment are the process's, and
/// nothing that was loaded is unloaded: one process per notebook.
/// </summary>
public sealed class Session
{
    /// <summary>
    /// The name under which AppContext holds a <c>Func&lt;string, string, Action&lt;string, string&gt;&gt;</c>: shows HTML, or the text where there
    /// is none, below the cell that runs, and gives back what replaces both. So a library shows its progress without knowing this host.
    /// </summary>
    public const string DisplayKey = "Retort.Display";

    /// <summary>
    /// The name under which AppContext holds an <c>Action&lt;int, int&gt;</c>: a library says of an experiment's results how many were kept from
    /// before, and how many there are.
    /// </summary>
    public const string ResultsKey = "Retort.Results";

    private static int _keptResults;
    private static int _allResults;

    static Session()
    {
        Interruption.Publish();
        AppContext.SetData(ResultsKey, (Action<int, int>)((kept, all) =>
        {
            Interlocked.Add(ref _keptResults, kept);
            Interlocked.Add(ref _allResults, all);
        }));
        AppContext.SetData(DisplayKey, (Func<string, string, Action<string, string>>)((html, text) =>
        {
            static FormattedValue[] Both(string html, string text) => [new(Formatter.Html, html), new(Formatter.Plain, text)];
            var shown = Kernel.Show(Both(html, text), []);
            return (newHtml, newText) => shown.Update(Both(newHtml, newText));
        }));
    }

    /// <summary>What experiments said of their results in this process: how many were kept from before, and how many there are.</summary>
    public static (int Kept, int All) Results => (_keptResults, _allResults);

    private const int StackBytes = 16 << 20;

    private static readonly MethodInfo HasReturnValue =
        typeof(Script).GetMethod("HasReturnValue", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new InvalidOperationException("This version of Microsoft.CodeAnalysis.Scripting has no Script.HasReturnValue; use 5.12.");

    private readonly string _folder;
    private readonly string _startFolder = Directory.GetCurrentDirectory();
    private readonly OutputLimits _limits;
    private readonly Dictionary<int, string> _sources = [];
    private readonly InteractiveAssemblyLoader _loader = new();
    private readonly Packages _packages = new();
    private readonly List<MetadataReference> _references = [];
    private ScriptState<object>? _state;
    private NativeOutput? _native;

    private Session(string folder, OutputLimits limits)
    {
        _folder = Path.GetFullPath(folder);
        _limits = limits;
        // Cells must meet the very Kernel class that the host feeds, not a second copy of this assembly.
        _loader.RegisterDependency(typeof(Session).Assembly);
    }

    /// <summary>Number of the newest cell.</summary>
    public int ExecutionCount { get; private set; }

    /// <summary>The cell that runs; null if none does.</summary>
    internal Interruption.Running? Running { get; private set; }

    /// <summary>The script so far, for completion and inspection.</summary>
    internal Script? Script => _state?.Script;

    /// <summary>Starts a session and compiles a first script, so that the first cell does not wait for the compiler.</summary>
    /// <param name="folder">The notebook's folder, to which #r and #load are relative.</param>
    /// <param name="limits">How much a cell may say.</param>
    /// <param name="captureNative">Whether what native code and child processes print is taken too. It redirects the process's own standard output, so only a process that is a host and nothing else does it.</param>
    public static async Task<Session> StartAsync(string folder, OutputLimits? limits = null, bool captureNative = false)
    {
        RoutedConsole.Install();
        var session = new Session(folder, limits ?? new OutputLimits());
        var first = CSharpScript.Create<object>($"using static {typeof(Kernel).FullName};", session.Options(0), assemblyLoader: session._loader);
        session._state = await first.RunAsync().ConfigureAwait(false);
        // Formatting is warmed too: a value, shown to nobody.
        Formatter.Bundle(new { Warm = 1 });
        if (captureNative)
        {
            session._native = NativeOutput.Start();
        }
        return session;
    }

    /// <summary>Runs one cell. What it says goes to <paramref name="emit"/>, from several threads but one at a time.</summary>
    /// <param name="code">The cell.</param>
    /// <param name="emit">Takes the outputs, in order.</param>
    /// <param name="interrupt">Asks the cell to stop: loops, functions and awaits of the cell look at it, and so do displays, console text and, by <see cref="Interruption"/>, libraries. A single call that does none of this goes on.</param>
    /// <param name="silent">Whether to leave the cell's value unshown.</param>
    /// <param name="counted">Whether the cell gets a number of its own.</param>
    /// <param name="input">Asks the user for a line, with a prompt; null where nobody can be asked.</param>
    public async Task<CellResult> RunAsync(string code, Action<Output> emit, CancellationToken interrupt = default, bool silent = false, bool counted = true, Func<string, string>? input = null)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentNullException.ThrowIfNull(emit);
        // Uncounted cells are cell 0 in stack traces.
        int number = counted ? ++ExecutionCount : 0;
        _sources[number] = code;
        var output = new CellOutput(emit, _limits) { Input = input };
        _native?.Begin(output);
        var done = new TaskCompletionSource<ErrorOutput?>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own: deep recursion in a cell has room, and what the cell starts inherits its output.
        var thread = new Thread(
            () =>
            {
                RoutedConsole.Current = output;
                var cell = Interruption.Begin(interrupt);
                Running = cell;
                Execute(code, number, output, cell, silent).ContinueWith(task => done.SetFromTask(task), TaskScheduler.Default);
            },
            StackBytes)
        { IsBackground = true, Name = ErrorReport.CellName(number) };
        thread.Start();
        ErrorOutput? error;
        try
        {
            error = await done.Task.ConfigureAwait(false);
        }
        finally
        {
            Running?.Dispose();
            Running = null;
        }
        _native?.End();
        output.Flush();
        if (error is not null)
        {
            output.Send(error);
        }
        output.Complete();
        return new CellResult(ExecutionCount, error);
    }

    private async Task<ErrorOutput?> Execute(string code, int number, CellOutput output, Interruption.Running cell, bool silent)
    {
        var text = CellText.Read(code);
        if (text.Problem is { } problem)
        {
            return CompilationError(output, $"({problem.Line},1): {problem.Problem}");
        }
        if (text.Asked is { } name)
        {
            output.Display(new MimeBundle().Add(Formatter.Plain, new CodeHelp(() => this).Describe(name) ?? $"{name}: nothing of this name is known here"), null);
            return null;
        }
        var watch = Stopwatch.StartNew();
        var error = text.Packages.Count > 0 ? await Restore(text, output, cell).ConfigureAwait(false) : null;
        foreach (var part in text.Parts.TakeWhile(_ => error is null))
        {
            if (part.Kind == CellText.CSharp)
            {
                error = await RunCode(part.Text, code, number, output, cell, silent).ConfigureAwait(false);
            }
            else
            {
                output.Display(Shown(part), null);
            }
        }
        if (text.IsTimed)
        {
            output.Display(new MimeBundle().Add(Formatter.Plain, string.Create(CultureInfo.InvariantCulture, $"Wall time: {watch.Elapsed.TotalSeconds:0.000} s")), null);
        }
        return error;
    }

    private MimeBundle Shown(CellPart part) => part.Kind switch
    {
        "who" => Formatter.Bundle(_state!.Variables.GroupBy(variable => variable.Name).Select(group => group.Last())
            .Select(variable => new { name = variable.Name, type = Members.TypeName(variable.Type), value = variable.Value }).ToList()),
        "about" => new MimeBundle().Add(Formatter.Plain, $"retort-notebook {typeof(Session).Assembly.GetName().Version?.ToString(3)}: C# {LanguageVersion.Latest.MapSpecifiedToEffectiveVersion().ToDisplayString()} script on {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}"),
        "magics" => new MimeBundle().Add(Formatter.Plain, CellText.Magics),
        var mimeType => new MimeBundle().Add(mimeType, part.Text),
    };

    private async Task<ErrorOutput?> Restore(CellText text, CellOutput output, Interruption.Running cell)
    {
        try
        {
            var (libraries, installed, problem) = await _packages.RestoreAsync(text.Packages, text.Sources, Folder, cell.Token).ConfigureAwait(false);
            if (problem is not null)
            {
                return CompilationError(output, problem);
            }
            _references.AddRange(libraries.Select(path => MetadataReference.CreateFromFile(path)));
            output.Display(new MimeBundle().Add(Formatter.Plain, "Installed: " + installed), null);
            return null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return Report(exception, cell);
        }
    }

    private async Task<ErrorOutput?> RunCode(string code, string whole, int number, CellOutput output, Interruption.Running cell, bool silent)
    {
        if (code.Contains("#r", StringComparison.Ordinal))
        {
            _references.AddRange(new LibraryResolver(Folder).BroughtAlong(code).Where(found => !_references.Contains(found)));
        }
        var before = _state!.Script;
        var script = before.ContinueWith<object>(CellRewriter.Stoppable(code), Options(number));
        try
        {
            if (Errors(script).Count > 0)
            {
                // What is wrong is said of the cell as it was written.
                script = before.ContinueWith<object>(code, Options(number));
                if (Errors(script) is { Count: > 0 } errors)
                {
                    return CompilationError(output, string.Join('\n', errors.Select(error => Describe(error, whole))));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            return CompilationError(output, exception.Message);
        }
        bool hasValue = (bool)HasReturnValue.Invoke(script, null)! && CellRewriter.GivesValue(code);
        try
        {
            cell.IsInCode = true;
            _state = await script.RunFromAsync(_state, _ => true).ConfigureAwait(false);
            if (_state.Exception is null && hasValue && !silent && _state.ReturnValue is not DisplayedValue)
            {
                output.Send(new ResultOutput(Formatter.Bundle(_state.ReturnValue), ExecutionCount));
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A formatter threw, or an assembly that the cell needs could not be loaded.
            return Report(exception, cell);
        }
        finally
        {
            cell.IsInCode = false;
        }
        return _state.Exception is { } thrown ? Report(thrown, cell) : null;
    }

    private ErrorOutput Report(Exception thrown, Interruption.Running cell)
    {
        var cause = thrown is AggregateException { InnerExceptions: [var first, ..] } ? first : thrown;
        if (cause is OperationCanceledException or ThreadInterruptedException && cell.Token.IsCancellationRequested)
        {
            return new ErrorOutput("Interrupted", "the cell was interrupted", ["Interrupted: the cell was interrupted"]);
        }
        return ErrorReport.Of(thrown, Source);
    }

    private static ErrorOutput CompilationError(CellOutput output, string text)
    {
        output.Write("stderr", text + "\n");
        return new ErrorOutput("Error", "compilation error", ["compilation error"]);
    }

    private static IReadOnlyList<Diagnostic> Errors(Script script) =>
        [.. script.Compile().Where(item => item.Severity == DiagnosticSeverity.Error).OrderBy(item => item.Location.SourceSpan.Start)];

    private static string Describe(Diagnostic error, string code)
    {
        var position = error.Location.GetLineSpan().StartLinePosition;
        var inCell = error.Location.SourceTree is { FilePath: var path } && path.StartsWith("cell ", StringComparison.Ordinal);
        var line = inCell ? code.Split('\n').ElementAtOrDefault(position.Line)?.TrimEnd() : null;
        var text = new StringBuilder($"({position.Line + 1},{position.Character + 1}): error {error.Id}: {error.GetMessage(CultureInfo.InvariantCulture)}");
        if (line is not null)
        {
            text.Append("\n    ").Append(line.Replace('\t', ' ')).Append("\n    ").Append(' ', position.Character).Append('^');
        }
        return text.ToString();
    }

    // Relative to the notebook, or to wherever a cell has moved the process since.
    internal string Folder => Directory.GetCurrentDirectory() is var current && current == _startFolder ? _folder : current;

    private string? Source(int count) => _sources.GetValueOrDefault(count);

    private ScriptOptions Options(int count)
    {
        var folder = Folder;
        return BaseOptions.Value
            .AddReferences(_references)
            .WithMetadataResolver(new LibraryResolver(folder))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(folder))
            .WithFilePath(ErrorReport.CellName(count))
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8);
    }

    private static readonly Lazy<ScriptOptions> BaseOptions = new(() => ScriptOptions.Default
        .WithReferences(Framework())
        .AddReferences(typeof(Session).Assembly)
        .WithImports("System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq")
        .WithLanguageVersion(LanguageVersion.Latest)
        .WithOptimizationLevel(OptimizationLevel.Release)
        .WithAllowUnsafe(true));

    private static IEnumerable<MetadataReference> Framework()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var trusted = ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator);
        return trusted.Where(path => Path.GetDirectoryName(path) == folder).Select(path => MetadataReference.CreateFromFile(path));
    }
}
