namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers on one device; the state is a tensor that can be saved and set.</summary>
    public class Generator : IDisposable
    {
        private nint handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            handle = Door.Check(Door.NewGenerator((int)this.device.type, this.device.index, (long)seed));
        }

        private Generator(nint handle, Device device)
        {
            this.handle = handle;
            this.device = device;
        }

        ~Generator() => Dispose(false);

        /// <summary>libtorch's process-wide generator of the CPU: each time another object for it, which may be disposed of.</summary>
        public static Generator Default => new(Door.Check(Door.DefaultGenerator(0, -1)), CPU);

        public Device device { get; }

        public nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Generator manual_seed(long seed)
        {
            Door.GeneratorSeed(Handle, 0, seed);
            GC.KeepAlive(this);
            return this;
        }

        public long initial_seed()
        {
            long seed = Door.GeneratorSeed(Handle, 1, 0);
            GC.KeepAlive(this);
            return seed;
        }

        public long seed()
        {
            long seed = Door.GeneratorSeed(Handle, 2, 0);
            GC.KeepAlive(this);
            return seed;
        }

        public Tensor get_state()
        {
            var state = new Tensor(Door.Check(Door.GeneratorState(Handle, 0)));
            GC.KeepAlive(this);
            return state;
        }

        public void set_state(Tensor value)
        {
            Door.Check(Door.GeneratorState(Handle, value.Handle));
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            nint h = Interlocked.Exchange(ref handle, 0);
            if (h != 0) Door.FreeGenerator(h);
        }
    }
}
