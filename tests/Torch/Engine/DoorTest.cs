using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Retort.Torch;
using TorchSharp;

namespace Retort.Tests.Torch;

public class DoorTest
{
    [DllImport("libc", CharSet = CharSet.Ansi)]
    private static extern nint getenv(string name);

    [Fact]
    public void MissingDoor_SaysWhatToRun()
    {
        string empty = Directory.CreateTempSubdirectory().FullName;
        var e = Assert.Throws<BadInputException>(() => DoorLoader.LoadFrom([empty]));
        Assert.Equal("libretort_door.so: is not beside Retort.Torch.dll; libtorch is missing or was moved: run environment/setup.sh, then build again", e.Message);
        Directory.Delete(empty);
    }

    [Fact]
    public void Kernels_AreKnownByTheirSourcesWithoutComments()
    {
        var sources = new[] { ".cpp", ".h" }.SelectMany(ending => Directory.GetFiles(Path.Combine(Repository.Root, "lib/Torch/native"), "*" + ending).Order(StringComparer.Ordinal));
        var text = Regex.Replace(string.Concat(sources.Select(File.ReadAllText)), "^ *//[^\n]*", "", RegexOptions.Multiline);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12], LibTorch.Kernels);
    }

    [Fact]
    public void DamagedDoor_SaysWhyAndWhatToRun()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "libretort_door.so"), "not a library");
        var e = Assert.Throws<BadInputException>(() => DoorLoader.LoadFrom([folder]));
        Assert.Contains("cannot be loaded", e.Message);
        Assert.Contains("environment/setup.sh", e.Message);
        Directory.Delete(folder, true);
    }

    [Fact]
    public void DoorOfAnotherLibtorch_IsRefusedWhenLoaded()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "other.cpp"), "void gone(); extern \"C\" void door() { gone(); }\n");
        // As build.sh links the door.
        string script = File.ReadAllText(Path.Combine(Repository.Root, "lib/Torch/native/build.sh"));
        Assert.Contains("-Wl,-z,now", script);
        using (Process run = Process.Start("g++", ["-shared", "-fPIC", "-Wl,--allow-shlib-undefined", "-Wl,-z,now", Path.Combine(folder, "other.cpp"), "-o", Path.Combine(folder, "libretort_door.so")]))
        {
            run.WaitForExit();
            Assert.Equal(0, run.ExitCode);
        }
        var e = Assert.Throws<BadInputException>(() => DoorLoader.LoadFrom([folder]));
        Assert.Contains("undefined symbol", e.Message);
        Assert.Contains("compiled against another libtorch: run environment/setup.sh, then build again", e.Message);
        Directory.Delete(folder, true);
    }

    [SkippableFact]
    public void WaitPolicyOfOpenMP_IsPassiveWhileLibtorchLoads_AndIsNotLeftBehind()
    {
        Skip.If(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null, "the user chose");
        torch.zeros(1).Dispose();
        Assert.Equal(0, getenv("OMP_WAIT_POLICY"));
        // A process of its own, whose OpenMP says at its load what it found; it kills itself before its second step.
        string folder = Directory.CreateTempSubdirectory().FullName;
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", Path.Combine(AppContext.BaseDirectory, "ResumeChild.dll"), folder, "step", "1"]) { RedirectStandardError = true };
        start.Environment["OMP_DISPLAY_ENV"] = "TRUE";
        using Process run = Process.Start(start)!;
        string said = run.StandardError.ReadToEnd();
        run.WaitForExit();
        Assert.Matches("OMP_WAIT_POLICY ?= ?'PASSIVE'", said);
        Directory.Delete(folder, true);
    }

    [Fact]
    public void NullReferenceAndDivisionByZero_WithLibtorchLoaded_StayExceptions()
    {
        torch.zeros(1).Dispose();
        string? nothing = Environment.GetEnvironmentVariable("NO_SUCH_VARIABLE_" + Environment.ProcessId);
        int zero = nothing is null ? 0 : 1;
        // Both are signals of the processor, which a native library may have taken for itself.
        Assert.Throws<NullReferenceException>(() => nothing!.Length);
        Assert.Throws<DivideByZeroException>(() => 1 / zero);
    }

    [Fact]
    public void BuildScript_WithAFolderThatHoldsNoLibtorch_SaysSo()
    {
        string output = Directory.CreateTempSubdirectory().FullName;
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "lib/Torch/native/build.sh"), output]) { RedirectStandardError = true };
        start.Environment["LIBTORCH"] = "/nowhere";
        using Process run = Process.Start(start)!;
        string said = run.StandardError.ReadToEnd();
        run.WaitForExit();
        Assert.NotEqual(0, run.ExitCode);
        Assert.Equal("build.sh: error: LIBTORCH=/nowhere has no lib/libc10.so; name a libtorch or the torch folder of a PyTorch\n", said);
        Directory.Delete(output, true);
    }

    [Fact]
    public void Schemas_CanBeListed()
    {
        nint text = Door.Schemas("aten::softmax");
        string schemas = Marshal.PtrToStringUTF8(text)!;
        unsafe
        {
            Door.FreeArray((void*)text);
        }
        Assert.Contains("aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", schemas);
    }
}
