using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>A model's weights: copied, put back, told apart.</summary>
public static class StateDict
{
    /// <summary>Copies that stay when the model changes; in no dispose scope, the caller's.</summary>
    internal static Dictionary<string, Tensor> Copy(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        return model.state_dict().ToDictionary(p => p.Key, p => p.Value.detach().clone().DetachFromDisposeScope());
    }

    /// <summary>Overwrites the model's weights.</summary>
    /// <exception cref="ArgumentException">A weight is missing or has another shape.</exception>
    internal static void Into(nn.Module model, IReadOnlyDictionary<string, Tensor> weights)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var (name, value) in model.state_dict())
        {
            if (!weights.TryGetValue(name, out var weight) || !weight.shape.SequenceEqual(value.shape))
            {
                throw new ArgumentException($"the weights lack {name} of shape [{string.Join(", ", value.shape)}]", nameof(weights));
            }
            value.copy_(weight);
        }
    }

    internal static void Dispose(Dictionary<string, Tensor> weights)
    {
        foreach (var weight in weights.Values)
        {
            weight.Dispose();
        }
    }

    /// <summary>SHA-256 (hexadecimal) of a model's weights in float32 with their names: what a teacher store knows its teacher by.</summary>
    public static string Hash(nn.Module model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            using var flat = value.detach().to(float32).cpu().contiguous();
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes<float>(flat.data<float>().ToArray()));
        }
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }
}
