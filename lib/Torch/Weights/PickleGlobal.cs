using System.Collections.Frozen;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>What a pickle may refer to. Everything else is refused by name.</summary>
internal enum PickleCall
{
    None, OrderedDict, Set, Encode, Size, Device, RebuildTensor, RebuildTensorV2, RebuildParameter,
    NumpyType, NumpyScalar, NumpyArray, NumpyBuffer, NumpyClass, Module, Foreign,
}

/// <summary>Stands for an object of a class that is not read: its class alone.</summary>
internal sealed record ForeignObject(string Class);

/// <param name="Call">what happens when the pickle calls it</param>
/// <param name="Storage">the element type, where it names a storage class</param>
/// <param name="DType">the element type, where it names one</param>
internal sealed record PickleGlobal(string Name, PickleCall Call, ScalarType? Storage = null, ScalarType? DType = null)
{
    private static readonly FrozenDictionary<string, PickleGlobal> Known = All().ToFrozenDictionary(g => g.Name);

    /// <param name="skip">whether what is not known becomes a mark of its name, which nothing can be made of, in place of a refusal</param>
    public static PickleGlobal Find(string module, string name, ByteSource bytes, bool skip = false)
    {
        var whole = $"{module}.{name}";
        return Known.GetValueOrDefault(whole) ?? (skip ? new PickleGlobal(whole, PickleCall.Foreign) : null) ?? throw bytes.Bad($"it refers to {Names.Quote(whole)}, which is not read here: " +
            "only tensors, numpy's numbers and arrays, dicts, lists, tuples, sets, numbers, texts, booleans and None are, and nothing of a file is ever run");
    }

    private static IEnumerable<PickleGlobal> All()
    {
        yield return new("collections.OrderedDict", PickleCall.OrderedDict);
        foreach (var module in new[] { "__builtin__", "builtins" })
        {
            yield return new($"{module}.set", PickleCall.Set);
            yield return new($"{module}.frozenset", PickleCall.Set);
        }
        yield return new("_codecs.encode", PickleCall.Encode);
        yield return new("torch.Size", PickleCall.Size);
        yield return new("torch.device", PickleCall.Device);
        yield return new("numpy.dtype", PickleCall.NumpyType);
        yield return new("numpy.ndarray", PickleCall.NumpyClass);
        foreach (var core in new[] { "numpy.core", "numpy._core" })
        {
            yield return new($"{core}.multiarray.scalar", PickleCall.NumpyScalar);
            yield return new($"{core}.multiarray._reconstruct", PickleCall.NumpyArray);
            yield return new($"{core}.numeric._frombuffer", PickleCall.NumpyBuffer);
        }
        yield return new("__torch__.Module", PickleCall.Module);
        yield return new("torch._utils._rebuild_tensor", PickleCall.RebuildTensor);
        yield return new("torch._utils._rebuild_tensor_v2", PickleCall.RebuildTensorV2);
        yield return new("torch._utils._rebuild_parameter", PickleCall.RebuildParameter);
        foreach (var (storage, type, names) in new (string, ScalarType, string[])[]
        {
            ("Double", ScalarType.Float64, ["float64", "double"]), ("Float", ScalarType.Float32, ["float32", "float"]),
            ("Half", ScalarType.Float16, ["float16", "half"]), ("BFloat16", ScalarType.BFloat16, ["bfloat16"]),
            ("Long", ScalarType.Int64, ["int64", "long"]), ("Int", ScalarType.Int32, ["int32", "int"]),
            ("Short", ScalarType.Int16, ["int16", "short"]), ("Char", ScalarType.Int8, ["int8"]),
            ("Byte", ScalarType.Byte, ["uint8"]), ("Bool", ScalarType.Bool, ["bool"]),
        })
        {
            yield return new($"torch.{storage}Storage", PickleCall.None, Storage: type);
            foreach (var name in names)
            {
                yield return new($"torch.{name}", PickleCall.None, DType: type);
            }
        }
    }
}
