using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Keys and values of the tokens that a LLaMA decoder has read, for a batch of rows of one length, padded on the left. Memory
/// is taken once, for the greatest length. The adapter's keys and values, which are the same at every step, are kept too.
/// </summary>
public sealed class LlamaCache : IDisposable
{
    private readonly List<(Tensor Keys, Tensor Values)> layers = [];
    private readonly Dictionary<int, (Tensor Keys, Tensor Values)> prompts = [];
    private readonly bool padded;
    private Tensor padding;

    /// <param name="layers">number of layers</param>
    /// <param name="rows">rows of the batch</param>
    /// <param name="groups">key-value heads</param>
    /// <param name="head">width of a head</param>
    /// <param name="length">most tokens of a row, its padding counted</param>
    /// <param name="padding">padding tokens at the left of each row</param>
    /// <param name="dtype">type of keys and values</param>
    /// <param name="device">where they are</param>
    public LlamaCache(int layers, long rows, int groups, int head, int length, IReadOnlyList<long> padding, ScalarType dtype, Device device)
    {
        if (padding.Count != rows)
        {
            throw new ArgumentException($"{padding.Count} paddings for {rows} rows", nameof(padding));
        }
        (Capacity, Padding, padded) = (length, padding, padding.Any(p => p > 0));
        for (var i = 0; i < layers; i++)
        {
            this.layers.Add((empty([rows, groups, length, head], dtype, device).DetachFromDisposeScope(), empty([rows, groups, length, head], dtype, device).DetachFromDisposeScope()));
        }
        this.padding = tensor([.. padding], device: device).DetachFromDisposeScope();
    }

    /// <summary>Most tokens of a row.</summary>
    public int Capacity { get; }

    /// <summary>Tokens that are kept of each row, the padding counted.</summary>
    public int Length { get; private set; }

    /// <summary>Padding tokens at the left of each row.</summary>
    public IReadOnlyList<long> Padding { get; private set; }

    /// <summary>The padding as a tensor (B), int64.</summary>
    internal Tensor PaddingTensor => padding;

    /// <summary>The same, or null where no row is padded.</summary>
    internal Tensor? Left => padded ? padding : null;

    /// <summary>Keeps keys and values (B, G, T, h) of a layer's new tokens, and gives those of all (B, G, S, h): views, not copies.</summary>
    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var (allKeys, allValues) = layers[layer];
        var count = keys.shape[2];
        if (Length + count > Capacity)
        {
            throw new ArgumentException($"{Length} + {count} tokens do not fit a cache of {Capacity}", nameof(keys));
        }
        using (var place = allKeys.narrow(2, Length, count))
        {
            place.copy_(keys);
        }
        using (var place = allValues.narrow(2, Length, count))
        {
            place.copy_(values);
        }
        return (allKeys.narrow(2, 0, Length + count), allValues.narrow(2, 0, Length + count));
    }

    /// <summary>The memory of a layer's keys and values, (B, G, capacity, h), with room for one more token.</summary>
    internal (Tensor Keys, Tensor Values) RoomForOne(int layer) =>
        Length < Capacity ? layers[layer] : throw new ArgumentException($"{Length} + 1 tokens do not fit a cache of {Capacity}", nameof(layer));

    /// <summary>So many tokens were read by all layers.</summary>
    internal void Advance(int count) => Length += count;

    /// <summary>The adapter's keys and values (B or 1, heads, U, h) of a layer, made at the first step.</summary>
    internal (Tensor Keys, Tensor Values) Prompt(int layer, Func<(Tensor Keys, Tensor Values)> make)
    {
        if (!prompts.TryGetValue(layer, out var kept))
        {
            var (keys, values) = make();
            prompts[layer] = kept = (keys.DetachFromDisposeScope(), values.DetachFromDisposeScope());
        }
        return kept;
    }

    /// <summary>Row i is what was row rows[i]; the others are forgotten.</summary>
    /// <param name="rows">numbers of rows</param>
    public void SelectRows(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var index = tensor([.. rows.Select(r => (long)r)], device: padding.device);
        Tensor Select(Tensor kept)
        {
            var chosen = kept.shape[0] == 1 && Padding.Count != 1 ? kept.alias() : kept.index_select(0, index);
            kept.Dispose();
            return chosen.DetachFromDisposeScope();
        }
        for (var i = 0; i < layers.Count; i++)
        {
            layers[i] = (Select(layers[i].Keys), Select(layers[i].Values));
        }
        foreach (var layer in prompts.Keys.ToArray())
        {
            prompts[layer] = (Select(prompts[layer].Keys), Select(prompts[layer].Values));
        }
        padding = Select(padding);
        Padding = [.. rows.Select(r => Padding[r])];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (keys, values) in layers.Concat(prompts.Values))
        {
            keys.Dispose();
            values.Dispose();
        }
        padding.Dispose();
    }
}
