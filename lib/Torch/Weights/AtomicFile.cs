namespace Retort;

/// <summary>Files that are either the old one or the whole new one, whatever happens while they are written.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes to a temporary name in the same folder, syncs it to the disk and renames it to <paramref name="path"/>.
    /// The folder is made if it is missing. On failure the temporary file is removed and the old file stays.
    /// </summary>
    /// <param name="path">the file to write or replace</param>
    /// <param name="write">writes the content; the stream can seek</param>
    /// <exception cref="BadInputException">The file cannot be written: no space, no permission, no such place.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var whole = Path.GetFullPath(path);
        var temporary = Path.Combine(Path.GetDirectoryName(whole) ?? ".", $".{Path.GetFileName(whole)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(whole) ?? ".");
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, whole, overwrite: true);
        }
        catch (Exception e)
        {
            Remove(temporary);
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new BadInputException(path, "", $"cannot be written: {e.Message}", e);
            }
            throw;
        }
    }

    /// <summary>As <see cref="Write"/>, for a text in UTF-8 without a byte order mark.</summary>
    /// <param name="path">the file to write or replace</param>
    /// <param name="text">its whole content</param>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to tell; a temporary file that cannot be removed harms nobody.
        }
    }
}
