using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Retort.Data;

namespace Retort.Tests.Data;

public sealed class MotionNormalisationTest : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    private static byte[] Npy(params float[] values)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({values.Length},), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. values.SelectMany(BitConverter.GetBytes)];
    }

    private void Write(IEnumerable<(string Name, byte[] Bytes)> entries)
    {
        File.Delete(path);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, bytes) in entries)
        {
            using var stream = zip.CreateEntry(name + ".npy").Open();
            stream.Write(bytes);
        }
    }

    private static List<(string Name, byte[] Bytes)> Published() =>
    [
        .. new[] { ("yaw", 1), ("pitch", 1), ("roll", 1), ("scale", 1), ("t", 3), ("exp", 63), ("kp", 63), ("c_lip", 1) }.SelectMany((p, k) => new[]
        {
            (p.Item1 + "_mean", Npy([.. Enumerable.Range(0, p.Item2).Select(i => 10f * k + i)])),
            (p.Item1 + "_std", Npy([.. Enumerable.Range(0, p.Item2).Select(i => i == 2 ? 0f : 2f)])),
        }),
    ];

    [Fact]
    public void Load_PublishedLayout_OrdersAndReplacesZeroDeviations()
    {
        Write(Published());
        var norm = MotionNormalisation.Load(path);
        Assert.Equal([30, 0, 10, 20, 40, 41, 42, 50], norm.Mean.Take(8));
        Assert.Equal(70, norm.Mean.Length);
        Assert.Equal([2, 2, 1, 2], norm.Deviation.Skip(4).Take(4));
        Assert.Equal(63, norm.CanonicalMean.Length);
    }

    [Fact]
    public void Save_ThenLoad_GivesTheSameNumbersAndBytes()
    {
        float[] Numbers(int count, float first) => [.. Enumerable.Range(0, count).Select(i => first + 0.37f * i)];
        var norm = new MotionNormalisation(Numbers(70, -3), Numbers(70, 0.1f), Numbers(63, 5), Numbers(63, 2));
        norm.Save(path);
        var read = MotionNormalisation.Load(path);
        Assert.Equal(norm.Mean, read.Mean);
        Assert.Equal(norm.Deviation, read.Deviation);
        Assert.Equal(norm.CanonicalMean, read.CanonicalMean);
        Assert.Equal(norm.CanonicalDeviation, read.CanonicalDeviation);
        var bytes = File.ReadAllBytes(path);
        norm.Save(path);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [SkippableFact]
    public void Save_ReadByNumPy_HasThePublishedNamesAndShapes()
    {
        new MotionNormalisation([.. Enumerable.Range(0, 70).Select(i => (float)i)], new float[70], new float[63], new float[63]).Save(path);
        Process? python = null;
        try
        {
            python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c",
                "import sys, numpy as n; f = n.load(sys.argv[1]); print(len(f.files), f['yaw_mean'][0], f['t_mean'].tolist(), f['exp_mean'].shape, f['exp_mean'][-1], f['kp_std'].dtype)", path])
            { RedirectStandardOutput = true, RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Skipped below.
        }
        var text = python?.StandardOutput.ReadToEnd().Trim();
        python?.WaitForExit();
        Skip.If(python is not { ExitCode: 0 }, "needs /usr/bin/python3 with numpy");
        Assert.Equal("14 1.0 [4.0, 5.0, 6.0] (63,) 69.0 float32", text);
    }

    [Fact]
    public void Load_MissingMisshapenAndDamaged_NamesAllAtOnce()
    {
        var entries = Published().Where(e => e.Name is not ("kp_std" or "t_mean")).Append(("t_mean", Npy(1, 2))).ToList();
        Write(entries);
        var message = Assert.Throws<BadInputException>(() => MotionNormalisation.Load(path)).Message;
        Assert.Contains("kp_std is missing", message);
        Assert.Contains("t_mean has 2 numbers", message);
        File.WriteAllText(path, "no archive");
        Assert.Throws<BadInputException>(() => MotionNormalisation.Load(path));
        Write([("yaw_mean", [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 255, 255, 0, 0])]);
        Assert.Throws<BadInputException>(() => MotionNormalisation.Load(path));
    }
}
