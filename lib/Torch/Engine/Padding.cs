namespace TorchSharp;

/// <summary>Padding of a convolution by its result: none, or the size of the input.</summary>
public enum Padding { Valid = 0, Same = 1 }
