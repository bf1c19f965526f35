using Retort.Torch;

namespace Retort.Tests.Fuzz;

internal static class Archives
{
    public static void ReadAll(byte[] file)
    {
        var stream = new MemoryStream(file);
        foreach (var storage in PyTorchArchive.Parse(stream, "mutant.pt").Storages.Values)
        {
            PyTorchArchive.Read(stream, "mutant.pt", storage, fill => fill(new byte[storage.Storage.Bytes]));
        }
    }
}
