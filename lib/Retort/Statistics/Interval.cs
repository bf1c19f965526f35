using System.Globalization;

namespace Retort.Statistics;

/// <summary>An estimate with an interval that holds the true value with the stated confidence.</summary>
/// <param name="Estimate">the point estimate</param>
/// <param name="Low">lower end</param>
/// <param name="High">upper end</param>
/// <param name="Confidence">such as 0.95</param>
/// <param name="Method">how the interval was made, in words for a reader</param>
public sealed record Interval(double Estimate, double Low, double High, double Confidence, string Method)
{
    /// <summary>Half the interval's width; what stands after the plus-minus sign where the interval is symmetric.</summary>
    public double HalfWidth => (High - Low) / 2;

    /// <summary>Whether the value lies in the interval, ends included.</summary>
    public bool Holds(double value) => value >= Low && value <= High;

    /// <summary>The estimate and the interval, as "0.431 [0.420, 0.442]".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Estimate:G4} [{Low:G4}, {High:G4}]");
}
