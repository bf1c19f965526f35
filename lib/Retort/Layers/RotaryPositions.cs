// Rotary position embedding, Su et al. 2021, in the "rotate half" form of Hugging Face's LLaMA weights: of a head of
// width h, dimensions j and j + h/2 are turned by position theta^(-2j/h). Long contexts of Llama 3.x scale the frequencies.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>How Llama 3.x stretches the slow rotations to a longer context (rope_type "llama3").</summary>
/// <param name="Factor">by which slow frequencies are divided</param>
/// <param name="LowFrequencyFactor">wavelengths above original length / this are divided</param>
/// <param name="HighFrequencyFactor">wavelengths below original length / this stay</param>
/// <param name="OriginalLength">the context before stretching</param>
public sealed record RotaryScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalLength)
{
    /// <summary>The frequency that takes the place of one, in radians a position.</summary>
    public double Scale(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalLength / HighFrequencyFactor)
        {
            return frequency;
        }
        if (wavelength > OriginalLength / LowFrequencyFactor)
        {
            return frequency / Factor;
        }
        var smooth = (OriginalLength / wavelength - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return (1 - smooth) * frequency / Factor + smooth * frequency;
    }
}

/// <summary>Cosines and sines of rotary positions, and the rotation.</summary>
public static class RotaryPositions
{
    /// <summary>The angles' cosines and sines, each (positions, h/2), float32.</summary>
    /// <param name="positions">number of positions, from 0</param>
    /// <param name="head">width of a head, h; even</param>
    /// <param name="theta">the base; 10,000 in LLaMA and LLaMA-2, 500,000 in Llama 3</param>
    /// <param name="scaling">for Llama 3.x; null for none</param>
    public static (Tensor Cosines, Tensor Sines) Table(int positions, int head, double theta = 10_000, RotaryScaling? scaling = null)
    {
        if (head < 2 || head % 2 != 0)
        {
            throw new ArgumentException($"a head of width {head} cannot be rotated: expected an even width", nameof(head));
        }
        var half = head / 2;
        float[] cosines = new float[positions * half], sines = new float[positions * half];
        for (var j = 0; j < half; j++)
        {
            var frequency = Math.Pow(theta, -2.0 * j / head);
            frequency = scaling?.Scale(frequency) ?? frequency;
            for (var p = 0; p < positions; p++)
            {
                (sines[p * half + j], cosines[p * half + j]) = ((float)Math.Sin(p * frequency), (float)Math.Cos(p * frequency));
            }
        }
        return (tensor(cosines, [positions, half]), tensor(sines, [positions, half]));
    }

    /// <summary>Turns x (..., h) by angles whose cosines and sines (..., h/2) broadcast to it.</summary>
    public static Tensor Rotate(Tensor x, Tensor cosines, Tensor sines)
    {
        using var scope = NewDisposeScope();
        var half = x.shape[^1] / 2;
        var (a, b) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
        return cat([a * cosines - b * sines, b * cosines + a * sines], -1).MoveToOuterDisposeScope();
    }
}

/// <summary>A table of angles that a model keeps beside its state.</summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly Tensor cosines, sines;

    public RotaryTable(int positions, int head, double theta, RotaryScaling? scaling, Device? device)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = RotaryPositions.Table(positions, head, theta, scaling);
        var place = device is null || device.type == DeviceType.META ? CPU : device;
        (cosines, sines) = (cos.to(place).DetachFromDisposeScope(), sin.to(place).DetachFromDisposeScope());
    }

    /// <summary>Cosines and sines of so many positions from one on, each (1, T, 1, 1, h/2).</summary>
    public (Tensor Cosines, Tensor Sines) From(long first, long length, Device device, ScalarType dtype) =>
        (Shaped(cosines.narrow(0, first, length).unsqueeze(0), device, dtype), Shaped(sines.narrow(0, first, length).unsqueeze(0), device, dtype));

    /// <summary>Cosines and sines of positions (B, T), each (B, T, 1, 1, h/2).</summary>
    public (Tensor Cosines, Tensor Sines) Of(Tensor positions, ScalarType dtype)
    {
        Tensor Rows(Tensor table) => Shaped(table.to(positions.device).index_select(0, positions.reshape(-1)).view(positions.shape[0], positions.shape[1], -1), positions.device, dtype);
        return (Rows(cosines), Rows(sines));
    }

    public void Dispose()
    {
        cosines.Dispose();
        sines.Dispose();
    }

    private static Tensor Shaped(Tensor table, Device device, ScalarType dtype) => table.to(device).to(dtype).unsqueeze(2).unsqueeze(2);
}
