using static TorchSharp.torch;

namespace TorchSharp;

public static partial class TensorExtensionMethods
{
    /// <summary>Writes the tensor in TorchSharp's own format.</summary>
    public static void Save(this Tensor tensor, BinaryWriter writer) => SaveFormat.Write(writer, tensor);

    public static void Save(this Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        SaveFormat.Write(writer, tensor);
    }

    public static void Save(this Tensor tensor, string location)
    {
        using var stream = File.Create(location);
        tensor.Save(stream);
    }

    /// <summary>Reads values of the tensor's own type and shape into it; with <paramref name="skip"/> only goes past them.</summary>
    /// <exception cref="ArgumentException">Another type or shape.</exception>
    public static void Load(this Tensor tensor, BinaryReader reader, bool skip = false) => SaveFormat.ReadInto(reader, tensor, skip);

    /// <summary>As the other; a null tensor becomes a new one.</summary>
    public static void Load(ref Tensor? tensor, BinaryReader reader, bool skip = false)
    {
        if (tensor is null && !skip) tensor = SaveFormat.Read(reader);
        else SaveFormat.ReadInto(reader, tensor!, skip);
    }

    /// <summary>A new tensor; with <paramref name="skip"/> null, and the reader stands behind it.</summary>
    public static Tensor Load(BinaryReader reader, bool skip = false)
    {
        if (!skip) return SaveFormat.Read(reader);
        SaveFormat.ReadInto(reader, null!, skip);
        return null!;
    }
}
