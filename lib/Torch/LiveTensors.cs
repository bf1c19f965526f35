namespace Retort.Torch;

/// <summary>How many tensors the process holds: those made and neither disposed of nor collected yet.</summary>
public static class LiveTensors
{
    /// <summary>Tensors alive now, on all threads.</summary>
    public static long Count => TorchSharp.torch.Tensor.TotalCount;

    /// <summary>The most there have been at one time.</summary>
    public static long Peak => TorchSharp.torch.Tensor.PeakCount;
}
