namespace TorchSharp;

/// <summary>The order of meshgrid's dimensions.</summary>
public enum indexing { xy, ij }
