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
                /// <summary>
                /// Sequences packed step by step, the longest first. One member of its dispose scope, which its four tensors live and die
                /// with; sequences that stood in order have no indices (their tensors are invalid).
                /// </summary>
                public sealed class PackedSequence : IDisposable
                {
                    public readonly Tensor data;
                    public readonly Tensor batch_sizes;
                    public readonly Tensor sorted_indices;
                    public readonly Tensor unsorted_indices;
                    private bool disposed;

                    /// <summary>Takes the tensors over, joins the thread's scope and counts itself and its tensors.</summary>
                    internal PackedSequence(Tensor data, Tensor batch_sizes, Tensor? sorted, Tensor? unsorted)
                    {
                        (this.data, this.batch_sizes) = (data, batch_sizes);
                        (sorted_indices, unsorted_indices) = (sorted ?? Tensor.WithoutHandle(), unsorted ?? Tensor.WithoutHandle());
                        using (DisposeScopeManager.Statistics.Pause())
                        {
                            Array.ForEach(Parts, part => part.DetachFromDisposeScope());
                        }
                        var manager = DisposeScopeManager.Current;
                        var counts = DisposeScopeManager.Statistics.TensorStatistics;
                        foreach (var _ in Parts)
                        {
                            counts.CountCreated(manager.Innermost is not null);
                            if (manager.Innermost is not null) counts.CountDetached();
                        }
                        OwningDisposeScope = manager.Register(this);
                    }

                    internal DisposeScope? OwningDisposeScope { get; set; }

                    internal bool IsInvalid => disposed;

                    private Tensor[] Parts => [data, batch_sizes, sorted_indices, unsorted_indices];

                    /// <summary>The same packing of other data, which is taken over.</summary>
                    internal PackedSequence With(Tensor other)
                    {
                        Tensor? Same(Tensor part) => part.IsInvalid ? null : part.alias();
                        Tensor?[] parts;
                        using (DisposeScopeManager.Statistics.Pause())
                        {
                            parts = [batch_sizes.alias(), Same(sorted_indices), Same(unsorted_indices)];
                        }
                        return new(other, parts[0]!, parts[1], parts[2]);
                    }

                    internal Tensor? Sorted(Tensor? states) =>
                        states is null || sorted_indices.IsInvalid ? states : Aten.index_select.Call(states, 1, sorted_indices);

                    internal Tensor Unsorted(Tensor states) =>
                        unsorted_indices.IsInvalid ? states : Aten.index_select.Call(states, 1, unsorted_indices);

                    public PackedSequence MoveToOuterDisposeScope()
                    {
                        OwningDisposeScope?.MoveToOuter(this);
                        return this;
                    }

                    public PackedSequence DetachFromDisposeScope()
                    {
                        OwningDisposeScope?.Detach(this);
                        return this;
                    }

                    public PackedSequence MoveToOtherDisposeScope(PackedSequence other) => MoveToOtherDisposeScope(other.OwningDisposeScope!);

                    public PackedSequence MoveToOtherDisposeScope(DisposeScope other)
                    {
                        if (other is null) return DetachFromDisposeScope();
                        if (OwningDisposeScope is null) other.Attach(this);
                        else OwningDisposeScope.MoveToOther(other, this);
                        return this;
                    }

                    public void Dispose()
                    {
                        if (disposed) return;
                        disposed = true;
                        var statistics = DisposeScopeManager.Statistics;
                        using (statistics.Pause())
                        {
                            Array.ForEach(Parts, part => part.Dispose());
                        }
                        void Count(LifetimeStatistics kind)
                        {
                            if (OwningDisposeScope is null) kind.CountDisposedOutside();
                            else kind.CountDisposedInScope();
                        }
                        foreach (var _ in Parts)
                        {
                            Count(statistics.TensorStatistics);
                        }
                        Count(statistics.PackedSequenceStatistics);
                        OwningDisposeScope?.Forget(this);
                        OwningDisposeScope = null;
                    }
                }

                /// <summary>Packs a padded batch. Lengths live on the CPU; without enforce_sorted they may stand in any order.</summary>
                public static PackedSequence pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first = false, bool enforce_sorted = true)
                {
                    Tensor?[] parts;
                    using (DisposeScopeManager.Statistics.Pause())
                    {
                        parts = Pack(input, lengths, batch_first, enforce_sorted);
                    }
                    return new PackedSequence(parts[0]!, parts[1]!, parts[2], parts[3]);
                }

                private static Tensor?[] Pack(Tensor input, Tensor lengths, bool batch_first, bool enforce_sorted)
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
                    return Array.ConvertAll(new[] { data, sizes, sorted, unsorted }, part => part?.DetachFromDisposeScope());
                }

                public static PackedSequence pack_sequence(IEnumerable<Tensor> sequences, bool enforce_sorted = true)
                {
                    var list = sequences.ToArray();
                    Tensor?[] parts;
                    using (DisposeScopeManager.Statistics.Pause())
                    {
                        using var scope = NewDisposeScope();
                        parts = Pack(pad_sequence(list), tensor(list.Select(s => s.shape[0]).ToArray()), false, enforce_sorted);
                    }
                    return new PackedSequence(parts[0]!, parts[1]!, parts[2], parts[3]);
                }

                /// <summary>The padded batch and its lengths.</summary>
                public static (Tensor, Tensor) pad_packed_sequence(PackedSequence sequence, bool batch_first = false, double padding_value = 0.0, long? total_length = null)
                {
                    using var scope = NewDisposeScope();
                    var (padded, lengths) = Aten._pad_packed_sequence.Call2(sequence.data, sequence.batch_sizes, batch_first, padding_value, total_length ?? 0);
                    if (!sequence.unsorted_indices.IsInvalid)
                    {
                        padded = Aten.index_select.Call(padded, batch_first ? 0 : 1, sequence.unsorted_indices);
                        lengths = Aten.index_select.Call(lengths, 0, sequence.unsorted_indices);
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
