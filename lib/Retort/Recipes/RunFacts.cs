using System.Reflection;
using System.Runtime.InteropServices;
using Retort.Data;
using Retort.Plots;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Recipes;

/// <summary>What a run ran on: printed by the first cell of every notebook.</summary>
public static class RunFacts
{
    /// <summary>Library, tensor engine, machine, threads and size.</summary>
    public static Table Table(string size) => new Table("fact", "value")
        .WithRow("size", size)
        .WithRow("Retort", Version(typeof(RunFacts).Assembly))
        .WithRow("tensor engine", $"{typeof(Tensor).Assembly.GetName().Name}, {LibTorch.Version}{(cuda.is_available() ? $", {cuda.device_count()} CUDA devices" : ", CPU")}")
        .WithRow("bfloat16 on this processor", Autocast.CpuHasBFloat16 ? "yes" : "no")
        .WithRow("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}")
        .WithRow("cores", Environment.ProcessorCount);

    private static string Version(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "";
}
