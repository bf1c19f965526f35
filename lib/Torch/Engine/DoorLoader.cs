using System.Reflection;
using System.Runtime.InteropServices;
using Retort;

namespace TorchSharp;

/// <summary>Finds and loads libretort_door.so (and with it libtorch).</summary>
internal static partial class DoorLoader
{
    private const string File = "libretort_door.so";

    internal static nint Load(Assembly assembly)
    {
        var put = QuietLibraries();
        nint door = LoadFrom(Folders(assembly));
        // The runtimes have read their settings now; what the process starts later shall not find them.
        Settle(door);
        foreach (string name in put) _ = unsetenv(name);
        KeepFreed();
        return door;
    }

    // glibc gives what is freed at the end of its memory back at once, and takes it again at the next step: up to an eighth of a training
    // step of small tensors went into the kernel's page faults. It keeps some now, unless the user has said how it shall be. (Blocks
    // from 1 MiB on are the door's own.)
    private static void KeepFreed()
    {
        if (Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(k => k.StartsWith("MALLOC_", StringComparison.Ordinal) || k == "GLIBC_TUNABLES")) return;
        try
        {
            const int TrimThreshold = -1, TopPad = -2, MmapThreshold = -3;
            _ = mallopt(TrimThreshold, 256 << 20);
            _ = mallopt(TopPad, 16 << 20);
            _ = mallopt(MmapThreshold, 32 << 20);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library: nothing to set.
        }
    }

    private static unsafe void Settle(nint door)
    {
        // A number of threads asked for makes OpenMP begin where it has not.
        if (NativeLibrary.TryGetExport(door, "door_threads", out nint threads)) _ = ((delegate* unmanaged<int, int, int>)threads)(0, Door.IntraOp);
        // oneDNN keeps 1,024 primitives. One of each shape is made, and with version 2.6 making one anew that a thread which has
        // ended had made before throws std::bad_array_new_length: so none is thrown out.
        if (Environment.GetEnvironmentVariable(Primitives) is null && NativeLibrary.TryGetExport(door, "door_keep_primitives", out nint keep)
            && ((delegate* unmanaged<int, int>)keep)(100000) == 0)
        {
            SetUnlessSet(Primitives, "100000"); // a oneDNN inside libtorch, which reads it at its first primitive
        }
    }

    /// <summary>Loads the first door there is in the folders; one clear error if none can be.</summary>
    internal static nint LoadFrom(IEnumerable<string> folders)
    {
        var tried = new List<string>();
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, File);
            if (!System.IO.File.Exists(path)) continue;
            try
            {
                return NativeLibrary.Load(path);
            }
            catch (DllNotFoundException e)
            {
                // One line for each way that was tried; the loader's own reason stands in one of them.
                string[] lines = e.Message.Split('\n');
                tried.Add(Array.Find(lines, l => l.Contains("undefined symbol")) ?? lines[0]);
            }
        }
        string why = tried.Count > 0 ? $"cannot be loaded ({tried[0]})" : "is not beside Retort.Torch.dll";
        string cause = tried.Count > 0 && tried[0].Contains("undefined symbol") ? "it was compiled against another libtorch" : "libtorch is missing or was moved";
        throw new BadInputException(File, "", $"{why}; {cause}: run environment/setup.sh, then build again");
    }

    private const string Primitives = "DNNL_PRIMITIVE_CACHE_CAPACITY";

    private static List<string> QuietLibraries()
    {
        // The worker threads of an idle OpenMP team must sleep, not spin: several models may share the cores. Read by the
        // runtimes when they load, from the environment of C, which .NET's own setter does not reach.
        // Debian 13's libtorch brings UCX along (by way of MPI), which would take the signals that .NET makes exceptions of: a null
        // reference would end the process. It is told to take none.
        (string, string)[] settings = [("OMP_WAIT_POLICY", "passive"), ("KMP_BLOCKTIME", "0"), ("GOMP_SPINCOUNT", "0"), ("OPENBLAS_THREAD_TIMEOUT", "4"), ("UCX_ERROR_SIGNALS", "")];
        return [.. settings.Where(s => SetUnlessSet(s.Item1, s.Item2)).Select(s => s.Item1)];
    }

    private static IEnumerable<string> Folders(Assembly assembly)
    {
        if (assembly.Location.Length > 0) yield return Path.GetDirectoryName(assembly.Location)!;
        yield return AppContext.BaseDirectory;
    }

    private static bool SetUnlessSet(string name, string value) => Environment.GetEnvironmentVariable(name) is null && setenv(name, value, 0) == 0;

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);
}
