using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Weights in safetensors files, whole.</summary>
public static class SafeTensors
{
    /// <summary>Every tensor of a file, on the CPU, by name.</summary>
    /// <param name="path">a safetensors file</param>
    /// <exception cref="BadInputException">The file is missing, truncated, damaged, or holds a dtype that is not read here.</exception>
    public static Dictionary<string, Tensor> Load(string path)
    {
        using var file = SafeTensorsFile.Open(path);
        using var scope = NewDisposeScope();
        var result = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var name in file.Names)
        {
            result[name] = file.Read(name);
        }
        foreach (var tensor in result.Values)
        {
            tensor.MoveToOuterDisposeScope();
        }
        return result;
    }

    /// <summary>
    /// Writes tensors, replacing the file only when the new one is whole. The same tensors and metadata give the same bytes,
    /// in whatever order they come.
    /// </summary>
    /// <param name="path">where to</param>
    /// <param name="tensors">names and tensors of any device and strides; float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8 or bool</param>
    /// <param name="metadata">texts to put into the header</param>
    /// <exception cref="ArgumentException">A name is there twice or reserved, or a dtype cannot be written.</exception>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public static void Save(string path, IEnumerable<(string, Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var items = tensors.Select(t => new SafeTensorsWriter.Item(
            t.Item1, t.Item2.dtype, [.. t.Item2.shape], stream => TensorBytes.Write(t.Item2, stream))).ToArray();
        foreach (var item in items)
        {
            SafeTensorsHeader.NameOf(item.DType);
        }
        AtomicFile.Write(path, stream => SafeTensorsWriter.Write(stream, items, metadata));
    }

    /// <summary>As the other, for a state_dict.</summary>
    /// <param name="path">where to</param>
    /// <param name="tensors">tensors by name</param>
    /// <param name="metadata">texts to put into the header</param>
    /// <exception cref="ArgumentException">A name is reserved, or a dtype cannot be written.</exception>
    /// <exception cref="BadInputException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Save(path, tensors.Select(t => (t.Key, t.Value)), metadata);
}
