namespace Retort.Torch;

/// <summary>The tensor library below: what a run's numbers also depend on.</summary>
public static class LibTorch
{
    /// <summary>libtorch's version under the system engine, such as "libtorch 1.13.0"; TorchSharp's under the other.</summary>
    public static string Version
    {
        get
        {
#if TORCHSHARP
            return $"TorchSharp {TorchSharp.torch.__version__}";
#else
            unsafe
            {
                return "libtorch " + System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)TorchSharp.Door.Version());
            }
#endif
        }
    }
}
