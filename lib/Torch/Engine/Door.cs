using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// The exported functions of native/door.cpp. None of those that may run an operator suppresses the GC transition; the
/// ones that only read a field of a tensor do. A result below zero (or a null handle) means: read <see cref="Error"/>.
/// </summary>
internal static unsafe partial class Door
{
    private const string Lib = "retort_door";

    // The switches of door_switch.
    internal const int GradMode = 0, Anomaly = 1, AnomalyNaN = 2, Deterministic = 3, DeterministicWarns = 4, MatmulTf32 = 5,
        CudnnTf32 = 6, InferenceMode = 8, CudnnPresent = 9, FlashAttention = 10, MathAttention = 11;

    // The numbers of threads of door_threads.
    internal const int IntraOp = 0, InterOp = 1, ThisThread = 2;

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "a notebook needs nothing but the reference")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(Door).Assembly, Resolve);

    // The runtime calls this once, at the first call of any function here.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
        => name == Lib ? DoorLoader.Load(assembly) : 0;

    /// <summary>The operator's handle; throws libtorch's message if there is none.</summary>
    internal static nint FindOperator(string name, string overload)
    {
        nint found = door_find(name, overload);
        return found != 0 ? found : throw Error();
    }

    /// <summary>The operator's handle, or 0.</summary>
    internal static nint TryFindOperator(string name, string overload) => door_find(name, overload);

    /// <summary>The exception for what went wrong last on this thread: libtorch's first line.</summary>
    internal static Exception Error()
    {
        string message = Marshal.PtrToStringUTF8((nint)door_error()) ?? "unknown error";
        int end = message.IndexOf('\n');
        return new ExternalException((end < 0 ? message : message[..end]).TrimEnd());
    }

    /// <summary>Whether the last call that resets the message left one.</summary>
    internal static bool HasError() => *door_error() != 0;

    internal static void Check(int result)
    {
        if (result < 0) throw Error();
    }

    internal static nint Check(nint result) => result != 0 ? result : throw Error();

    [LibraryImport(Lib)]
    private static partial byte* door_error();

    [LibraryImport(Lib, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint door_find(string name, string overload);

    [LibraryImport(Lib, EntryPoint = "door_call")]
    internal static partial int Call(nint op, Native* args, int count, Returned* returned, int capacity);

    /// <summary>All schemas whose name starts with the prefix, one a line.</summary>
    [LibraryImport(Lib, EntryPoint = "door_schemas", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint Schemas(string prefix);

    [LibraryImport(Lib, EntryPoint = "door_free_array")]
    internal static partial void FreeArray(void* array);

    [LibraryImport(Lib, EntryPoint = "door_free")]
    internal static partial void Free(nint tensor);

    /// <summary>Another owner of the same tensor.</summary>
    [LibraryImport(Lib, EntryPoint = "door_share")]
    internal static partial nint Share(nint tensor);

    [LibraryImport(Lib, EntryPoint = "door_dim"), SuppressGCTransition]
    internal static partial int Dim(nint tensor);

    /// <summary>Sizes, or strides where <paramref name="which"/> is 1.</summary>
    [LibraryImport(Lib, EntryPoint = "door_sizes"), SuppressGCTransition]
    internal static partial int Sizes(nint tensor, int which, long* into);

    [LibraryImport(Lib, EntryPoint = "door_numel"), SuppressGCTransition]
    internal static partial long Numel(nint tensor);

    /// <summary>dtype in the low byte, device type in the next, device index + 1 in the third, flags above: see door.cpp.</summary>
    [LibraryImport(Lib, EntryPoint = "door_facts"), SuppressGCTransition]
    internal static partial int Facts(nint tensor);

    [LibraryImport(Lib, EntryPoint = "door_storage_offset"), SuppressGCTransition]
    internal static partial long StorageOffset(nint tensor);

    /// <summary>Bytes and address of the storage; the address is 0 on error.</summary>
    [LibraryImport(Lib, EntryPoint = "door_data")]
    internal static partial void* Data(nint tensor, long* storageBytes);

    /// <summary>A new CPU tensor with a copy of the bytes.</summary>
    [LibraryImport(Lib, EntryPoint = "door_from_bytes")]
    internal static partial nint FromBytes(void* data, long* sizes, int dim, int dtype);

    /// <summary>A CPU tensor over foreign memory; <paramref name="release"/>(context) runs when its storage dies.</summary>
    [LibraryImport(Lib, EntryPoint = "door_from_blob")]
    internal static partial nint FromBlob(void* data, long* sizes, int dim, int dtype, delegate* unmanaged<nint, void> release, nint context);

    [LibraryImport(Lib, EntryPoint = "door_set_requires_grad")]
    internal static partial int SetRequiresGrad(nint tensor, int on);

    /// <summary>0 where there is no gradient and no error.</summary>
    [LibraryImport(Lib, EntryPoint = "door_grad")]
    internal static partial nint Grad(nint tensor);

    [LibraryImport(Lib, EntryPoint = "door_set_grad")]
    internal static partial int SetGrad(nint tensor, nint grad);

    /// <summary>
    /// Runs the autograd engine. inputs = null accumulates into leaves; otherwise the gradients (0 = unused) land in
    /// <paramref name="results"/>, where that is not null.
    /// </summary>
    [LibraryImport(Lib, EntryPoint = "door_backward")]
    internal static partial int Backward(nint* roots, nint* seeds, int rootCount, nint* inputs, int inputCount, int flags, nint* results);

    /// <summary>Sets (0/1) or reads (-1) a switch of the calling thread or process; the former value comes back.</summary>
    [LibraryImport(Lib, EntryPoint = "door_switch")]
    internal static partial int Switch(int which, int value);

    [LibraryImport(Lib, EntryPoint = "door_kept_new")]
    internal static partial nint KeptNew();

    [LibraryImport(Lib, EntryPoint = "door_kept_free")]
    internal static partial void KeptFree(nint kept);

    [LibraryImport(Lib, EntryPoint = "door_kept_use")]
    internal static partial nint KeptUse(nint kept);

    [LibraryImport(Lib, EntryPoint = "door_inference_enter")]
    internal static partial nint InferenceEnter(int on);

    [LibraryImport(Lib, EntryPoint = "door_inference_leave")]
    internal static partial void InferenceLeave(nint guard);

    /// <summary>Autocast of the calling thread: what = 0 read enabled, 1 set enabled, 2 read dtype, 3 set dtype.</summary>
    [LibraryImport(Lib, EntryPoint = "door_autocast")]
    internal static partial int Autocast(int device, int what, int value);

    /// <summary>+1 or -1 nesting; at zero the cache of cast weights is cleared.</summary>
    [LibraryImport(Lib, EntryPoint = "door_autocast_nesting")]
    internal static partial void AutocastNesting(int step);

    [LibraryImport(Lib, EntryPoint = "door_generator")]
    internal static partial nint NewGenerator(int device, int index, long seed);

    /// <summary>The process-wide generator of a device.</summary>
    [LibraryImport(Lib, EntryPoint = "door_default_generator")]
    internal static partial nint DefaultGenerator(int device, int index);

    [LibraryImport(Lib, EntryPoint = "door_generator_free")]
    internal static partial void FreeGenerator(nint generator);

    /// <summary>what = 0 set the seed, 1 read it, 2 draw a new one.</summary>
    [LibraryImport(Lib, EntryPoint = "door_generator_seed")]
    internal static partial long GeneratorSeed(nint generator, int what, long seed);

    /// <summary>state = 0 reads the state as a new tensor, else sets it (result 1).</summary>
    [LibraryImport(Lib, EntryPoint = "door_generator_state")]
    internal static partial nint GeneratorState(nint generator, nint state);

    [LibraryImport(Lib, EntryPoint = "door_threads")]
    internal static partial int Threads(int set, int interop);

    /// <summary>-1 where no BLAS with a thread setting is loaded.</summary>
    [LibraryImport(Lib, EntryPoint = "door_blas_threads")]
    internal static partial int BlasThreads(int set);

    [LibraryImport(Lib, EntryPoint = "door_has_bfloat16")]
    internal static partial int HasBFloat16();

    [LibraryImport(Lib, EntryPoint = "door_cuda_count")]
    internal static partial int CudaCount();

    [LibraryImport(Lib, EntryPoint = "door_cuda_synchronize")]
    internal static partial int CudaSynchronize(int index);

    /// <summary>Where the number of bytes in tensors on the CPU stands; null where the C library's own allocator is in use.</summary>
    [LibraryImport(Lib, EntryPoint = "door_memory_in_use")]
    internal static partial long* MemoryInUse();

    /// <summary>Bytes that freed tensors left for later ones; with 1 they are given back first.</summary>
    [LibraryImport(Lib, EntryPoint = "door_memory_kept")]
    internal static partial long MemoryKept(int giveBack);

    [LibraryImport(Lib, EntryPoint = "door_version")]
    internal static partial byte* Version();

    [LibraryImport(Lib, EntryPoint = "door_sources")]
    internal static partial byte* Sources();
}
