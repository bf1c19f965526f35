namespace Retort.Data;

/// <summary>
/// Where made data is kept outside the repository: the folder that the environment variable RETORT_CACHE names, else
/// <c>~/.cache/retort</c>. An entry is a folder named by its kind and the hash of its recipe. It is made under a temporary
/// name and renamed when complete, so that a killed run leaves no entry that looks complete.
/// </summary>
public static class Cache
{
    /// <summary>The cache's folder, as an absolute path. It may not exist yet.</summary>
    public static string Root
    {
        get
        {
            var set = Environment.GetEnvironmentVariable("RETORT_CACHE");
            return string.IsNullOrWhiteSpace(set)
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "retort")
                : Path.GetFullPath(set);
        }
    }

    /// <summary>
    /// The entry's folder; made first where it is absent. Others that ask for the same entry meanwhile, from this process
    /// or another, wait for it.
    /// </summary>
    /// <param name="kind">what it is, in letters, digits and dashes; the beginning of the folder's name</param>
    /// <param name="hash">hexadecimal hash of the recipe: everything that decides the content</param>
    /// <param name="make">fills the empty folder that it is given</param>
    /// <exception cref="BadInputException">The folder cannot be written (permissions, full disk).</exception>
    public static string Entry(string kind, string hash, Action<string> make)
    {
        if (kind.Length == 0 || !kind.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') || hash.Length < 16 || !hash.All(char.IsAsciiHexDigit))
        {
            throw new ArgumentException("a kind has letters, digits and dashes, and a hash at least 16 hexadecimal digits");
        }
        var name = $"{kind}-{hash[..Math.Min(hash.Length, 32)]}";
        var final = Path.Combine(Root, name);
        if (Directory.Exists(final))
        {
            return final;
        }
        try
        {
            Directory.CreateDirectory(Root);
            using var alone = WaitForLock(Path.Combine(Root, name + ".lock"));
            if (Directory.Exists(final))
            {
                return final;
            }
            // Whoever holds the lock owns all unfinished folders of this name: they are of killed runs.
            foreach (var left in Directory.GetDirectories(Root, name + ".part-*"))
            {
                Directory.Delete(left, recursive: true);
            }
            var part = Path.Combine(Root, $"{name}.part-{Guid.NewGuid():n}");
            Directory.CreateDirectory(part);
            try
            {
                make(part);
                Directory.Move(part, final);
            }
            finally
            {
                if (Directory.Exists(part))
                {
                    Directory.Delete(part, recursive: true);
                }
            }
            return final;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(final, "", $"cannot be written: {e.Message} (the environment variable RETORT_CACHE chooses another folder)", e);
        }
    }

    private static FileStream WaitForLock(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (IsHeld(e))
            {
                Thread.Sleep(50);
            }
        }
    }

    // EWOULDBLOCK on Linux and macOS; ERROR_SHARING_VIOLATION on Windows.
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
