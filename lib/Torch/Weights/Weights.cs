using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Puts weights from files into modules.</summary>
public static class Weights
{
    /// <summary>The weights of a safetensors file or of a file of torch.save, told apart by their content.</summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">As for <see cref="SafeTensors.Load"/> and <see cref="PyTorchFile.LoadStateDict"/>.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        Span<byte> head = stackalloc byte[9];
        int read;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        // A safetensors header is JSON from byte 8 on; neither of PyTorch's formats has a brace there.
        return read == head.Length && head[8] == (byte)'{' ? SafeTensors.Load(path) : PyTorchFile.LoadStateDict(path);
    }
}
