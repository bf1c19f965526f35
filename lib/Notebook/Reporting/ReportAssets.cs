namespace Retort.Notebook;

/// <summary>
/// The files that pages use, copied into the report: our style and script, and from the cache plotly.js for figures
/// that move and KaTeX for typeset formulas. Without those two the static pictures and the formulas' source remain.
/// </summary>
internal sealed class ReportAssets
{
    private readonly string _folder;
    private readonly Dictionary<string, string> _kept = [];

    private ReportAssets(string folder) => _folder = folder;

    public bool HasFigures { get; private set; }

    public bool HasFormulas { get; private set; }

    /// <summary>Where downloaded things are kept: RETORT_CACHE, or a folder in the user's cache.</summary>
    public static string Cache => Environment.GetEnvironmentVariable("RETORT_CACHE") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "retort");

    public static ReportAssets CopyTo(string report, string cache)
    {
        var assets = new ReportAssets(Path.Combine(report, "assets"));
        Directory.CreateDirectory(assets._folder);
        foreach (var name in new[] { "report.css", "report.js" })
        {
            using var source = typeof(ReportAssets).Assembly.GetManifestResourceStream(name)!;
            using var target = File.Create(Path.Combine(assets._folder, name));
            source.CopyTo(target);
        }
        assets.HasFigures = assets.CopyFigures(cache);
        assets.HasFormulas = assets.CopyFormulas(Path.Combine(cache, "katex"));
        return assets;
    }

    /// <summary>Takes a file into the report and gives its address, relative to the pages.</summary>
    public string Keep(string path)
    {
        if (!_kept.TryGetValue(path, out var name))
        {
            name = $"{_kept.Count + 1}-{Path.GetFileName(path)}";
            var folder = Path.Combine(_folder, "files");
            Directory.CreateDirectory(folder);
            File.Copy(path, Path.Combine(folder, name), overwrite: true);
            _kept[path] = name;
        }
        return "assets/files/" + Uri.EscapeDataString(name);
    }

    /// <summary>plotly.js in the cache, where environment/plotly/install.sh puts it; null if it is not there. The small bundle: all but 3-D.</summary>
    public static string? Plotly(string cache)
    {
        var path = Path.Combine(cache, "plotly", "node_modules", "plotly.js-cartesian-dist-min", "plotly-cartesian.min.js");
        return File.Exists(path) ? path : null;
    }

    private bool CopyFigures(string cache)
    {
        if (Plotly(cache) is not { } script)
        {
            return false;
        }
        File.Copy(script, Path.Combine(_folder, "plotly.min.js"), overwrite: true);
        return true;
    }

    private bool CopyFormulas(string cache)
    {
        if (!File.Exists(Path.Combine(cache, "katex.min.js")))
        {
            return false;
        }
        var target = Path.Combine(_folder, "katex");
        Directory.CreateDirectory(Path.Combine(target, "fonts"));
        foreach (var file in Directory.EnumerateFiles(cache).Where(file => Path.GetFileName(file) is "katex.min.js" or "katex.min.css" or "LICENSE"))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
        foreach (var font in Directory.EnumerateFiles(Path.Combine(cache, "fonts"), "*.woff2"))
        {
            File.Copy(font, Path.Combine(target, "fonts", Path.GetFileName(font)), overwrite: true);
        }
        return true;
    }
}
