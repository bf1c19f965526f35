namespace TorchSharp;

/// <summary>How index_reduce joins values.</summary>
public enum Reduce { prod, mean, amax, amin }
