namespace TorchSharp;

// Tensors in files of TorchSharp's own format.
public static partial class torch
{
    /// <summary>Writes one tensor as C++'s torch::save does. (Extension method Save writes TorchSharp's other format.)</summary>
    public static void save(Tensor t, string location)
    {
        Door.Check(Door.Save(t.Handle, location));
        GC.KeepAlive(t);
    }

    /// <summary>Reads one tensor that <see cref="save"/>, C++ or Python's torch.save wrote, as data: nothing of the file is run.</summary>
    /// <exception cref="Retort.BadInputException">The file is missing, damaged, or holds something else than one tensor.</exception>
    public static Tensor load(string location) => Retort.Torch.PyTorchFile.LoadTensor(location);

    public partial class Tensor
    {
        /// <summary>As <see cref="torch.save"/>.</summary>
        public void save(string location) => torch.save(this, location);

        /// <summary>As <see cref="torch.load"/>.</summary>
        public static Tensor load(string location) => torch.load(location);

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
