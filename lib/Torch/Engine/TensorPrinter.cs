using System.Globalization;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Writes a tensor as text; of long dimensions the ends only.</summary>
internal sealed class TensorPrinter(Tensor source, string? format, int? width, CultureInfo? culture, string? newLine)
{
    internal static int MaxRows = 6;
    internal static int MaxColumns = 16;
    internal static string FloatFormat = "g5";
    internal static int LineWidth = 100;
    internal static string NewLine = "\n";

    private readonly StringBuilder text = new();
    private readonly CultureInfo culture = culture ?? CultureInfo.InvariantCulture;
    private readonly string line = newLine ?? NewLine;
    private long[] sizes = [];
    private string[] cells = [];

    internal static string Metadata(Tensor t) => $"[{string.Join("x", t.shape)}], type = {t.dtype}, device = {t.device}";

    internal string Write(TensorStringStyle style)
    {
        if (style == TensorStringStyle.Metadata || source.is_meta) return Metadata(source);
        sizes = source.shape;
        using (Tensor here = source.detach().cpu().resolve_conj()) cells = Cells(here);
        int wide = cells.Length == 0 ? 0 : cells.Max(c => c.Length);
        if (style == TensorStringStyle.Numpy)
        {
            if (sizes.Length == 0) return cells[0];
            Brackets(0, 0, wide, "[", "]", " ");
        }
        else if (style == TensorStringStyle.CSharp)
        {
            text.Append(Metadata(source)).Append(", value = ");
            if (sizes.Length == 0) text.Append(cells[0]);
            else Brackets(0, 0, 0, "{", "}", "");
        }
        else
        {
            text.Append(Metadata(source));
            if (sizes.Length == 0) text.Append(", value = ").Append(cells[0]);
            else if (sizes.Length == 1) Row(text.Append(line), 0, wide);
            else Slices(0, 0, "", wide);
        }
        return text.ToString();
    }

    private string[] Cells(Tensor t)
    {
        string real = format ?? FloatFormat;
        string Show(double x) => x.ToString(real, culture);
        return t.dtype switch
        {
            ScalarType.Bool => Array.ConvertAll(t.data<bool>().ToArray(), b => b.ToString()),
            ScalarType.Float64 => Array.ConvertAll(t.data<double>().ToArray(), Show),
            ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16
                => Array.ConvertAll(t.to(ScalarType.Float32).data<float>().ToArray(), f => f.ToString(real, culture)),
            ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64
                => Array.ConvertAll(t.to(ScalarType.ComplexFloat64).data<Complex>().ToArray(), z => $"{Show(z.Real)}{(z.Imaginary < 0 ? "-" : "+")}{Show(Math.Abs(z.Imaginary))}i"),
            _ => Array.ConvertAll(t.to(ScalarType.Int64).data<long>().ToArray(), i => i.ToString(culture)),
        };
    }

    // Julia's way: the last two dimensions as a table, one table for each place in the others.
    private void Slices(int dim, long start, string place, int wide)
    {
        if (dim == sizes.Length - 2)
        {
            if (place.Length > 0) text.Append(line).Append('[').Append(place).Append("..,:,:] =");
            foreach (long r in Ends(sizes[dim], MaxRows))
            {
                text.Append(line);
                if (r < 0) text.Append(" ...");
                else Row(text, start + r * sizes[^1], wide);
            }
            return;
        }
        long step = sizes[(dim + 1)..].Aggregate(1L, (a, b) => a * b);
        foreach (long i in Ends(sizes[dim], MaxRows))
        {
            if (i >= 0) Slices(dim + 1, start + i * step, $"{place}{i},", wide);
            else text.Append(line).Append(" ...");
        }
    }

    private void Row(StringBuilder to, long start, int wide)
    {
        int fit = Math.Max(2, Math.Min(MaxColumns, (width ?? LineWidth) / (wide + 1)));
        foreach (long c in Ends(sizes[^1], fit)) to.Append(' ').Append(c < 0 ? "..." : cells[start + c].PadLeft(wide));
    }

    private void Brackets(int dim, long start, int wide, string open, string close, string space)
    {
        text.Append(open);
        long step = sizes[(dim + 1)..].Aggregate(1L, (a, b) => a * b);
        bool first = true;
        foreach (long i in Ends(sizes[dim], dim == sizes.Length - 1 ? MaxColumns : MaxRows))
        {
            if (!first) text.Append(dim == sizes.Length - 1 ? "," + space : "," + line + new string(' ', dim + 1));
            first = false;
            if (i < 0) text.Append("...");
            else if (dim == sizes.Length - 1) text.Append(cells[start + i].PadLeft(wide));
            else Brackets(dim + 1, start + i * step, wide, open, close, space);
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
