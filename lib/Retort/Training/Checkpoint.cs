// A checkpoint is one safetensors file: tensors "model.*", "optimizer.*" and "average.*", and in the metadata the rest of
// the state as JSON with a SHA-256 of the tensors. One file, because only a single rename is atomic.

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>Checkpoints: one file each, whole or absent, checked when read.</summary>
public static class Checkpoint
{
    private const string StateKey = "retort.checkpoint";
    private const string HashKey = "retort.sha256";

    /// <summary>Writes a checkpoint and removes those older than the newest <paramref name="keep"/>.</summary>
    /// <param name="folder">the folder of checkpoints</param>
    /// <param name="state">all that is not a tensor</param>
    /// <param name="tensors">all that is</param>
    /// <param name="keep">how many checkpoints stay, at least 1</param>
    /// <exception cref="BadInputException">It cannot be written; the older ones are untouched.</exception>
    public static void Save(string folder, TrainState state, IReadOnlyList<(string Name, Tensor Value)> tensors, int keep = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"step-{state.Step:D12}.safetensors");
        SafeTensors.Save(path, tensors, new Dictionary<string, string>
        {
            [StateKey] = SettingsJson.Write(state, SettingsJson.Line),
            [HashKey] = Hash(tensors),
        });
        Durable.SyncFolder(folder);
        // Only after the new one has reached the disk.
        foreach (var old in All(folder).SkipLast(keep))
        {
            File.Delete(old);
        }
    }

    /// <summary>The checkpoints of a folder, the oldest first.</summary>
    public static IReadOnlyList<string> All(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "step-*.safetensors").Order(StringComparer.Ordinal).ToArray() : [];

    /// <summary>The newest checkpoint of a folder; null if there is none.</summary>
    public static string? Newest(string folder) => All(folder) is { Count: > 0 } all ? all[^1] : null;

    /// <summary>Reads a checkpoint and checks its tensors against its hash.</summary>
    /// <returns>the state, and new tensors, the caller's</returns>
    /// <exception cref="BadInputException">The file is damaged. No older one is taken in its place: remove it to go on from the one before.</exception>
    public static (TrainState State, Dictionary<string, Tensor> Tensors) Load(string path)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        TrainState state;
        try
        {
            state = ReadState(path, out var hash);
            tensors = SafeTensors.Load(path);
            if (Hash(tensors.Select(t => (t.Key, t.Value))) != hash)
            {
                throw new BadInputException(path, "", "the tensors do not have the checksum they were written with");
            }
        }
        catch (BadInputException e)
        {
            var before = All(Path.GetDirectoryName(Path.GetFullPath(path))!).LastOrDefault(p => string.CompareOrdinal(p, Path.GetFullPath(path)) < 0);
            throw new BadInputException(path, e.Place, $"damaged checkpoint: {e.Problem}. {(before is null ? "Remove it to start again" : $"Remove it to go on from {Path.GetFileName(before)}")}", e);
        }
        foreach (var tensor in tensors.Values)
        {
            tensor.MoveToOuterDisposeScope();
        }
        return (state, tensors);
    }

    /// <summary>A checkpoint's state, its tensors unread.</summary>
    /// <exception cref="BadInputException">The file is damaged or no checkpoint.</exception>
    public static TrainState ReadState(string path) => ReadState(path, out _);

    private static TrainState ReadState(string path, out string hash)
    {
        using var file = SafeTensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(StateKey, out var text) || !file.Metadata.TryGetValue(HashKey, out hash!))
        {
            throw new BadInputException(path, "metadata", "is no checkpoint: it has no state or no checksum");
        }
        try
        {
            return JsonSerializer.Deserialize<TrainState>(text, SettingsJson.Line) is { Best: not null, Step: >= 0 } state
                ? state
                : throw new BadInputException(path, "metadata", "the state lacks a part");
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, "metadata", "the state is not JSON", e);
        }
    }

    // Over names in order, types, shapes and bytes.
    private static string Hash(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using var none = no_grad();
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            sum.AppendData(Encoding.UTF8.GetBytes($"{name} {value.dtype} [{string.Join(",", value.shape)}]\n"));
            sum.AppendData(value.detach().cpu().contiguous().bytes);
        }
        return Convert.ToHexString(sum.GetHashAndReset()).ToLowerInvariant();
    }
}
