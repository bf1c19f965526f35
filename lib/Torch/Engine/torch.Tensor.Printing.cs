using System.Globalization;

namespace TorchSharp;

// Tensors as text.
public static partial class torch
{
    public static readonly TensorStringStyle csharp = TensorStringStyle.CSharp;
    public static readonly TensorStringStyle julia = TensorStringStyle.Julia;
    public static readonly TensorStringStyle numpy = TensorStringStyle.Numpy;

    private static TensorStringStyle style = TensorStringStyle.Julia;

    public static TensorStringStyle TensorStringStyle
    {
        get => style;
        set => style = value == TensorStringStyle.Default
            ? throw new ArgumentException("The style cannot be set to 'Default'")
            : value;
    }

    public static void set_printoptions(int precision, int? linewidth = null, string? newLine = null, bool sci_mode = false, int? maxRows = null, int? maxColumns = null)
        => set_printoptions(null, (sci_mode ? "e" : "f") + precision, linewidth, newLine, maxRows, maxColumns);

    public static void set_printoptions(TensorStringStyle? style = null, string? floatFormat = null, int? linewidth = null, string? newLine = null, int? maxRows = null, int? maxColumns = null)
    {
        if (style is { } s) TensorStringStyle = s;
        TensorPrinter.FloatFormat = floatFormat ?? TensorPrinter.FloatFormat;
        TensorPrinter.LineWidth = linewidth ?? TensorPrinter.LineWidth;
        TensorPrinter.NewLine = newLine ?? TensorPrinter.NewLine;
        TensorPrinter.MaxRows = maxRows ?? TensorPrinter.MaxRows;
        TensorPrinter.MaxColumns = maxColumns ?? TensorPrinter.MaxColumns;
    }

    public partial class Tensor
    {
        /// <summary>Shape, type and device. For the values: <c>str()</c>, or ToString with a style.</summary>
        public override string ToString() => ToString(TensorStringStyle.Metadata);

        public string ToString(bool disamb, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
            => ToString(disamb ? torch.TensorStringStyle : TensorStringStyle.Metadata, fltFormat, width, cultureInfo, newLine);

        public string ToString(TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
            => IsInvalid ? "" : new TensorPrinter(this, fltFormat, width, cultureInfo, newLine).Write(style == TensorStringStyle.Default ? torch.TensorStringStyle : style);

        /// <summary>Nested ArrayLists of scalars; a lone scalar for a tensor without dimensions.</summary>
        public object tolist()
        {
            if (Dimensions == 0) return ToScalar();
            var list = new System.Collections.ArrayList();
            foreach (Tensor part in unbind(0))
            {
                using (part) list.Add(part.tolist());
            }
            return list;
        }
    }
}

public static partial class TensorExtensionMethods
{
    public static string metastr(this torch.Tensor tensor) => TensorPrinter.Metadata(tensor);

    public static string str(this torch.Tensor tensor, string? fltFormat = null, int? width = null, string? newLine = null, CultureInfo? cultureInfo = null, TensorStringStyle style = TensorStringStyle.Default)
        => tensor.ToString(style, fltFormat, width, cultureInfo, newLine);

    public static string jlstr(this torch.Tensor tensor, string? fltFormat = null, int? width = null, string? newLine = null, CultureInfo? cultureInfo = null)
        => tensor.ToString(TensorStringStyle.Julia, fltFormat, width, cultureInfo, newLine);

    public static string npstr(this torch.Tensor tensor, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null)
        => tensor.ToString(TensorStringStyle.Numpy, fltFormat, width, cultureInfo, newLine);

    public static string cstr(this torch.Tensor tensor, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null)
        => tensor.ToString(TensorStringStyle.CSharp, fltFormat, width, cultureInfo, newLine);

    /// <summary>Writes the tensor to the console and returns it.</summary>
    public static torch.Tensor print(this torch.Tensor t, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null, TensorStringStyle style = TensorStringStyle.Default)
    {
        Console.WriteLine(t.str(fltFormat, width, newLine, cultureInfo, style));
        return t;
    }
}
