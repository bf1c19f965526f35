using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Anomaly mode, which is the process's: alone, so that no other test's NaN is taken for this one's.</summary>
[Collection(Alone.Name)]
public class AnomalyTest
{
    private static void Backward()
    {
        using var scope = NewDisposeScope();
        var x = zeros(1, requires_grad: true);
        (x.sqrt() * 0).sum().backward();  // 0 times infinity
    }

    [Fact]
    public void DetectAnomaly_AGradientOfNoNumber_ThrowsInsideItAndNotAfter()
    {
        Backward();
        using (autograd.detect_anomaly())
        {
            Assert.True(AnomalyMode.IsEnabled);
            Assert.Contains("nan", Assert.ThrowsAny<Exception>(Backward).Message);
        }
        Assert.False(AnomalyMode.IsEnabled);
        Backward();
    }

    /// <summary>libtorch before 2.0 cannot look for anomalies without NaN among them, and says so in place of passing over the wish.</summary>
    [Fact]
    public void DetectAnomaly_WithoutNaN_IsObeyedOrRefused()
    {
        if (Retort.Torch.LibTorch.Version.Contains("libtorch 1.", StringComparison.Ordinal))
        {
            Assert.Throws<NotSupportedException>(() => autograd.detect_anomaly(check_nan: false));
        }
        else
        {
            using var mode = autograd.detect_anomaly(check_nan: false);
            Assert.False(AnomalyMode.ShouldCheckNaN);
            Backward();
        }
        Assert.False(AnomalyMode.IsEnabled);
        Assert.True(AnomalyMode.ShouldCheckNaN);
    }
}
