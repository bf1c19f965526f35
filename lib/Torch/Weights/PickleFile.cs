namespace Retort.Torch;

/// <summary>Reads a plain pickle (pickle.dump) of data by the same restricted reader as <see cref="PyTorchFile"/>: no code of a file is ever run.</summary>
public static class PickleFile
{
    /// <summary>The file's object.</summary>
    /// <param name="path">a file of pickle.dump, without tensors</param>
    /// <returns>A tree as of <see cref="PyTorchFile.Load"/>.</returns>
    /// <exception cref="BadInputException">The file is missing, truncated or damaged, or holds anything but data.</exception>
    public static object? Load(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 4096);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        using (stream)
        {
            var storages = new Dictionary<string, PickledStorage>(StringComparer.Ordinal);
            var value = new PickleMachine(new ByteSource(stream, 0, stream.Length, path, "pickle"), storages).Run();
            return storages.Count == 0 ? value : throw new BadInputException(path, "", "a pickle with tensors; expected plain data");
        }
    }
}
