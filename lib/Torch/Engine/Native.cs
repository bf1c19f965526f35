using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>An argument as door.cpp reads it (struct Arg there).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Native
{
    internal int Tag;
    internal int Count;
    internal long Bits;
    internal double Imaginary;
}

/// <summary>A result as door.cpp writes it (struct Ret there); tags as in <see cref="Arg.Kind"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Returned
{
    internal int Tag;
    internal int Count;
    internal long Bits;
    internal double Imaginary;

    /// <summary>The tensor, owned by the caller from now on; null for an undefined tensor.</summary>
    internal Tensor TakeTensor() => Bits == 0 || Tag != (int)Arg.Kind.Tensor ? null! : new Tensor((nint)Bits);

    /// <summary>The list of tensors; the native array is freed.</summary>
    internal Tensor[] TakeTensors()
    {
        var handles = (nint*)Bits;
        var tensors = new Tensor[Count];
        for (int i = 0; i < Count; i++) tensors[i] = handles[i] == 0 ? null! : new Tensor(handles[i]);
        Door.FreeArray(handles);
        return tensors;
    }
}
