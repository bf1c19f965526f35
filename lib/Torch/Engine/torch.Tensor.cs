namespace TorchSharp;

public static partial class torch
{
    /// <summary>
    /// A tensor of libtorch: one counted reference to a TensorImpl. Freed by its dispose scope, by Dispose, or, as a safety
    /// net, by the finalizer.
    /// </summary>
    [Utils.TypeFormatterSource(typeof(TypeFormatterSource))]
    public partial class Tensor : IDisposable
    {
        private static long totalCount;
        private static long peakCount;

        private nint handle;

        // The scope that owns this tensor and the tensor's place in it; kept by DisposeScope.
        internal DisposeScope? OwningDisposeScope;
        internal int ScopeSlot;

        /// <summary>Takes over the reference and joins the current thread's scope.</summary>
        internal Tensor(nint handle)
        {
            this.handle = handle;
            long now = Interlocked.Increment(ref totalCount);
            if (now > peakCount) peakCount = now;
            DisposeScopeManager.Current.Register(this);
            NativeMemory.Watch();
        }

        /// <summary>Takes over another object's reference in its place: nothing new is counted, and it joins that object's scope.</summary>
        private protected Tensor(Tensor former, DisposeScope? scope)
        {
            handle = former.DecoupleFromNativeHandle();
            Interlocked.Increment(ref totalCount);
            scope?.Add(this);
        }

        // No tensor: nothing to count or to free.
        private Tensor() => GC.SuppressFinalize(this);

        internal static Tensor WithoutHandle() => new();

        ~Tensor() => Dispose(false);

        public static long TotalCount => Interlocked.Read(ref totalCount);

        public static long PeakCount => peakCount;

        public nint Handle => handle != 0 ? handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        public bool IsInvalid => handle == 0;

        public static Tensor UnsafeCreateTensor(nint handle) => new(handle);

        /// <summary>Gives the reference away: this object is invalid afterwards.</summary>
        public nint DecoupleFromNativeHandle()
        {
            GC.SuppressFinalize(this);
            OwningDisposeScope?.Forget(this);
            nint h = Interlocked.Exchange(ref handle, 0);
            if (h != 0) Interlocked.Decrement(ref totalCount);
            return h;
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            nint h = Interlocked.Exchange(ref handle, 0);
            if (h == 0) return;
            if (disposing)
            {
                if (OwningDisposeScope is { } owner) owner.MarkAsDisposed(this);
                else DisposeScopeManager.Current.CountOutside();
            }
            else
            {
                NativeMemory.CountCollected();
            }
            Interlocked.Decrement(ref totalCount);
            Door.Free(h);
        }

        /// <summary>Out of the scope that owns it, into the one around that.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Into the scope that owns <paramref name="other"/>.</summary>
        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope!);

        public Tensor MoveToOtherDisposeScope(DisposeScope other)
        {
            if (other is null) return DetachFromDisposeScope();
            if (OwningDisposeScope is null) other.Attach(this);
            else OwningDisposeScope.MoveToOther(other, this);
            return this;
        }

        /// <summary>Out of every scope: from now on only Dispose or the finalizer frees it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        [Obsolete("This method had a typo. Please use DetachFromDisposeScope instead.")]
        public Tensor DetatchFromDisposeScope() => DetachFromDisposeScope();

        /// <summary>Another object for the same tensor.</summary>
        public Tensor alias()
        {
            var same = new Tensor(Door.Share(Handle));
            GC.KeepAlive(this);
            return same;
        }
    }
}
