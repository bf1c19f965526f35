namespace Retort.Torch;

/// <summary>The tensor library below: what a run's numbers also depend on.</summary>
public static class LibTorch
{
    /// <summary>
    /// libtorch's version under the system engine, such as "libtorch 1.13.0"; under the other TorchSharp's, and the version of its
    /// libtorch where the file that was loaded tells.
    /// </summary>
    public static string Version
    {
        get
        {
#if TORCHSHARP
            return "TorchSharp " + typeof(TorchSharp.torch).Assembly.GetName().Version + Loaded();
#else
            unsafe
            {
                return "libtorch " + System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)TorchSharp.Door.Version());
            }
#endif
        }
    }

    /// <summary>
    /// A hash of the native sources that the system engine's fused kernels were built from, 12 hexadecimal digits: edited kernels round
    /// differently. Empty under TorchSharp, which has none.
    /// </summary>
    public static string Kernels
    {
        get
        {
#if TORCHSHARP
            return "";
#else
            unsafe
            {
                return System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)TorchSharp.Door.Sources())!;
            }
#endif
        }
    }

#if TORCHSHARP
    // TorchSharp does not say which libtorch it runs on; where it was loaded from tells.
    private static string Loaded()
    {
        TorchSharp.torch.zeros(1).Dispose();
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        foreach (System.Diagnostics.ProcessModule module in process.Modules)
        {
            if (!module.ModuleName.Contains("torch_cpu")) continue;
            // A package's folder is named by its version; Debian's file is.
            var file = new FileInfo(module.FileName);
            var parts = (file.ResolveLinkTarget(true)?.FullName ?? file.FullName).Split('/', '\\');
            var version = parts.LastOrDefault(part => part.Count(char.IsDigit) >= 3 && part.Contains('.'));
            return version is null ? "" : $" on {version}";
        }
        return "";
    }
#endif
}
