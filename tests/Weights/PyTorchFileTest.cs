using System.Numerics;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Weights;

public sealed class PyTorchFileTest
{
    private static BadInputException Refusal(string fixture)
    {
        using var file = Fixtures.AsFile(fixture);
        return Assert.Throws<BadInputException>(() => PyTorchFile.Load(file.Name));
    }

    [Theory]
    [InlineData("state_zip")]
    [InlineData("state_legacy")]
    [InlineData("state_protocol4")]
    [InlineData("state_byteorder")]
    [InlineData("kinds_zip")]
    [InlineData("kinds_legacy")]
    [InlineData("shared_zip")]
    [InlineData("shared_legacy")]
    [InlineData("nested_zip")]
    [InlineData("nested_legacy")]
    [InlineData("wrapped_state_dict")]
    [InlineData("expanded")]
    [InlineData("numpy")]
    [InlineData("numpy_protocol5")]
    [InlineData("numpy_words")]
    public void LoadStateDict_FileOfPyTorch_HasItsValues(string fixture)
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile(fixture);
        TensorAssert.Same(Fixtures.Tensors(fixture), PyTorchFile.LoadStateDict(file.Name));
        TensorAssert.Same(Fixtures.Tensors(fixture), Retort.Torch.Weights.Read(file.Name));
    }

    [Theory]
    [InlineData("numpy")]
    [InlineData("numpy_protocol5")]
    public void Load_NumpysObjects_AreNumbersAndTensors(string fixture)
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile(fixture);
        var root = Assert.IsType<Dictionary<object, object?>>(PyTorchFile.Load(file.Name));
        Assert.Equal(7L, root["epoch"]);
        Assert.Equal(0.5, root["best"]);
        Assert.Equal(true, root["flag"]);
        Assert.Equal("café", root["name"]);
        var history = Assert.IsAssignableFrom<Tensor>(root["history"]);
        Assert.Equal(ScalarType.Float32, history.dtype);
        Assert.Equal([2L, 3], history.shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], TensorAssert.Values(history));
        var fortran = Assert.IsAssignableFrom<Tensor>(root["fortran"]);
        Assert.Equal([2L, 3], fortran.shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], TensorAssert.Values(fortran));
        Assert.Equal([0, 1, 2], TensorAssert.Values(Assert.IsAssignableFrom<Tensor>(root["big"])));
    }

    [Fact]
    public void Load_NumpysTexts_AreRefusedByTheirType()
    {
        Assert.Contains("a numpy array of type 'U2'", Refusal("numpy_words").Message);
    }

    [Theory]
    [InlineData("nested_zip")]
    [InlineData("nested_legacy")]
    public void Load_Nested_IsTheSameTreeInDotNetObjects(string fixture)
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile(fixture);
        var root = Assert.IsType<Dictionary<object, object?>>(PyTorchFile.Load(file.Name));
        Assert.Equal(3L, root["epoch"]);
        Assert.Equal(1e-3, root["lr"]);
        Assert.Equal(false, root["done"]);
        Assert.Null(root["nothing"]);
        Assert.Equal("café", root["name"]);
        Assert.Equal(new object?[] { 2L, 3L }, root["size"]);
        Assert.Equal(ScalarType.Float16, root["dtype"]);
        Assert.Equal("cuda:1", root["device"]);
        Assert.Equal([1.5, -2.5], TensorAssert.Values(Assert.IsAssignableFrom<Tensor>(root["parameter"])));
        var args = Assert.IsType<Dictionary<object, object?>>(root["args"]);
        Assert.Equal(new object?[] { 0.9, 0.999 }, args["betas"]);
        Assert.Equal(BigInteger.Pow(2, 80), args["big"]);
        Assert.Equal(-5L, args["negative"]);
        Assert.Equal(-(1L << 40), args["far"]);
        Assert.True(Assert.IsType<HashSet<object>>(args["set"]).SetEquals([1L, 2L]));
        Assert.Equal("three", args[3L]);
        Assert.Equal(new byte[] { 0, 255 }, args["bytes"]);
        var list = Assert.IsType<List<object?>>(args["list"]);
        Assert.Equal(true, list[0]);
        Assert.Equal(new List<object?> { 1.5, "x" }, list[1]);
    }

    [Theory]
    [InlineData("shared_zip")]
    [InlineData("shared_legacy")]
    public void Load_TensorsOfOneStorage_ShareItAgain(string fixture)
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile(fixture);
        var tensors = PyTorchFile.LoadStateDict(file.Name);
        Assert.Equal([1, 4], tensors["transposed"].stride());
        tensors["whole"].fill_(7);
        Assert.Equal([7, 7, 7, 7], TensorAssert.Values(tensors["row"]));
    }

    [Theory]
    [InlineData("evil_zip", "posix.system")]
    [InlineData("evil_legacy", "posix.system")]
    [InlineData("namespace", "argparse.Namespace")]
    [InlineData("module", "torch.nn.modules.linear.Linear")]
    [InlineData("complex", "torch.ComplexFloatStorage")]
    public void Load_ForeignObject_IsRefusedByName(string fixture, string name)
    {
        Assert.Contains($"'{name}'", Refusal(fixture).Message);
        Assert.False(File.Exists("/tmp/this-must-never-exist"));
    }

    /// <summary>As KDTalker's published file: weights, optimizer, and a configuration object of OmegaConf under "cfg".</summary>
    [Theory]
    [InlineData("configured", "omegaconf.dictconfig.DictConfig")]
    [InlineData("configured_legacy", "omegaconf.dictconfig.DictConfig")]
    [InlineData("evil_beside", "posix.system")]
    public void LoadStateDict_ForeignObjectBeside_ReadsTheWeightsAndMakesNothingOfIt(string fixture, string name)
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile(fixture);
        TensorAssert.Same(Fixtures.Tensors(fixture), PyTorchFile.LoadStateDict(file.Name));
        Assert.False(File.Exists("/tmp/this-must-never-exist"));
        Assert.Contains($"'{name}'", Refusal(fixture).Message);
    }

    [Fact]
    public void LoadStateDict_ForeignObjectAmongTheWeights_IsRefusedByName()
    {
        using var file = Fixtures.AsFile("configured_inside");
        Assert.Contains("'cfg' is an object of 'omegaconf.dictconfig.DictConfig'", Assert.Throws<BadInputException>(() => PyTorchFile.LoadStateDict(file.Name)).Message);
        using var complex = Fixtures.AsFile("complex");
        Assert.Contains("'torch.ComplexFloatStorage'", Assert.Throws<BadInputException>(() => PyTorchFile.LoadStateDict(complex.Name)).Message);
    }

    [Theory]
    [InlineData("deflated", "it is compressed (method 8")]
    [InlineData("big_endian_zip", "not little-endian")]
    [InlineData("big_endian_legacy", "not little-endian")]
    [InlineData("torchscript", "a TorchScript program")]
    [InlineData("safetensors", "not a PyTorch file")]
    public void Load_WhatIsNotRead_IsRefusedInWords(string fixture, string problem) =>
        Assert.Contains(problem, Refusal(fixture).Message);

    [Fact]
    public void Load_DamagedStorage_IsFoundByItsChecksum()
    {
        var bytes = Fixtures.Bytes("kinds_zip");
        var entry = StoredZip.Read(new MemoryStream(bytes), "x").Values.First(e => e.Name.EndsWith("/data/0"));
        bytes[entry.Begin] ^= 1;
        using var file = new TemporaryFile(bytes);
        Assert.Contains("damaged", Assert.Throws<BadInputException>(() => PyTorchFile.Load(file.Name)).Message);
    }

    [Fact]
    public void Load_EveryTruncation_IsBadInput()
    {
        foreach (var fixture in new[] { "shared_zip", "shared_legacy" })
        {
            var bytes = Fixtures.Bytes(fixture);
            for (var length = 0; length < bytes.Length; length++)
            {
                var part = bytes[..length];
                Assert.Throws<BadInputException>(() => PyTorchArchive.Parse(new MemoryStream(part), "x"));
            }
        }
    }

    [Fact]
    public void Load_ZipThatNamesOneEntryTwice_IsRefused()
    {
        // The classic bomb without compression: many entries of the directory point at the same bytes.
        var bytes = Fixtures.Bytes("shared_zip");
        var names = StoredZip.Read(new MemoryStream(bytes), "x").Keys.ToArray();
        var directory = BitConverter.ToInt32(bytes, bytes.Length - 6);
        var second = directory + 46 + BitConverter.ToUInt16(bytes, directory + 28) + BitConverter.ToUInt16(bytes, directory + 30);
        BitConverter.GetBytes(BitConverter.ToInt32(bytes, directory + 42)).CopyTo(bytes, second + 42);
        Assert.Throws<BadInputException>(() => StoredZip.Read(new MemoryStream(bytes), "x"));
        Assert.True(names.Length > 1);
    }

    [Fact]
    public void Load_PickleThatCopiesItsPartsOverAndOver_IsRefused()
    {
        // A list of 2000 numbers, then 2000 times a set of it: 4 million items from 16 kB.
        var pickle = new List<byte> { 0x80, 2, (byte)']', (byte)'q', 0, (byte)'(' };
        for (var i = 0; i < 2000; i++)
        {
            pickle.AddRange([(byte)'M', (byte)i, (byte)(i >> 8)]);
        }
        pickle.Add((byte)'e');
        for (var i = 0; i < 2000; i++)
        {
            pickle.AddRange([.. "c__builtin__\nset\n"u8, (byte)'h', 0, 0x85, (byte)'R', (byte)'0']);
        }
        pickle.Add((byte)'.');
        var bytes = new ByteSource(new MemoryStream([.. pickle]), 0, pickle.Count, "x", "pickle");
        Assert.Contains("over and over", Assert.Throws<BadInputException>(() => new PickleMachine(bytes, []).Run()).Message);
    }

    [Fact]
    public void LoadStateDict_TwoCandidates_AsksWhich()
    {
        using var scope = NewDisposeScope();
        using var file = Fixtures.AsFile("ambiguous");
        Assert.Contains("'state_dict' and 'model'", Assert.Throws<BadInputException>(() => PyTorchFile.LoadStateDict(file.Name)).Message);
        Assert.Equal(7, PyTorchFile.LoadStateDict(file.Name, "model").Count);
        Assert.Contains("no dict under the key 'ema'", Assert.Throws<BadInputException>(() => PyTorchFile.LoadStateDict(file.Name, "ema")).Message);
    }

    [Fact]
    public void LoadStateDict_WithSomethingElseInside_NamesIt()
    {
        using var file = Fixtures.AsFile("not_a_state");
        Assert.Contains("key 'model': 'step' is no tensor", Assert.Throws<BadInputException>(() => PyTorchFile.LoadStateDict(file.Name)).Message);
    }
}
