// A rename is durable once its folder is synced. AtomicFile writes, syncs and renames; here the folder follows, and what
// a killed writer left is removed.

using System.Runtime.InteropServices;

namespace Retort.Training;

internal static partial class Durable
{
    /// <summary>Writes the text whole or not at all, and returns when file and name have reached the disk.</summary>
    public static void WriteText(string path, string text)
    {
        AtomicFile.WriteText(path, text);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Whether opening failed because another holds the file: EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    public static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>Runs what writes to an open file; a full disk or a lost folder becomes one error that names it.</summary>
    public static void Append(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Removes the temporary files of writers that were killed.</summary>
    public static void RemoveUnfinished(string folder)
    {
        if (Directory.Exists(folder))
        {
            foreach (var file in Directory.EnumerateFiles(folder, ".*.tmp"))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Returns when the names in the folder have reached the disk. .NET has no call for it; only Linux needs one.</summary>
    public static void SyncFolder(string folder)
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
