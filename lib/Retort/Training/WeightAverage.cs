// The mean of several checkpoints' weights, as CED's published training ends: floating tensors are averaged, the running
// statistics of batch normalisation among them; whole-number scalars, which are counters, are summed. An exponential
// average (Polyak and Juditsky, 1992) is ExponentialAverage.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>Averages of weights.</summary>
public static class WeightAverage
{
    /// <summary>
    /// The plain mean. Floating tensors are summed in float64, divided, and given back in their own type; whole-number
    /// scalars (num_batches_tracked) are summed, as published: with a fixed momentum nothing reads them. Integer
    /// tensors of rank 1 and more are tables, not weights: they must be equal and are copied.
    /// </summary>
    /// <param name="states">state_dicts with the same keys and shapes</param>
    /// <returns>new tensors, the caller's</returns>
    /// <exception cref="ArgumentException">No state, or states that do not fit together.</exception>
    public static Dictionary<string, Tensor> Plain(IReadOnlyList<IReadOnlyDictionary<string, Tensor>> states)
    {
        if (states.Count == 0)
        {
            throw new ArgumentException("there is nothing to average", nameof(states));
        }
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var result = new Dictionary<string, Tensor>();
        foreach (var (name, first) in states[0])
        {
            var all = states.Select((state, i) => state.TryGetValue(name, out var value) && value.shape.SequenceEqual(first.shape) && state.Count == states[0].Count
                ? value
                : throw new ArgumentException($"state {i} has no {name} of shape [{string.Join(", ", first.shape)}], or other keys than state 0", nameof(states))).ToArray();
            result[name] = Mean(name, all).MoveToOuterDisposeScope();
        }
        return result;
    }

    private static Tensor Mean(string name, Tensor[] values)
    {
        using var scope = NewDisposeScope();
        var first = values[0];
        var floating = is_floating_point(first);
        if (!floating && first.shape.Length > 0)
        {
            return values.All(v => !v.ne(first).any().item<bool>())
                ? first.clone().MoveToOuterDisposeScope()
                : throw new ArgumentException($"{name} holds whole numbers that differ; they have no mean", nameof(values));
        }
        var wide = floating ? ScalarType.Float64 : ScalarType.Int64;
        var sum = first.to_type(wide, copy: true);
        foreach (var value in values.Skip(1))
        {
            sum.add_(value.to_type(wide));
        }
        return (floating ? sum.div_(values.Length) : sum).to_type(first.dtype, copy: true).MoveToOuterDisposeScope();
    }
}
