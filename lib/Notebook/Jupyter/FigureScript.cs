using System.Collections;

namespace Retort.Notebook;

/// <summary>
/// plotly.js for front ends that do not run the kernel's own page script (VS Code, JupyterLab): sent once a session, before
/// the first figure, as an output that becomes empty right after, so that a saved notebook does not carry it.
/// </summary>
internal sealed class FigureScript
{
    /// <summary>Set to "cell", the script is sent whatever the front end; set to "off", never. Else VS Code is known by its own variables.</summary>
    public const string Variable = "RETORT_PLOTLY";

    // What figures of the library are marked with.
    private const string Mark = "retort-figure";

    private readonly string? _path;
    private bool _sent;

    /// <param name="cache">Where plotly.js is kept.</param>
    /// <param name="environment">The process's environment variables.</param>
    public FigureScript(string cache, IDictionary environment)
    {
        bool wanted = environment[Variable] switch
        {
            "cell" => true,
            "off" => false,
            _ => environment.Keys.Cast<string>().Any(name => name.StartsWith("VSCODE_", StringComparison.Ordinal)),
        };
        _path = wanted ? ReportAssets.Plotly(cache) : null;
    }

    /// <summary>What goes out before this output: the script, and then nothing in its place. Nothing at all but before the first figure.</summary>
    public IEnumerable<Output> Before(Output output)
    {
        var data = output switch { DisplayOutput display => display.Data, ResultOutput result => result.Data, UpdateOutput update => update.Data, _ => null };
        if (_sent || _path is null || data?[Formatter.Html]?.Contains(Mark, StringComparison.Ordinal) != true)
        {
            yield break;
        }
        _sent = true;
        var id = Guid.NewGuid().ToString("N");
        yield return new DisplayOutput(new MimeBundle().Add(Formatter.Html, $"<script>if (!window.Plotly) {{ {File.ReadAllText(_path)} }}</script>"), id);
        yield return new UpdateOutput(new MimeBundle().Add(Formatter.Html, ""), id);
    }
}
