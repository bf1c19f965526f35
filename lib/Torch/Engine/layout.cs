namespace TorchSharp;

/// <summary>How elements lie in memory.</summary>
public enum layout { strided, sparse_coo }
