namespace Retort.Tests;

/// <summary>A file in a folder of its own, which is removed at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-test-").FullName;

    public TemporaryFile(byte[]? content = null, string name = "file.bin")
    {
        Name = Path.Combine(folder, name);
        if (content is not null)
        {
            File.WriteAllBytes(Name, content);
        }
    }

    public string Name { get; }

    /// <summary>Names of all files in the folder.</summary>
    public IEnumerable<string?> Beside => Directory.EnumerateFiles(folder).Select(Path.GetFileName);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
