using System.Globalization;

namespace Retort.Notebook;

/// <summary>The axis that the claims of one paper and unit share in the forest plot, and how their numbers are written.</summary>
internal sealed class ForestAxis
{
    private readonly double _low;
    private readonly double _high;
    private readonly int _decimals;

    public ForestAxis(IReadOnlyList<ReportClaim> claims)
    {
        var values = claims.SelectMany(claim => new[] { claim.Effect, claim.Low, claim.High, claim.PublishedEffect ?? double.NaN, claim.Bound ?? double.NaN }.Select(value => value * claim.Scale))
            .Where(double.IsFinite).Append(0).ToList();
        var (low, high) = (values.Min(), values.Max());
        double room = high > low ? 0.04 * (high - low) : 1;
        (_low, _high) = (low - room, high + room);
        Ticks = Round(low, high);
        // As many digits as the typical interval can bear: two for half its width. The same for all, so that they can be compared.
        var widths = claims.Select(claim => (claim.High - claim.Low) * claim.Scale / 2).Where(width => width > 0 && double.IsFinite(width)).Order().ToList();
        // Without intervals, three digits of the largest value.
        double typical = widths.Count > 0 ? widths[widths.Count / 2] : Math.Max(Math.Abs(low), Math.Abs(high)) / 10;
        _decimals = typical > 0 ? Math.Clamp(1 - (int)Math.Floor(Math.Log10(typical)), 0, 6) : 0;
    }

    /// <summary>
    /// Claims of one unit in groups that can share an axis: where one reaches more than eight times as far as another, the
    /// smaller would be a dot at zero.
    /// </summary>
    public static IEnumerable<IGrouping<string, ReportClaim>> Alike(IGrouping<string, ReportClaim> unit)
    {
        double Reach(ReportClaim claim) => new[] { claim.Effect, claim.Low, claim.High }.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
        var (group, least) = (0, 0.0);
        var groups = new Dictionary<ReportClaim, int>();
        foreach (var claim in unit.OrderBy(Reach))
        {
            if (least > 0 && Reach(claim) > 8 * least)
            {
                (group, least) = (group + 1, 0);
            }
            least = least == 0 ? Reach(claim) : least;
            groups[claim] = group;
        }
        return unit.GroupBy(claim => groups[claim]).SelectMany(part => part.GroupBy(_ => unit.Key));
    }

    /// <summary>Round values inside the axis.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>A value's place on the axis, in percent.</summary>
    public string Place(double value) => Percent((value - _low) / (_high - _low));

    /// <summary>A difference's length on the axis, in percent.</summary>
    public string Length(double difference) => Percent(difference / (_high - _low));

    /// <summary>A number as all of this axis are written, with its sign.</summary>
    public string Number(double value)
    {
        var text = Math.Abs(value).ToString("F" + _decimals, CultureInfo.InvariantCulture);
        return text.All(digit => digit is '0' or '.') ? text : (value < 0 ? "\u2212" : "+") + text;
    }

    /// <summary>A tick's label.</summary>
    public static string Label(double tick) => (tick < 0 ? "\u2212" : "") + Math.Abs(tick).ToString("0.######", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * Math.Clamp(share, 0, 1)).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    private static IReadOnlyList<double> Round(double low, double high)
    {
        if (high <= low)
        {
            return [0];
        }
        double step = Math.Pow(10, Math.Floor(Math.Log10((high - low) / 3)));
        step *= new[] { 1.0, 2, 5, 10 }.First(factor => (high - low) / (step * factor) <= 5);
        return [.. Enumerable.Range((int)Math.Ceiling(low / step - 1e-9), 12).Select(index => Math.Round(index * step, 9)).TakeWhile(tick => tick <= high + (1e-9 * step))];
    }
}
