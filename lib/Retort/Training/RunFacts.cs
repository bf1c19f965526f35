using System.Reflection;
using System.Runtime.InteropServices;
using Retort.Plots;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>What a run ran on: printed by the first cell of every notebook.</summary>
public static class RunFacts
{
    /// <summary>Size, the settings that are named, library, tensor engine and machine.</summary>
    /// <param name="size">the size that was asked for</param>
    /// <param name="settings">further facts, such as ("students", "4 blocks of width 64")</param>
    public static Table Table(string size, params (string Fact, object Value)[] settings)
    {
        var table = new Table("fact", "value").WithRow("size", size);
        foreach (var (fact, value) in settings)
        {
            table = table.WithRow(fact, FormattableString.Invariant($"{value}"));
        }
        return Machine(table);
    }

    private static Table Machine(Table table) => table
        .WithRow("Retort", Version(typeof(RunFacts).Assembly))
        .WithRow("tensor engine", $"{typeof(Tensor).Assembly.GetName().Name}, {LibTorch.Version}{(cuda.is_available() ? $", {cuda.device_count()} CUDA devices" : ", CPU")}")
        .WithRow("bfloat16 on this processor", Autocast.CpuHasBFloat16 ? "yes" : "no")
        .WithRow("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}")
        .WithRow("cores", $"{Environment.ProcessorCount}");

    private static string Version(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "";
}
