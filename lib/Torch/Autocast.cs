using TorchSharp;

namespace Retort.Torch;

/// <summary>
/// Mixed precision for the calling thread: while the returned object lives, matrix products and convolutions run in the
/// lower type and losses in float32, by libtorch's own lists. Run the forward pass inside and the backward pass outside.
/// </summary>
public static class Autocast
{
    /// <summary>On CUDA; <paramref name="dtype"/> is bfloat16 or float16 (the latter wants a scaled loss).</summary>
    public static IDisposable Cuda(torch.ScalarType dtype = torch.ScalarType.BFloat16) => Begin(DeviceType.CUDA, dtype);

    /// <summary>On the CPU; bfloat16 is the only type libtorch has there.</summary>
    public static IDisposable Cpu(torch.ScalarType dtype = torch.ScalarType.BFloat16) => Begin(DeviceType.CPU, dtype);

#if TORCHSHARP
    /// <summary>Whether this engine has mixed precision at all: TorchSharp has not, and the methods here throw there.</summary>
    public static bool Exists => false;

    /// <summary>
    /// Whether the CPU's autocast pays: there is one, and the processor multiplies bfloat16 itself (without that it is slower than
    /// float32). An arm in bfloat16 is left out, with a word, where it does not.
    /// </summary>
    public static bool CpuHasBFloat16 => false;

    private static IDisposable Begin(DeviceType device, torch.ScalarType dtype)
        => throw new NotSupportedException($"TorchSharp has no autocast ({device}, {dtype}): build with TorchEngine=system, or train in float32");
#else
    /// <summary>Whether this engine has mixed precision at all: TorchSharp has not, and the methods here throw there.</summary>
    public static bool Exists => true;

    /// <summary>
    /// Whether the CPU's autocast pays: there is one, and the processor multiplies bfloat16 itself (without that it is slower than
    /// float32). An arm in bfloat16 is left out, with a word, where it does not.
    /// </summary>
    public static bool CpuHasBFloat16 { get; } = Door.HasBFloat16() == 1;

    private static Scope Begin(DeviceType device, torch.ScalarType dtype) => new((int)device, (int)dtype);

    private sealed class Scope : IDisposable
    {
        private readonly int device;
        private readonly int wasOn;
        private readonly int wasType;
        private readonly int thread = Environment.CurrentManagedThreadId;
        private bool done;

        internal Scope(int device, int dtype)
        {
            this.device = device;
            wasOn = Door.Autocast(device, 0, 0);
            Door.Check(wasOn);
            wasType = Door.Autocast(device, 2, 0);
            Door.Check(Door.Autocast(device, 3, dtype));
            Door.Check(Door.Autocast(device, 1, 1));
            Door.AutocastNesting(1);
        }

        public void Dispose()
        {
            if (done) return;
            OwnThread.Check(thread, "autocast");
            done = true;
            Door.AutocastNesting(-1);
            Door.Check(Door.Autocast(device, 1, wasOn));
            Door.Check(Door.Autocast(device, 3, wasType));
        }
    }
#endif
}
