namespace TorchSharp;

// Draws. Without a generator they come from libtorch's process-wide one; our own library always names a generator.
public static partial class torch
{
    public static Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        if (dtype is { } type && is_complex(type))
        {
            // libtorch has none of these: whole numbers in both parts, as in TorchSharp.
            using Tensor real = randint(low, high, size, Part(type), device, generator: generator), imaginary = randint(low, high, size, Part(type), device, generator: generator);
            return Named(complex(real, imaginary), requires_grad, names);
        }
        return Named(Aten.randint_low_generator.Call(low, high, size, generator, dtype ?? ScalarType.Int64, Arg.None, Place(device)), requires_grad, names);
    }

    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randint(0, high, size, dtype, device, requires_grad, generator, names);

    public static Tensor randint(long low, long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randint(low, high, size.Shape, dtype, device, requires_grad, generator, names);

    public static Tensor randint(long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randint(0, high, size.Shape, dtype, device, requires_grad, generator, names);

    public static Tensor randint(int low, int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randint(low, high, Array.ConvertAll(size, s => (long)s), dtype, device, requires_grad, generator, names);

    public static Tensor randint(int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randint(0, high, Array.ConvertAll(size, s => (long)s), dtype, device, requires_grad, generator, names);

    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null)
        => Named(Aten.randperm_generator.Call(n, generator, dtype ?? ScalarType.Int64, Arg.None, Place(device)), requires_grad, null);

    public static Tensor randperm(long n, Tensor @out, Generator? generator = null)
    {
        Aten.randperm_generator_out.Run(n, generator, @out);
        return @out;
    }

    public static Tensor normal(double mean, double std, ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        // libtorch refuses a negative deviation; in TorchSharp it mirrors the draws.
        Tensor drawn = NewEmpty(size.ToArray(), dtype, device, false, null);
        return Named(std < 0 ? drawn.normal_(0, 1, generator).mul_(std).add_(mean) : drawn.normal_(mean, std, generator), requires_grad, names);
    }

    public static Tensor normal(Tensor mean, Tensor std, Generator? generator = null) => Aten.normal_Tensor_Tensor.Call(mean, std, generator);

    public static Tensor _standard_gamma(Tensor input, Generator? generator = null) => Aten._standard_gamma.Call(input, generator);

    public static Tensor _sample_dirichlet(Tensor input, Generator? generator = null) => Aten._sample_dirichlet.Call(input, generator);

    public static double rand_float(Generator? generator = null)
    {
        using Tensor one = rand(1, ScalarType.Float32, CPU, generator: generator);
        return one.item<float>();
    }

    public static double randn_float(Generator? generator = null)
    {
        using Tensor one = randn(1, ScalarType.Float32, CPU, generator: generator);
        return one.item<float>();
    }

    public static bool randint_bool(Generator? generator = null) => randint_long(0, 2, generator) == 1;

    public static int randint_int(int high, Generator? generator = null) => (int)randint_long(0, high, generator);

    public static int randint_int(int low, int high, Generator? generator = null) => (int)randint_long(low, high, generator);

    public static long randint_long(long high, Generator? generator = null) => randint_long(0, high, generator);

    public static long randint_long(long low, long high, Generator? generator = null)
    {
        using Tensor one = randint(low, high, new long[] { 1 }, ScalarType.Int64, CPU, false, generator);
        return one.item<long>();
    }

    /// <summary>Seeds the process-wide generators of the CPU and of every CUDA device.</summary>
    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    public static long initial_seed() => Generator.Default.initial_seed();

    public static long seed() => random.seed();

    public static Tensor get_rng_state() => Generator.Default.get_state();

    public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);

    public static class random
    {
        public static Generator manual_seed(long seed)
        {
            cuda.manual_seed_all(seed);
            return Generator.Default.manual_seed(seed);
        }

        public static long initial_seed() => Generator.Default.initial_seed();

        public static long seed()
        {
            long seed = Generator.Default.seed();
            cuda.manual_seed_all(seed);
            return seed;
        }

        public static Tensor get_rng_state() => Generator.Default.get_state();

        public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);
    }
}

internal static partial class Aten
{
    internal static readonly Op randint_low_generator = new("aten::randint", "low_generator");
    internal static readonly Op randperm_generator = new("aten::randperm", "generator");
    internal static readonly Op randperm_generator_out = new("aten::randperm", "generator_out");
    internal static readonly Op normal_Tensor_Tensor = new("aten::normal", "Tensor_Tensor");
    internal static readonly Op _standard_gamma = new("aten::_standard_gamma");
    internal static readonly Op _sample_dirichlet = new("aten::_sample_dirichlet");
}
