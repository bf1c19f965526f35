using System.Text;
using System.Text.Json;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests;

/// <summary>Weights and inputs that follow from their names by a formula, so that full-size networks need no files.</summary>
internal static class FormulaWeights
{
    /// <summary>The numbers u in [-0.5, 0.5) of a name.</summary>
    public static double[] Noise(string key, long count, uint variant = 0)
    {
        var crc = Crc32(Encoding.UTF8.GetBytes(key));
        var result = new double[count];
        for (long i = 0; i < count; i++)
        {
            var h = unchecked((uint)i * 2654435761u + crc + variant * 40503u);
            h ^= h >> 16;
            h *= 0x85EBCA6B;
            h ^= h >> 13;
            h *= 0xC2B2AE35;
            h ^= h >> 16;
            result[i] = h / 4294967296.0 - 0.5;
        }
        return result;
    }

    /// <summary>Fills a module by the formula, under the keys of its own state; a gain applies to the keys that hold its text.</summary>
    public static void Fill(nn.Module module, uint variant = 0, params (string Text, double Gain)[] gains)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (key, tensor) in module.state_dict())
        {
            if (Values(key, tensor.shape, tensor.is_floating_point(), variant, gains) is { } values)
            {
                tensor.copy_(torch.tensor(values, tensor.shape));
            }
        }
    }

    /// <summary>The values of an entry, or null where the model's own stand.</summary>
    public static float[]? Values(string key, long[] shape, bool floating = true, uint variant = 0, params (string Text, double Gain)[] gains)
    {
        string[] own = [".window", ".fb", ".freqs", ".freq_bands", "weight_u", "weight_v", "relative_position_index", "attn_mask"];
        if (!floating || shape.Length == 0 || own.Any(key.EndsWith))
        {
            return null;
        }
        var last = key[(key.LastIndexOf('.') + 1)..];
        var count = shape.Aggregate(1L, (a, b) => a * b);
        Func<double, double> rule = last switch
        {
            "running_mean" => u => 0.1 * u,
            "running_var" => u => 1 + 0.5 * u,
            _ when last.EndsWith("gating_factor") => u => 0.5 + u,
            _ when last == "gamma" || last == "weight" && shape.Length == 1 => u => 1 + 0.1 * u * 2,
            _ when last == "beta" || shape.Length == 1 || last.EndsWith("bias") => u => 0.1 * u,
            _ => Scaled(),
        };
        return [.. Noise(key, count, variant).Select(u => (float)rule(u))];

        Func<double, double> Scaled()
        {
            var gain = gains.Where(g => key.Contains(g.Text)).Select(g => (double?)g.Gain).FirstOrDefault() ?? 1;
            var root = Math.Sqrt((double)count / shape[0]);
            return u => u * gain * 2 * Math.Sqrt(3) / root;
        }
    }

    /// <summary>An input of this name: 2 s u.</summary>
    public static Tensor Input(string name, double scale, uint variant, params long[] shape) =>
        tensor([.. Noise("in." + name, shape.Aggregate(1L, (a, b) => a * b), variant).Select(u => (float)(2 * scale * u))], shape);

    /// <summary>The formula image (1, 3, h, w) of a variant.</summary>
    public static Tensor Image(int height, int width, uint variant = 0)
    {
        var u = Noise("image", 3L * height * width, variant);
        var values = new float[u.Length];
        for (var c = 0; c < 3; c++)
        {
            for (var r = 0; r < height; r++)
            {
                for (var k = 0; k < width; k++)
                {
                    var i = (c * height + r) * width + k;
                    double x = (double)k / width, y = (double)r / height;
                    values[i] = (float)(0.5 + 0.3 * Math.Sin(2 * Math.PI * ((1 + c) * x + (2 + variant) * y) + c) + 0.2 * u[i]);
                }
            }
        }
        return tensor(values, [1, 3, height, width]);
    }

    /// <summary>Puts the entries w.[part.]key of a reference file over a module's weights; how many there were.</summary>
    public static int Put(SafeTensorsFile file, nn.Module module, string part = "")
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var state = module.state_dict();
        var names = file.Names.Where(n => n.StartsWith("w." + part)).ToArray();
        foreach (var name in names)
        {
            state[name[(2 + part.Length)..]].copy_(file.Read(name));
        }
        return names.Length;
    }

    /// <summary>Fails unless the module's keys and shapes are those of a list (key, shape, type).</summary>
    public static void SameKeys(string tsv, nn.Module module)
    {
        var expected = File.ReadLines(tsv).Select(l => l.Split('\t')).Select(p => $"{p[0]} [{p[1]}]").Order(StringComparer.Ordinal);
        var ours = module.state_dict().Select(s => $"{s.Key} [{string.Join(",", s.Value.shape)}]").Order(StringComparer.Ordinal);
        Assert.Equal(expected, ours);
    }

    public static float Distance(Tensor a, Tensor b)
    {
        Assert.Equal(a.shape, b.shape);
        return (a - b).abs().max().item<float>();
    }

    public static JsonElement Config(SafeTensorsFile file) => JsonDocument.Parse(file.Metadata["config"]).RootElement;

    public static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Models", "Golden", "talker", name);

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }
        return ~crc;
    }
}
