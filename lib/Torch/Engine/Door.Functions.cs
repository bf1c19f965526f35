using System.Runtime.InteropServices;

namespace TorchSharp;

// The exported functions of native/door_function.cpp.
internal static unsafe partial class Door
{
    /// <summary>As struct Call in door_function.cpp reads it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FunctionCall
    {
        internal nint* Outputs, Saved, Dirty, Plain;
        internal int OutputCount, SavedCount, DirtyCount, PlainCount, InputCount, Zeros;
        internal nint Context;
        internal delegate* unmanaged<nint, nint, nint*, int, nint*, int, int> Backward;
        internal delegate* unmanaged<nint, void> Free;
    }

    /// <summary>Ties outputs to inputs in autograd's graph; each result is a handle of its own.</summary>
    [LibraryImport(Lib, EntryPoint = "door_function")]
    internal static partial int Function(nint* inputs, int count, FunctionCall* call, nint* results);

    /// <summary>The saved tensors' number; up to <paramref name="capacity"/> of them, each a handle of its own.</summary>
    [LibraryImport(Lib, EntryPoint = "door_function_saved")]
    internal static partial int FunctionSaved(nint context, nint* into, int capacity);

    [LibraryImport(Lib, EntryPoint = "door_function_failed", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void FunctionFailed(string message);

    /// <summary>The dimensions' names; free it. Null where there are none, and where <see cref="HasError"/>.</summary>
    [LibraryImport(Lib, EntryPoint = "door_names")]
    internal static partial nint Names(nint tensor);

    /// <summary>what = 0 rename, 1 rename in place, 2 refine names, 3 align to, 4 drop names, 5 drop them in place.</summary>
    [LibraryImport(Lib, EntryPoint = "door_named", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint Named(nint tensor, int what, string names);

    /// <summary>Writes the file of C++'s torch::save.</summary>
    [LibraryImport(Lib, EntryPoint = "door_save", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Save(nint tensor, string path);
}
