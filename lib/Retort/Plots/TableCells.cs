using System.Globalization;

namespace Retort.Plots;

/// <summary>How one cell is written and whether it is a number.</summary>
internal static class TableCells
{
    public static double? Number(object? cell) => cell switch
    {
        double or float or decimal or int or long or short or byte or uint or ulong or ushort or sbyte or Half =>
            cell is Half half ? (double)half : Convert.ToDouble(cell, CultureInfo.InvariantCulture),
        _ => null,
    };

    // Without a format, whole numbers stay whole and others get four significant digits, or the digits before the point if there are more.
    public static string Write(object? cell, string? format) => cell switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "yes" : "no",
        double.NaN or float.NaN => "–",
        double or float or decimal or Half => ((IFormattable)cell).ToString(format ?? (Math.Abs(Number(cell)!.Value) is >= 9999.5 and < 1e9 ? "#,##0" : "G4"), CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(cell is Enum ? null : format, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable list => string.Join(", ", list.Cast<object?>().Select(c => Write(c, format))),
        _ => cell.ToString() ?? "",
    };
}
