using System.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Weights;

public sealed class SafeTensorsTest
{
    private static byte[] FileOf(string header, int dataBytes) =>
        [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[dataBytes]];

    [Fact]
    public void Load_FileOfAnotherWriter_HasItsValues()
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile("safetensors");
        TensorAssert.Same(Fixtures.Tensors("safetensors"), SafeTensors.Load(file.Name));
        using var open = SafeTensorsFile.Open(file.Name);
        Assert.Equal(new Dictionary<string, string> { ["format"] = "pt", ["note"] = "café" }, open.Metadata);
        Assert.Equal([3, 4], open.Shape("matrix"));
        Assert.Equal(ScalarType.BFloat16, open.DType("bfloat16"));
        Assert.Equal([0, 1, 2, 100], TensorAssert.Values(open.Read("float16")));
        Assert.Contains("no tensor 'absent'", Assert.Throws<BadInputException>(() => open.Read("absent")).Message);
    }

    [Fact]
    public void Save_ThenLoad_GivesTheTensorsAndTheSameBytesInAnyOrder()
    {
        using var scope = NewDisposeScope();
        using var first = Fixtures.AsFile("safetensors");
        using var a = new TemporaryFile(name: "a.safetensors");
        using var b = new TemporaryFile(name: "b.safetensors");
        var tensors = SafeTensors.Load(first.Name);
        tensors["strided"] = arange(12, ScalarType.Float32).view(3, 4).t();
        var metadata = new Dictionary<string, string> { ["z"] = "1", ["a"] = "\"2\"\n" };
        SafeTensors.Save(a.Name, tensors, metadata);
        SafeTensors.Save(b.Name, tensors.Reverse().Select(t => (t.Key, t.Value)), metadata.Reverse().ToDictionary());
        Assert.Equal(File.ReadAllBytes(a.Name), File.ReadAllBytes(b.Name));
        Assert.Equal(["a.safetensors"], a.Beside);
        var read = SafeTensors.Load(a.Name);
        Assert.Equal([4, 3], read["strided"].shape);
        Assert.Equal([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], TensorAssert.Values(read["strided"]));
        read.Remove("strided");
        TensorAssert.Same(Fixtures.Tensors("safetensors"), read);
        using var open = SafeTensorsFile.Open(a.Name);
        Assert.Equal("\"2\"\n", open.Metadata["a"]);
    }

    [Fact]
    public void Save_ReservedNameOrForeignType_IsAnArgumentErrorAndKeepsTheOldFile()
    {
        using var scope = NewDisposeScope();
        using var file = new TemporaryFile([1, 2, 3]);
        var x = ones(1);
        Assert.Throws<ArgumentException>(() => SafeTensors.Save(file.Name, [("__metadata__", x)]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Save(file.Name, [("x", x), ("x", x)]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Save(file.Name, [("x", x.to(ScalarType.ComplexFloat32))]));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(file.Name));
        Assert.Equal(["file.bin"], file.Beside);
    }

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "a file of 3 bytes", [1, 2, 3] },
        { "a header of 100000001 bytes", BitConverter.GetBytes(100_000_001L) },
        { "but only 2 follow", [9, 0, 0, 0, 0, 0, 0, 0, 123, 125] },
        { "no valid JSON", FileOf("{\"a\"", 0) },
        { "no valid JSON", [5, 0, 0, 0, 0, 0, 0, 0, .. "{\"\u00ff\":"u8[..3], 0xff, 0xfe] },
        { "expected an object", FileOf("[]", 0) },
        { "'a' is named twice", FileOf("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2) },
        { "dtype 'F8_E4M3'", FileOf("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1) },
        { "needs 4 bytes, but its data_offsets span 3", FileOf("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}""", 3) },
        { "do not lie in the file's 4 bytes", FileOf("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4) },
        { "do not lie in the file's 4 bytes", FileOf("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4) },
        { "more than 2^63", FileOf("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0) },
        { "more than 2^63", FileOf("""{"a":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""", 0) },
        { "expected a whole number from 0", FileOf("""{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}""", 0) },
        { "expected a whole number from 0", FileOf("""{"a":{"dtype":"U8","shape":[1e3],"data_offsets":[0,1000]}}""", 1000) },
        { "more than 2 numbers", FileOf("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1) },
        { "neither holes nor overlaps", FileOf("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3) },
        { "neither holes nor overlaps", FileOf("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3) },
        { "take 1 bytes, but the file holds 5", FileOf("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 5) },
        { "the field 'extra'", FileOf("""{"a":{"dtype":"U8","extra":1}}""", 0) },
        { "expected a dtype, a shape", FileOf("""{"a":{"dtype":"U8","shape":[0]}}""", 0) },
        { "expected a text for 'k'", FileOf("""{"__metadata__":{"k":1}}""", 0) },
        { "expected a whole number from 0", FileOf("""{"a":{"dtype":"U8","shape":[[[[[[1]]]]]],"data_offsets":[0,1]}}""", 1) },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Open_DamagedFile_SaysWhatIsWrong(string problem, byte[] bytes)
    {
        using var file = new TemporaryFile(bytes);
        var error = Assert.Throws<BadInputException>(() => SafeTensorsFile.Open(file.Name).Dispose());
        Assert.Contains(problem, error.Message);
        Assert.Equal(file.Name, error.Input);
    }

    [Fact]
    public void Read_TruthValueOfTwo_IsBadInput()
    {
        var bytes = FileOf("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", 2);
        bytes[^1] = 2;
        using var file = new TemporaryFile(bytes);
        using var open = SafeTensorsFile.Open(file.Name);
        Assert.Contains("truth value of 2", Assert.Throws<BadInputException>(() => open.Read("a")).Message);
    }

    [Fact]
    public void Open_MissingFile_IsBadInput() =>
        Assert.Throws<BadInputException>(() => SafeTensorsFile.Open("/nowhere/x.safetensors"));

    [Fact]
    public void Read_AfterDispose_IsObjectDisposed()
    {
        using var file = Fixtures.AsFile("safetensors");
        var open = SafeTensorsFile.Open(file.Name);
        open.Dispose();
        open.Dispose();
        Assert.Throws<ObjectDisposedException>(() => open.Read("matrix"));
    }

    [Fact]
    public void Each_OfATensorLargerThanAPiece_GoesThroughAllOfItOnce()
    {
        using var x = arange(10, ScalarType.Float64);
        var (places, values) = (new List<long>(), new List<double>());
        TensorBytes.Each(x, (piece, place) =>
        {
            places.Add(place);
            values.AddRange(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(piece));
        }, longestPiece: 30);
        Assert.Equal([0, 24, 48, 72], places);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (double)i), values);
    }

    [Fact]
    public void Load_GoldenFiles_AreReadWhole()
    {
        using var scope = NewDisposeScope();
        var tensors = SafeTensors.Load(Golden.File("Models", "ced/audio_transformer_mean.safetensors"));
        Assert.Contains(tensors.Keys, name => name.StartsWith("w.", StringComparison.Ordinal));
        Assert.Equal(16000, tensors["in.x0"].shape[^1]);
    }
}
