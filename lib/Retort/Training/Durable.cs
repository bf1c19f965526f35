// Files that are whole or absent: written under a temporary name, synced, renamed, and the folder synced. A process
// that is killed at any instant leaves the old file or the new one, and at most a temporary file beside it.

using System.Runtime.InteropServices;
using System.Text;

namespace Retort.Training;

internal static partial class Durable
{
    /// <summary>Ends the name of a file that is being written.</summary>
    public const string Unfinished = ".unfinished";

    /// <summary>Writes the file whole: <paramref name="write"/> gets the temporary path.</summary>
    public static void Write(string path, Action<string> write)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        // Two processes that write the same file do not meet in the temporary one.
        var temporary = $"{path}.{Environment.ProcessId}-{Environment.CurrentManagedThreadId}{Unfinished}";
        try
        {
            write(temporary);
            using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite))
            {
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (IOException e)
        {
            File.Delete(temporary);
            throw new BadInputException(path, "", $"could not be written ({e.Message}); an older file of this name is untouched", e);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        SyncFolder(folder);
    }

    /// <summary>Writes the text as UTF-8, whole.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, temporary => File.WriteAllText(temporary, text, new UTF8Encoding(false)));

    /// <summary>Removes what writers that were killed left in the folder.</summary>
    public static void RemoveUnfinished(string folder)
    {
        if (Directory.Exists(folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*" + Unfinished))
            {
                File.Delete(file);
            }
        }
    }

    // A rename is durable once its folder is synced. .NET has no call for that; other systems than Linux do it themselves.
    private static void SyncFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        var handle = Open(folder, 0);
        if (handle >= 0)
        {
            Sync(handle);
            Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
