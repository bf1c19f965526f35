using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>Fixed sine and cosine positions (Vaswani et al. 2017, section 3.5).</summary>
public static class SinePositions
{
    /// <summary>
    /// (T, D): at position t, sin(t / 10000^(2i / D)) in dimension 2i and the cosine of the same angle in 2i + 1.
    /// </summary>
    /// <param name="length">T</param>
    /// <param name="width">D, even</param>
    /// <param name="device">where the table is wanted; null for the CPU</param>
    public static Tensor Table(int length, int width, Device? device = null)
    {
        if (width % 2 != 0)
        {
            throw new ArgumentException($"sine positions need an even width, not {width}", nameof(width));
        }
        var values = new float[length * width];
        for (var i = 0; i < width; i += 2)
        {
            var frequency = Math.Pow(10000, -(double)i / width);
            for (var t = 0; t < length; t++)
            {
                values[t * width + i] = (float)Math.Sin(t * frequency);
                values[t * width + i + 1] = (float)Math.Cos(t * frequency);
            }
        }
        return tensor(values, [length, width], device: device);
    }
}
