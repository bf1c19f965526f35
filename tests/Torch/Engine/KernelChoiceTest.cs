using System.Diagnostics;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>The environment variable by which tests run the kernels of older processors; test.sh does so.</summary>
public class KernelChoiceTest
{
    [Fact]
    public void Kernels_ByTheEnvironmentVariable_AreThoseAskedFor()
    {
        var wish = Environment.GetEnvironmentVariable("RETORT_KERNELS");
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var single = Fused.Gelu(ones(32)) is not null;
        var half = Fused.Gelu(ones([32], bfloat16)) is not null;
        if (wish == "none") Assert.False(single || half);
        if (wish == "avx2") Assert.False(half);
        if (half) Assert.True(single);
        // The processor's own word.
        var flags = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags"))?.Split(' ') ?? [] : [];
        Assert.Equal(wish != "none" && flags.Contains("avx2") && flags.Contains("fma"), single);
        Assert.Equal(wish is null or "avx512" && flags.Contains("avx512_bf16"), half);
    }
}
