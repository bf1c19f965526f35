namespace TorchSharp;

// Threads, CUDA, determinism: what belongs to the process.
public static partial class torch
{
    public static int get_num_threads() => Door.Threads(0, Door.IntraOp);

    public static void set_num_threads(int num)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(num);
        Door.Check(Door.Threads(num, Door.IntraOp));
    }

    public static int get_num_interop_threads() => Door.Threads(0, Door.InterOp);

    public static void set_num_interop_threads(int num)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(num);
        Door.Check(Door.Threads(num, Door.InterOp));
    }

    public static bool cuda_is_available() => cuda.is_available();

    public static bool mps_is_available() => false;

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static bool is_cudnn_available() => is_available() && Door.Switch(Door.CudnnPresent, -1) > 0;

        public static int device_count() => Door.CudaCount();

        public static void manual_seed(long seed)
        {
            if (is_available()) Seed(-1, seed);
        }

        public static void manual_seed_all(long seed)
        {
            for (int i = 0; i < device_count(); i++) Seed(i, seed);
        }

        public static void synchronize(Device? device = null)
        {
            if (is_available()) Door.Check(Door.CudaSynchronize(device?.index ?? -1));
        }

        private static void Seed(int index, long seed)
        {
            nint g = Door.Check(Door.DefaultGenerator((int)DeviceType.CUDA, index));
            Door.GeneratorSeed(g, 0, seed);
            Door.FreeGenerator(g);
        }
    }

    public static class backends
    {
        public static class cuda
        {
            public static class matmul
            {
                public static bool allow_tf32
                {
                    get => Read(Door.MatmulTf32);
                    set => Set(Door.MatmulTf32, value);
                }
            }

            public static bool flash_sdp_enabled() => Read(Door.FlashAttention);
            public static void enable_flash_sdp(bool enable) => Set(Door.FlashAttention, enable);
            public static bool math_sdp_enabled() => Read(Door.MathAttention);
            public static void enable_math_sdp(bool enable) => Set(Door.MathAttention, enable);
        }

        public static class cudnn
        {
            public static bool allow_tf32
            {
                get => Read(Door.CudnnTf32);
                set => Set(Door.CudnnTf32, value);
            }
        }
    }

    public static bool are_deterministic_algorithms_enabled() => Read(Door.Deterministic);

    public static bool is_deterministic_algorithms_warn_only_enabled() => Read(Door.DeterministicWarns);

    /// <summary>Operators without a deterministic form become errors, or warnings, until the result is disposed of.</summary>
    public static IDisposable use_deterministic_algorithms(bool mode = true, bool warn_only = false)
    {
        var before = new Restore(Read(Door.Deterministic), Read(Door.DeterministicWarns));
        Set(Door.DeterministicWarns, warn_only);
        Set(Door.Deterministic, mode);
        return before;
    }

    /// <summary>A CUDA device without an index gets the first one; nothing else changes.</summary>
    public static Device InitializeDevice(Device? device)
        => device is null ? get_default_device() : device is { type: DeviceType.CUDA, index: < 0 } ? CUDA : device;

    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType)) throw new InvalidOperationException($"Torch device type {deviceType} is not available on this machine.");
    }

    public static bool TryInitializeDeviceType(DeviceType deviceType) => deviceType switch
    {
        DeviceType.CPU or DeviceType.META => true,
        DeviceType.CUDA => cuda.is_available(),
        _ => false,
    };

    public static void _assert(bool condition, string message)
    {
        if (!condition) throw new InvalidOperationException(message);
    }

    public static void _assert(Func<bool> condition, string message) => _assert(condition(), message);

    private static bool Read(int which)
    {
        int value = Door.Switch(which, -1);
        Door.Check(value);
        return value != 0;
    }

    private static void Set(int which, bool value) => Door.Check(Door.Switch(which, value ? 1 : 0));

    private sealed class Restore(bool mode, bool warns) : IDisposable
    {
        public void Dispose()
        {
            Set(Door.DeterministicWarns, warns);
            Set(Door.Deterministic, mode);
        }
    }
}
