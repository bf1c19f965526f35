namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            /// <summary>Sequences of different lengths: padded, or packed step by step.</summary>
            public static partial class rnn
            {
                /// <summary>Sequences packed step by step, the longest first.</summary>
                public sealed class PackedSequence : IDisposable
                {
                    public readonly Tensor data;
                    public readonly Tensor batch_sizes;
                    public readonly Tensor sorted_indices;
                    public readonly Tensor unsorted_indices;

                    internal PackedSequence(Tensor data, Tensor batch_sizes, Tensor? sorted, Tensor? unsorted)
                    {
                        this.data = data;
                        this.batch_sizes = batch_sizes;
                        sorted_indices = sorted!;
                        unsorted_indices = unsorted!;
                    }

                    private IEnumerable<Tensor> Parts
                    {
                        get
                        {
                            yield return data;
                            yield return batch_sizes;
                            if (sorted_indices is not null)
                            {
                                yield return sorted_indices;
                                yield return unsorted_indices;
                            }
                        }
                    }

                    /// <summary>The same packing of other data.</summary>
                    internal PackedSequence With(Tensor other) =>
                        new(other, Outer(batch_sizes.alias()), Outer(sorted_indices?.alias()), Outer(unsorted_indices?.alias()));

                    private static Tensor Outer(Tensor? tensor) => tensor?.MoveToOuterDisposeScope()!;

                    internal Tensor? Sorted(Tensor? states) =>
                        states is null || sorted_indices is null ? states : Aten.index_select.Call(states, 1, sorted_indices);

                    internal Tensor Unsorted(Tensor states) =>
                        unsorted_indices is null ? states : Aten.index_select.Call(states, 1, unsorted_indices);

                    public PackedSequence MoveToOuterDisposeScope() => Each(t => t.MoveToOuterDisposeScope());

                    public PackedSequence DetachFromDisposeScope() => Each(t => t.DetachFromDisposeScope());

                    public PackedSequence MoveToOtherDisposeScope(PackedSequence other) => Each(t => t.MoveToOtherDisposeScope(other.data));

                    public PackedSequence MoveToOtherDisposeScope(DisposeScope other) => Each(t => t.MoveToOtherDisposeScope(other));

                    private PackedSequence Each(Action<Tensor> action)
                    {
                        foreach (var part in Parts)
                        {
                            action(part);
                        }
                        return this;
                    }

                    public void Dispose() => Each(t => t.Dispose());
                }

                /// <summary>Packs a padded batch. Lengths live on the CPU; without enforce_sorted they may stand in any order.</summary>
                public static PackedSequence pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first = false, bool enforce_sorted = true)
                {
                    using var scope = NewDisposeScope();
                    Tensor? sorted = null, unsorted = null;
                    if (!enforce_sorted)
                    {
                        (lengths, sorted) = Aten.sort_stable.Call2(lengths, true, -1, true);
                        unsorted = Aten.argsort.Call(sorted);
                        input = Aten.index_select.Call(input, batch_first ? 0 : 1, sorted);
                    }
                    var (data, sizes) = Aten._pack_padded_sequence.Call2(input, lengths, batch_first);
                    return new PackedSequence(data, sizes, sorted, unsorted).MoveToOuterDisposeScope();
                }

                public static PackedSequence pack_sequence(IEnumerable<Tensor> sequences, bool enforce_sorted = true)
                {
                    using var scope = NewDisposeScope();
                    var list = sequences.ToArray();
                    var lengths = tensor(list.Select(s => s.shape[0]).ToArray());
                    return pack_padded_sequence(pad_sequence(list), lengths, false, enforce_sorted).MoveToOuterDisposeScope();
                }

                /// <summary>The padded batch and its lengths.</summary>
                public static (Tensor, Tensor) pad_packed_sequence(PackedSequence sequence, bool batch_first = false, double padding_value = 0.0, long? total_length = null)
                {
                    using var scope = NewDisposeScope();
                    var (padded, lengths) = Aten._pad_packed_sequence.Call2(sequence.data, sequence.batch_sizes, batch_first, padding_value, total_length ?? 0);
                    if (sequence.unsorted_indices is { } order)
                    {
                        padded = Aten.index_select.Call(padded, batch_first ? 0 : 1, order);
                        lengths = Aten.index_select.Call(lengths, 0, order);
                    }
                    return (padded.MoveToOuterDisposeScope(), lengths.MoveToOuterDisposeScope());
                }

                /// <summary>Sequences of (L, ...) side by side: (longest L, N, ...), or (N, longest L, ...).</summary>
                public static Tensor pad_sequence(IEnumerable<Tensor> sequences, bool batch_first = false, double padding_value = 0.0) =>
                    Aten.pad_sequence.Call(sequences.ToArray(), batch_first, padding_value);
            }
        }
    }
}
