using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Weights of the reference files that are given by a formula of key, variant and place instead of values.</summary>
internal static class FormulaWeights
{
    /// <summary>u in [-0.5, 0.5) of element i.</summary>
    public static double Unit(string key, uint i, uint variant = 0)
    {
        unchecked
        {
            var h = i * 2654435761u + Crc(key) + variant * 40503u;
            h ^= h >> 16;
            h *= 0x85EBCA6B;
            h ^= h >> 13;
            h *= 0xC2B2AE35;
            h ^= h >> 16;
            return h / 4294967296.0 - 0.5;
        }
    }

    /// <summary>The values of an entry.</summary>
    public static float[] Values(string key, long[] shape, uint variant = 0)
    {
        var last = key[(key.LastIndexOf('.') + 1)..];
        var count = shape.Aggregate(1L, (a, b) => a * b);
        var fan = shape.Skip(1).Aggregate(1L, (a, b) => a * b);
        Func<double, double> of = last.EndsWith("gating_factor") ? u => 0.5 + u
            : last == "gamma" || (last == "weight" && shape.Length == 1) ? u => 1 + 0.1 * u * 2
            : shape.Length == 1 || last == "beta" || last.EndsWith("bias") ? u => 0.1 * u
            : u => u * 2 * Math.Sqrt(3) / Math.Sqrt(fan);
        var values = new float[count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)of(Unit(key, (uint)i, variant));
        }
        return values;
    }

    /// <summary>Fills every parameter of a module by its key.</summary>
    public static void Fill(nn.Module module)
    {
        using var none = no_grad();
        foreach (var (name, parameter) in module.named_parameters())
        {
            using var values = tensor(Values(name, parameter.shape), parameter.shape);
            parameter.copy_(values);
        }
    }

    private static uint Crc(string key)
    {
        var crc = uint.MaxValue;
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            crc ^= b;
            for (var k = 0; k < 8; k++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }
        return ~crc;
    }
}
