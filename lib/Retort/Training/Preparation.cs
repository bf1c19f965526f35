namespace Retort.Training;

/// <summary>
/// What all shards of an experiment need before their arms: the first shard makes it in the common folder, the others wait,
/// and one process at a time reads it, since a run's folder admits one.
/// </summary>
internal static class Preparation
{
    /// <summary>Waits for one's turn; dispose it to let the next in. The first shard calls <see cref="Done"/> when all is made.</summary>
    public static FileStream Enter(string folder, Shard shard, CancellationToken cancel)
    {
        while (shard.Index > 0 && !File.Exists(Marker(folder)))
        {
            cancel.ThrowIfCancellationRequested();
            Thread.Sleep(1000);
        }
        Directory.CreateDirectory(folder);
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(folder, "prepared.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (Durable.IsHeld(e))
            {
                cancel.ThrowIfCancellationRequested();
                Thread.Sleep(500);
            }
        }
    }

    /// <summary>Everything is made.</summary>
    public static void Done(string folder, string version) => AtomicFile.WriteText(Marker(folder), version + "\n");

    private static string Marker(string folder) => Path.Combine(folder, "prepared");
}
