namespace TorchSharp;

/// <summary>Which direction of a Fourier transform carries the 1/n.</summary>
public enum FFTNormType { Backward = 0, Forward = 1, Ortho = 2 }
