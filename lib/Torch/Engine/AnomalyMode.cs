namespace TorchSharp;

/// <summary>While it lives, a backward pass that makes a NaN is an error.</summary>
public class AnomalyMode : IDisposable
{
    private readonly bool wasEnabled;
    private readonly bool wasChecking;

    public AnomalyMode(bool enabled, bool check_nan = true)
    {
        wasEnabled = IsEnabled;
        wasChecking = ShouldCheckNaN;
        Set(enabled, check_nan);
    }

    public static bool IsEnabled => Door.Switch(Door.Anomaly, -1) != 0;

    public static bool ShouldCheckNaN => Door.Switch(Door.AnomalyNaN, -1) != 0;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing) Set(wasEnabled, wasChecking);
    }

    private static void Set(bool enabled, bool checkNaN)
    {
        // Switched off, nothing is looked for: that libtorch 1 cannot leave NaN out matters no more.
        if (checkNaN != ShouldCheckNaN && Door.Switch(Door.AnomalyNaN, checkNaN ? 1 : 0) < 0 && enabled)
        {
            throw new NotSupportedException(Door.Error().Message);
        }
        Door.Check(Door.Switch(Door.Anomaly, enabled ? 1 : 0));
    }
}
