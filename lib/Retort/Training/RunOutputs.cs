using Retort.Statistics;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>What a run kept of the test, item by item: named rows of numbers, in the run's folder.</summary>
public sealed class RunOutputs
{
    internal const string FileName = "outputs.safetensors";
    private readonly IReadOnlyDictionary<string, float[]> values;
    private readonly string from;

    /// <param name="values">numbers by name</param>
    /// <param name="from">where they come from, for messages</param>
    public RunOutputs(IReadOnlyDictionary<string, float[]> values, string from = "") => (this.values, this.from) = (values, from);

    /// <summary>The names.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>The numbers of a name.</summary>
    /// <exception cref="BadInputException">The run kept nothing of this name.</exception>
    public float[] this[string name] => values.TryGetValue(name, out var found) ? found
        : throw new BadInputException(from, name, $"the run kept no outputs of this name; it kept {(values.Count == 0 ? "none" : string.Join(", ", values.Keys))}");

    internal static void Save(string folder, IReadOnlyDictionary<string, float[]> values)
    {
        Directory.CreateDirectory(folder);
        using var scope = NewDisposeScope();
        SafeTensors.Save(Path.Combine(folder, FileName), values.Select(v => (v.Key, tensor(v.Value))));
    }

    internal static RunOutputs Load(string folder)
    {
        using var scope = NewDisposeScope();
        var path = Path.Combine(folder, FileName);
        return new RunOutputs(SafeTensors.Load(path).ToDictionary(p => p.Key, p => p.Value.data<float>().ToArray()), path);
    }
}

/// <summary>
/// A number that says how good a finished run is, as a function of what it kept of each test item. Weights (how often an item
/// counts) make intervals possible for measures that are no means, such as mAP or a word error rate.
/// </summary>
/// <param name="Name">such as "test mAP"</param>
/// <param name="Items">test items</param>
/// <param name="Of">from a run's outputs and one weight an item, null for all 1, to the number in <see cref="Unit"/></param>
public sealed record Measure(string Name, int Items, Func<RunOutputs, double[]?, double> Of)
{
    /// <summary>The cluster of each item, such as its intent, sentence or speaker, where items of a cluster share something; null: each stands alone.</summary>
    public int[]? Clusters { get; init; }

    /// <summary>The unit, such as "%".</summary>
    public string Unit { get; init; } = "%";

    /// <summary>Whether less is better, as of an error rate.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>How tables write it.</summary>
    public string Format { get; init; } = "F1";

    /// <summary>The same as <see cref="Of"/> for several weightings at once, one number each, where that is faster than one after another; null where it is not.</summary>
    public Func<RunOutputs, IReadOnlyList<double[]>, double[]>? OfMany { get; init; }

    private const int Together = 64;

    /// <summary>The measure of a run, and of each draw of the test items unless none is asked for (they are 0 then).</summary>
    internal Resampled On(RunOutputs outputs, Resampling design, bool draws)
    {
        var values = new double[design.Count];
        var waiting = new List<double[]>();
        var at = 0;
        foreach (var weights in draws ? design.Weights(OfMany is null ? 1 : Together) : [])
        {
            if (OfMany is null)
            {
                values[at++] = Of(outputs, weights);
                continue;
            }
            waiting.Add(weights);
            if (waiting.Count == Together || at + waiting.Count == design.Count)
            {
                OfMany(outputs, waiting).CopyTo(values, at);
                at += waiting.Count;
                waiting.Clear();
            }
        }
        return new Resampled(Of(outputs, null), values);
    }

    /// <summary>A sum over a sum, in percent: accuracy (right over 1), word error rate (errors over words).</summary>
    /// <param name="name">its name</param>
    /// <param name="above">the outputs' name of each item's numerator</param>
    /// <param name="below">the outputs' name of each item's denominator; null for 1 an item</param>
    /// <param name="items">test items</param>
    /// <param name="only">the items that count, by their number; null for all</param>
    public static Measure Ratio(string name, string above, string? below, int items, Func<int, bool>? only = null) => new(name, items, (outputs, weights) =>
    {
        var (up, down) = (outputs[above], below is null ? null : outputs[below]);
        double sum = 0, count = 0;
        for (var i = 0; i < up.Length; i++)
        {
            var weight = only?.Invoke(i) == false ? 0 : weights?[i] ?? 1;
            sum += weight * up[i];
            count += weight * (down?[i] ?? 1);
        }
        return 100 * sum / count;
    });
}
