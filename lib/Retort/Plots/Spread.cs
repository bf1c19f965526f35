using System.Globalization;
using MathNet.Numerics.Distributions;

namespace Retort.Plots;

/// <summary>Mean, standard deviation and 95 % interval (Student's t) of some values: a cell of a grouped table.</summary>
/// <param name="Mean">the mean</param>
/// <param name="Deviation">standard deviation with n - 1; NaN of one value</param>
/// <param name="HalfWidth">half the 95 % interval's width; infinite of one value</param>
/// <param name="Count">number of values</param>
public readonly record struct Spread(double Mean, double Deviation, double HalfWidth, int Count) : IFormattable
{
    /// <summary>Of at least one value.</summary>
    public static Spread Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            throw new ArgumentException("no values", nameof(values));
        }
        var mean = values.Average();
        if (values.Count == 1)
        {
            return new Spread(mean, double.NaN, double.PositiveInfinity, 1);
        }
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        var half = StudentT.InvCDF(0, 1, values.Count - 1, 0.975) * deviation / Math.Sqrt(values.Count);
        return new Spread(mean, deviation, half, values.Count);
    }

    /// <summary>Lower end of the interval.</summary>
    public double Low => Mean - HalfWidth;

    /// <summary>Upper end of the interval.</summary>
    public double High => Mean + HalfWidth;

    /// <summary>"mean ± standard deviation", or the mean alone of one value.</summary>
    public override string ToString() => ToString(null, null);

    /// <summary>"mean ± standard deviation" in the number format.</summary>
    public string ToString(string? format, IFormatProvider? provider)
    {
        format ??= "G4";
        var mean = Mean.ToString(format, CultureInfo.InvariantCulture);
        return Count == 1 ? mean : $"{mean} ± {Deviation.ToString(format == "G4" ? "G2" : format, CultureInfo.InvariantCulture)}";
    }
}
