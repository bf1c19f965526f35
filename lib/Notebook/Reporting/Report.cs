using System.Text;

namespace Retort.Notebook;

/// <summary>Makes the report: a folder of pages that works from file:// and offline, index.html first.</summary>
public static class Report
{
    /// <summary>Writes the report and gives the path of its first page.</summary>
    /// <param name="results">Folder with claims.json.</param>
    /// <param name="notebooks">Notebook files, and folders of them.</param>
    /// <param name="target">The report's folder; pages of an earlier report in it are replaced.</param>
    /// <param name="cache">Where plotly.js and KaTeX are kept; null for the usual place.</param>
    public static string Write(string results, IReadOnlyList<string> notebooks, string target, string? cache = null)
    {
        ArgumentNullException.ThrowIfNull(notebooks);
        // Everything is read before anything is written: bad input leaves the last report as it was.
        var claims = ReportClaim.Read(results);
        var facts = ReportFact.Read(results);
        var files = notebooks.SelectMany(Files).Select(NotebookFile.Read).OrderBy(file => Path.GetFileName(file.FilePath), StringComparer.Ordinal).ToList();
        if (files.GroupBy(file => Path.GetFileName(file.FilePath)).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new NotebookException(twice.Key, "", "there are two notebooks of this name");
        }
        try
        {
            Directory.CreateDirectory(target);
            var assets = ReportAssets.CopyTo(target, cache ?? ReportAssets.Cache);
            var pages = files.Select(file => new NotebookPage(file, assets)).ToList();
            for (int at = 0; at < pages.Count; at++)
            {
                Save(Path.Combine(target, pages[at].Name + ".html"), pages[at].Html(pages.ElementAtOrDefault(at - 1), pages.ElementAtOrDefault(at + 1)));
            }
            var index = Path.Combine(target, "index.html");
            Save(index, new Scoreboard(claims, facts, pages, assets).Html());
            return index;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException(target, "", $"cannot be written: {exception.Message}", exception);
        }
    }

    private static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.ipynb").Order(StringComparer.Ordinal)
        : File.Exists(path) ? [path]
        : throw new NotebookException(path, "", "there is no such notebook or folder");

    private static void Save(string path, string text)
    {
        var temporary = path + ".tmp";
        File.WriteAllText(temporary, text, new UTF8Encoding(false));
        File.Move(temporary, path, overwrite: true);
    }
}
