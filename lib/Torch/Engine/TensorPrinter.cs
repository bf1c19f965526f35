using System.Globalization;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// Writes a tensor as text, as TorchSharp does; of long dimensions the ends only (TorchSharp writes every row of its Julia style).
/// </summary>
internal sealed class TensorPrinter(Tensor source, string? format, int? width, CultureInfo? culture, string? newLine)
{
    internal static int MaxRows = 6;
    internal static int MaxColumns = 6;
    internal static string FloatFormat = "g5";
    internal static int LineWidth = 100;
    internal static string NewLine = Environment.NewLine;

    private const string Dots = "...";

    private readonly StringBuilder text = new();
    private readonly CultureInfo culture = culture ?? CultureInfo.CurrentCulture;
    private readonly string line = newLine ?? NewLine;
    private long[] sizes = [];
    private string[] cells = [];

    internal static string Metadata(Tensor t) => $"[{string.Join("x", t.shape)}], type = {t.dtype}, device = {t.device}";

    internal string Write(TensorStringStyle style)
    {
        if (style == TensorStringStyle.Metadata || source.is_meta) return Metadata(source);
        sizes = source.shape;
        using (Tensor here = source.detach().cpu().resolve_conj()) cells = Cells(here);
        if (style == TensorStringStyle.Numpy)
        {
            if (sizes.Length > 0) Brackets(0, 0, "[", "]", " ", indented: true);
        }
        else if (style == TensorStringStyle.CSharp)
        {
            text.Append(Metadata(source)).Append(", value = ");
            if (sizes.Length == 0) text.Append(cells[0]);
            else Brackets(0, 0, "{", "}", ", ", indented: false);
        }
        else
        {
            text.Append(Metadata(source));
            if (sizes.Length == 0) text.Append(", value = ").Append(cells[0]);
            else if (sizes.Length == 1) Table(0, 1, sizes[0]);
            else Slices(0, 0, "");
        }
        return text.ToString();
    }

    private string[] Cells(Tensor t)
    {
        string real = format ?? FloatFormat;
        string Show(double x) => x.ToString(real, culture);
        string Both(Complex z) => (z.Real != 0 || z.Imaginary == 0 ? Show(z.Real) + (z.Imaginary != 0 ? "+" : "") : "") + (z.Imaginary != 0 ? Show(z.Imaginary) + "i" : "");
        return t.dtype switch
        {
            ScalarType.Bool => Array.ConvertAll(t.data<bool>().ToArray(), b => b.ToString()),
            ScalarType.Float64 => Array.ConvertAll(t.data<double>().ToArray(), Show),
            ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16
                => Array.ConvertAll(t.to(ScalarType.Float32).data<float>().ToArray(), f => f.ToString(real, culture)),
            ScalarType.ComplexFloat32
                => Array.ConvertAll(t.data<(float, float)>().ToArray(), z => Single(z.Item1, z.Item2)),
            ScalarType.ComplexFloat64 => Array.ConvertAll(t.data<Complex>().ToArray(), Both),
            _ => Array.ConvertAll(t.to(ScalarType.Int64).data<long>().ToArray(), i => i.ToString(culture)),
        };

        string Single(float a, float b) => (a != 0 || b == 0 ? a.ToString(real, culture) + (b != 0 ? "+" : "") : "") + (b != 0 ? b.ToString(real, culture) + "i" : "");
    }

    // Julia's way: the last two dimensions as a table, one table for each place in the others.
    private void Slices(int dim, long start, string place)
    {
        if (dim == sizes.Length - 2)
        {
            if (place.Length > 0) text.Append(line).Append('[').Append(place).Append("..,..] =");
            Table(start, sizes[^2], sizes[^1]);
            return;
        }
        long step = sizes[(dim + 1)..].Aggregate(1L, (a, b) => a * b);
        foreach (long i in Ends(sizes[dim], MaxRows))
        {
            if (i >= 0) Slices(dim + 1, start + i * step, $"{place}{i},");
            else text.Append(line).Append(' ').Append(Dots);
        }
    }

    // Columns as wide as their longest number, as many as every row has room for.
    private void Table(long start, long rows, long columns)
    {
        long[] shown = [.. Ends(rows, MaxRows)];
        long fit = columns;
        foreach (long r in shown.Where(r => r >= 0))
        {
            int left = width ?? LineWidth;
            for (long c = 0; c < fit; c++)
            {
                int length = cells[start + r * columns + c].Length;
                if (left - length - Dots.Length - 1 < 0) fit = c;
                left -= length + 1;
            }
        }
        var wide = new int[fit];
        foreach (long r in shown.Where(r => r >= 0))
        {
            for (long c = 0; c < fit; c++) wide[c] = Math.Max(wide[c], cells[start + r * columns + c].Length);
        }
        text.Append(line);
        foreach (long r in shown)
        {
            for (long c = 0; r >= 0 && c < fit; c++) text.Append(' ').Append(cells[start + r * columns + c].PadLeft(wide[c]));
            if (r < 0 || fit < columns) text.Append(' ').Append(Dots);
            text.Append(line);
        }
    }

    private void Brackets(int dim, long start, string open, string close, string between, bool indented)
    {
        text.Append(open);
        bool last = dim == sizes.Length - 1;
        long step = sizes[(dim + 1)..].Aggregate(1L, (a, b) => a * b);
        bool first = true;
        foreach (long i in Ends(sizes[dim], last ? MaxColumns : MaxRows))
        {
            if (!first && last) text.Append(between);
            else if (!first && indented) text.Insert(text.Length, line, sizes.Length - dim - 1).Append(' ', dim + 1);
            else if (!first) text.Append(", ");
            first = false;
            if (i < 0) text.Append(Dots);
            else if (last) text.Append(cells[start + i]);
            else Brackets(dim + 1, start + i * step, open, close, between, indented);
        }
        text.Append(close);
    }

    // All indices, or the first and last ones with -1 for what lies between.
    private static IEnumerable<long> Ends(long count, int most)
    {
        if (count <= most)
        {
            for (long i = 0; i < count; i++) yield return i;
            yield break;
        }
        int half = most / 2;
        for (long i = 0; i < half; i++) yield return i;
        yield return -1;
        for (long i = count - half; i < count; i++) yield return i;
    }
}
