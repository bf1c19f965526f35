using System.Globalization;
using System.Net;
using System.Text;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// What a model is made of: its layers, the shapes of their weights, and how many parameters each has. Blocks that are alike
/// and follow one another are told once. As the last line of a notebook's cell it is a table.
/// </summary>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class ModuleSummary
{
    private ModuleSummary(string name, IReadOnlyList<Row> rows, long parameters, long trainable, long bytes)
    {
        Name = name;
        Rows = rows;
        Parameters = parameters;
        Trainable = trainable;
        Bytes = bytes;
    }

    /// <summary>The model's type.</summary>
    public string Name { get; }

    /// <summary>One row a layer, in the order of the model.</summary>
    public IReadOnlyList<Row> Rows { get; }

    /// <summary>Number of parameters; one that is used twice counts once.</summary>
    public long Parameters { get; }

    /// <summary>Number of parameters that are trained.</summary>
    public long Trainable { get; }

    /// <summary>Bytes of parameters and buffers as they are stored now.</summary>
    public long Bytes { get; }

    /// <summary>One layer.</summary>
    /// <param name="Path">its name in the state dict, such as "blocks.0.attn.qkv"</param>
    /// <param name="Depth">how deep it lies; 0 for the model itself</param>
    /// <param name="Type">its class</param>
    /// <param name="Shapes">its own parameters with their shapes, such as "weight 192x64"; not those of layers inside it</param>
    /// <param name="Parameters">number of parameters, with those of layers inside it</param>
    /// <param name="Times">how many alike layers in a row this one stands for</param>
    public sealed record Row(string Path, int Depth, string Type, string Shapes, long Parameters, int Times);

    /// <summary>The summary of a model; nothing is run.</summary>
    public static ModuleSummary Of(nn.Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        var rows = new List<Row>();
        Add(rows, module, "", 0, 1);
        var parameters = module.parameters().Distinct().ToArray();
        return new ModuleSummary(
            module.GetType().Name,
            rows,
            parameters.Sum(p => p.numel()),
            parameters.Where(p => p.requires_grad).Sum(p => p.numel()),
            parameters.Sum(p => p.numel() * p.element_size()) + module.buffers().Sum(b => b.numel() * b.element_size()));
    }

    /// <summary>The table as HTML without script.</summary>
    public string ToHtml()
    {
        const string left = "text-align:left;padding:2px 14px 2px 0";
        const string right = "text-align:right;padding:2px 14px 2px 0";
        var html = new StringBuilder("<div style=\"background:#ffffff;color:#1f2933;border:1px solid #d9dde3;border-radius:8px;box-sizing:border-box;"
            + "max-width:100%;overflow:auto;display:inline-block;padding:8px 12px;font-size:13px;font-family:system-ui,sans-serif\">");
        html.Append($"<table style=\"border-collapse:collapse;color:#1f2933;font-size:13px;margin:0\"><tr style=\"background:#ffffff\"><th style=\"{left}\">layer</th>"
            + $"<th style=\"{left}\">type</th><th style=\"{left}\">weights</th><th style=\"{right}\">parameters</th></tr>");
        foreach (var row in Rows)
        {
            html.Append($"<tr style=\"background:#ffffff\"><td style=\"{left};padding-left:{14 * row.Depth}px;white-space:nowrap\">{WebUtility.HtmlEncode(Label(row))}</td>"
                + $"<td style=\"{left}\">{WebUtility.HtmlEncode(row.Type)}</td><td style=\"{left}\">{WebUtility.HtmlEncode(row.Shapes)}</td>"
                + $"<td style=\"{right};font-variant-numeric:tabular-nums\">{Count(row)}</td></tr>");
        }
        return html.Append($"</table><div style=\"color:#52606d;padding-top:6px\">{Total()}</div></div>").ToString();
    }

    /// <summary>The table as text.</summary>
    public override string ToString()
    {
        var cells = Rows.Select(row => new[] { new string(' ', 2 * row.Depth) + Label(row), row.Type, row.Shapes, Count(row) }).Prepend(["layer", "type", "weights", "parameters"]).ToArray();
        var widths = Enumerable.Range(0, 4).Select(column => cells.Max(line => line[column].Length)).ToArray();
        return string.Join('\n', cells.Select(line => $"{line[0].PadRight(widths[0])}  {line[1].PadRight(widths[1])}  {line[2].PadRight(widths[2])}  {line[3].PadLeft(widths[3])}")) + "\n" + Total();
    }

    private static void Add(List<Row> rows, nn.Module module, string path, int depth, int times)
    {
        var shapes = module.named_parameters(recurse: false).Select(p => $"{p.Item1} {string.Join('x', p.Item2.shape)}{(p.Item2.requires_grad ? "" : " (frozen)")}");
        rows.Add(new Row(path, depth, module.GetType().Name, string.Join(", ", shapes), module.parameters().Distinct().Sum(p => p.numel()), times));
        var children = module.named_children().Select(c => (Name: c.Item1, Module: c.Item2)).ToArray();
        for (var i = 0; i < children.Length;)
        {
            var like = Signature(children[i].Module);
            var next = i + 1;
            while (next < children.Length && Signature(children[next].Module) == like)
            {
                next++;
            }
            // Two alike are often two different things (a projection in and one out); from three on it is a stack, as are numbered ones.
            var stack = next - i > 2 || (next - i == 2 && int.TryParse(children[i].Name, NumberStyles.None, CultureInfo.InvariantCulture, out _));
            for (var j = i; j < (stack ? i + 1 : next); j++)
            {
                Add(rows, children[j].Module, path.Length == 0 ? children[j].Name : $"{path}.{children[j].Name}", depth + 1, stack ? next - i : 1);
            }
            i = next;
        }
    }

    private static string Signature(nn.Module module) => module.GetType().FullName + "("
        + string.Join(',', module.named_parameters(recurse: false).Select(p => $"{p.Item1}{string.Join('x', p.Item2.shape)}{p.Item2.requires_grad}"))
        + string.Concat(module.named_children().Select(c => c.Item1 + Signature(c.Item2))) + ")";

    private static string Label(Row row)
    {
        if (row.Depth == 0)
        {
            return "model";
        }
        var name = row.Path[(row.Path.LastIndexOf('.') + 1)..];
        if (row.Times == 1)
        {
            return name;
        }
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            ? string.Create(CultureInfo.InvariantCulture, $"{first} to {first + row.Times - 1}")
            : string.Create(CultureInfo.InvariantCulture, $"{name} and {row.Times - 1} alike");
    }

    private static string Count(Row row) =>
        row.Parameters == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(row.Times > 1 ? $"{row.Times} x " : "")}{row.Parameters:N0}");

    private string Total() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {Parameters:N0} parameters{(Trainable < Parameters ? $", {Trainable:N0} of them trained" : "")}, {Bytes / 1e6:0.0} MB");

    // Notebook hosts go by these names, see Plots; a layer knows nothing of plots.
    [AttributeUsage(AttributeTargets.Class)]
    private sealed class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
    {
        public Type FormatterSourceType { get; } = formatterSourceType;

        public string[] PreferredMimeTypes { get; } = ["text/html", "text/plain"];
    }

    private sealed class FormatterSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new Formatter("text/html", s => s.ToHtml()), new Formatter("text/plain", s => s.ToString())];
    }

    private sealed class Formatter(string mimeType, Func<ModuleSummary, string> text)
    {
        public string MimeType { get; } = mimeType;

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not ModuleSummary summary)
            {
                return false;
            }
            writer.Write(text(summary));
            return true;
        }
    }
}
