namespace TorchSharp;

// Tensors in files of TorchSharp's own format.
public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>A tensor that <see cref="TensorExtensionMethods.Save(Tensor, string)"/> wrote.</summary>
        public static Tensor Load(string location)
        {
            using var stream = File.OpenRead(location);
            return Load(stream);
        }

        public static Tensor Load(Stream stream)
        {
            using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            return SaveFormat.Read(reader);
        }

        public static Tensor Load(BinaryReader reader) => SaveFormat.Read(reader);
    }
}
