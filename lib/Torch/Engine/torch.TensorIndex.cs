namespace TorchSharp;

public static partial class torch
{
    /// <summary>One place between the brackets: a number, a slice, an ellipsis, a new axis, a truth value or a tensor.</summary>
    public struct TensorIndex
    {
        internal enum Kind : byte { None, Single, Slice, Ellipsis, Bool, Tensor }

        internal readonly Kind What;
        internal readonly long? Start;
        internal readonly long? Stop;
        internal readonly long? Step;
        internal readonly Tensor? Index;

        private TensorIndex(Kind what, long? start = null, long? stop = null, long? step = null, Tensor? index = null)
        {
            What = what;
            Start = start;
            Stop = stop;
            Step = step;
            Index = index;
        }

        public static readonly TensorIndex Ellipsis = new(Kind.Ellipsis);
        public static readonly TensorIndex None = new(Kind.None);
        public static readonly TensorIndex Null = new(Kind.None);
        public static readonly TensorIndex Colon = new(Kind.Slice);

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Kind.Slice, start, stop, step);

        public static TensorIndex Slice((int? start, int? end) range) => new(Kind.Slice, range.start, range.end);

        /// <summary>A C# range: ends count from the end where written so (1..^1).</summary>
        public static TensorIndex Slice(Range range)
        {
            long? start = !range.Start.IsFromEnd ? range.Start.Value : -range.Start.Value;
            // ^0 is the end itself, which has no negative number.
            long? stop = !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value;
            return new TensorIndex(Kind.Slice, start, stop);
        }

        public static TensorIndex Bool(bool value) => new(Kind.Bool, value ? 1 : 0);

        public static TensorIndex Single(long? index) => index is null ? None : new(Kind.Single, index);

        public static TensorIndex Tensor(Tensor tensor) => new(Kind.Tensor, index: tensor);

        public static implicit operator TensorIndex(long value) => Single(value);
        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);
        public static implicit operator TensorIndex(Range range) => Slice(range);
        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);
        public static implicit operator Tensor(TensorIndex value)
            => throw new InvalidOperationException("an index does not turn into a Tensor by itself; this conversion only guides the compiler's choice among overloads");
    }
}
