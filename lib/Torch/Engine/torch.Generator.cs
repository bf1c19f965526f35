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

        /// <summary>libtorch's process-wide generator of the CPU.</summary>
        public static Generator Default { get; } = new(Door.Check(Door.DefaultGenerator(0, -1)), CPU);

        public Device device { get; }

        public nint Handle => handle != 0 ? handle : throw new ObjectDisposedException(nameof(Generator));

        public Generator manual_seed(long seed)
        {
            Door.GeneratorSeed(Handle, 0, seed);
            return this;
        }

        public long initial_seed() => Door.GeneratorSeed(Handle, 1, 0);

        public long seed() => Door.GeneratorSeed(Handle, 2, 0);

        public Tensor get_state() => new(Door.Check(Door.GeneratorState(Handle, 0)));

        public void set_state(Tensor value) => Door.Check(Door.GeneratorState(Handle, value.Handle));

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
