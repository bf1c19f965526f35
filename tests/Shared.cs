namespace Retort.Tests;

/// <summary>Reference files that lie beside the tests of a folder: every clone has them.</summary>
internal static class Golden
{
    /// <summary>The file's path.</summary>
    /// <param name="folder">of tests, such as "Models"</param>
    /// <param name="name">such as "ced/keys_ced_tiny.tsv"</param>
    public static string File(string folder, string name) => Path.Combine(AppContext.BaseDirectory, folder, "Golden", name);
}

/// <summary>The folder of reference files beside a developer's checkout. Elsewhere the tests that need it are skipped.</summary>
internal static class Shared
{
    /// <summary>The file's path; skips the running test where the file is absent (the test is a SkippableFact).</summary>
    public static string File(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (var root in new[] { Path.Combine(folder.FullName, "shared"), Path.Combine(folder.Parent?.FullName ?? "", "shared") })
            {
                var path = Path.Combine(root, name);
                if (System.IO.File.Exists(path) || Directory.Exists(path))
                {
                    return path;
                }
            }
        }
        Skip.If(true, $"reference file {name} is not on this machine");
        return "";
    }
}
