using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>One tensor of a safetensors file: what its header says, checked.</summary>
/// <param name="Name">the key</param>
/// <param name="DType">the kind of its elements</param>
/// <param name="Shape">its sizes; empty for a single number</param>
/// <param name="Begin">the first byte, counted from the end of the header</param>
/// <param name="Length">its bytes: elements times the size of one</param>
internal sealed record SafeTensorsEntry(string Name, ScalarType DType, long[] Shape, long Begin, long Length);
