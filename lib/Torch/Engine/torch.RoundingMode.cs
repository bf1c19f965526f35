namespace TorchSharp;

public static partial class torch
{
    /// <summary>How a quotient is made whole.</summary>
    public enum RoundingMode { None, trunc, floor }
}
