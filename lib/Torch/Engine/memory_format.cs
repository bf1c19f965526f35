namespace TorchSharp;

/// <summary>The order of dimensions in memory.</summary>
public enum memory_format { contiguous_format, preserve_format, channels_last }
