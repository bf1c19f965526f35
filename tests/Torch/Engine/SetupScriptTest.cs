using System.Diagnostics;

namespace Retort.Tests.Torch;

/// <summary>environment/setup.sh on a machine that has nothing, played by stand-ins of the programs it calls.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SetupScriptTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public SetupScriptTest()
    {
        foreach (var real in new[] { "bash", "env", "grep", "cat", "rm" })
        {
            var path = new[] { "/usr/bin/", "/bin/" }.Select(place => place + real).First(File.Exists);
            File.CreateSymbolicLink(Path.Combine(folder, real), path);
        }
        Stand("dotnet", "exit 0");
        Stand("id", "echo 0");
        Stand("dpkg", "exit 1");
        Stand("apt-cache", "case $2 in chromium) ;; *) echo \"  Candidate: 1.0\" ;; esac");
        Stand("apt-get", $"echo \"$@\" >> {folder}/log; case \"$*\" in *update*) exit 0 ;; *\" ffmpeg \"*) exit 1 ;; *ffmpeg) exit 1 ;; esac");
    }

    public void Dispose() => Directory.Delete(folder, true);

    private void Stand(string name, string body)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!{Path.Combine(folder, "bash")}\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private (int Code, string Said, string Log) Run(string? libtorch, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, "bash"), [Path.Combine(Repository.Root, "environment", "setup.sh"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = folder;
        start.Environment.Remove("LIBTORCH");
        if (libtorch is not null) start.Environment["LIBTORCH"] = libtorch;
        using var run = Process.Start(start)!;
        var said = run.StandardOutput.ReadToEnd() + run.StandardError.ReadToEnd();
        run.WaitForExit();
        var log = Path.Combine(folder, "log");
        return (run.ExitCode, said, File.Exists(log) ? File.ReadAllText(log) : "");
    }

    [Fact]
    public void Setup_OneNameUnknownAndOnePackageBroken_InstallsTheOthers()
    {
        var (code, said, log) = Run(null, "test");
        Assert.Equal(0, code);
        Assert.Contains("chromium cannot be installed here", said);
        Assert.Contains("ffmpeg cannot be installed here", said);
        Assert.DoesNotContain("chromium", log);
        Assert.Contains("-qq espeak-ng\n", log);
        Assert.Contains("-qq jupyter-notebook\n", log);
        Assert.DoesNotContain("python3-torch", said);
    }

    [Fact]
    public void Setup_WithLibtorchNamed_AsksForNoOther()
    {
        Directory.CreateDirectory(Path.Combine(folder, "torch", "lib"));
        File.WriteAllText(Path.Combine(folder, "torch", "lib", "libtorch_cpu.so"), "");
        var (code, said, _) = Run(Path.Combine(folder, "torch"), "--check", "bench");
        Assert.Equal(1, code);
        Assert.Contains("missing: ffmpeg", said);
        Assert.DoesNotContain("torch", said);
        Assert.DoesNotContain("openblas", said);
    }

    [Fact]
    public void Setup_ForTheLibraryAlone_LeavesTheTestsNeedsOut()
    {
        var (_, said, _) = Run(null, "--check");
        Assert.Contains("missing: libtorch-dev", said);
        Assert.DoesNotContain("jupyter", said);
        Assert.DoesNotContain("chromium", said);
    }
}
