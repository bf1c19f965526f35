using System.Globalization;

namespace Retort.Plots.Svg;

/// <summary>Round tick marks and how they are written.</summary>
internal static class Ticks
{
    /// <summary>1, 2 or 5 times a power of ten, so that the range has about this many steps.</summary>
    public static double NiceStep(double range, double steps)
    {
        var rough = range / Math.Max(1, steps);
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var lead = rough / power;
        return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    }

    public static List<(double At, string Label)> Linear(double min, double max, double steps)
    {
        var ticks = new List<(double, string)>();
        if (!(max > min))
        {
            return ticks;
        }
        var step = NiceStep(max - min, steps);
        var slack = 1e-9 * (max - min);
        for (var k = Math.Ceiling((min - slack) / step); k * step <= max + slack; k++)
        {
            ticks.Add((k * step, Write(k * step, step, Math.Max(Math.Abs(min), Math.Abs(max)))));
        }
        return ticks;
    }

    /// <summary>Places are exponents of ten.</summary>
    public static List<(double At, string Label)> Log(double min, double max, double steps)
    {
        var ticks = new List<(double, string)>();
        var skip = Math.Max(1, (int)Math.Ceiling((max - min) / Math.Max(1, steps)));
        int[] leads = max - min <= 1.2 ? [1, 2, 3, 5, 7] : max - min <= 2.2 ? [1, 2, 5] : [1];
        for (var power = (int)Math.Floor(min); power <= max; power++)
        {
            foreach (var lead in leads)
            {
                var at = power + Math.Log10(lead);
                if (at >= min - 1e-9 && at <= max + 1e-9 && (leads.Length > 1 || power % skip == 0))
                {
                    var value = lead * Math.Pow(10, power);
                    ticks.Add((at, Write(value, value, value)));
                }
            }
        }
        return ticks;
    }

    private static string Write(double value, double step, double largest)
    {
        if (Math.Abs(value) < 1e-9 * step)
        {
            return "0";
        }
        if (largest >= 1e4 && step >= 100)
        {
            var (unit, name) = largest >= 1e9 ? (1e9, "G") : largest >= 1e6 ? (1e6, "M") : (1e3, "k");
            return (value / unit).ToString("0.###", CultureInfo.InvariantCulture) + name;
        }
        if (largest < 1e-3 || largest >= 1e15)
        {
            return value.ToString("0.##e0", CultureInfo.InvariantCulture).Replace('-', '−');
        }
        var places = Math.Clamp((int)-Math.Floor(Math.Log10(step) + 1e-9), 0, 10);
        return value.ToString("F" + places, CultureInfo.InvariantCulture).Replace('-', '−');
    }
}
