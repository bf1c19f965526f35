using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Puts tensors in the place of their descriptions, in a tree that a pickle gave.</summary>
internal static class PyTorchTensors
{
    public static object? Materialize(PyTorchArchive archive, object? root, Stream stream, string source)
    {
        using var scope = NewDisposeScope();
        var storages = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var made = new Dictionary<PickledTensor, Tensor>(ReferenceEqualityComparer.Instance);
        Tensor Make(PickledTensor pickled)
        {
            if (!made.TryGetValue(pickled, out var tensor))
            {
                if (!storages.TryGetValue(pickled.Storage.Key, out var storage))
                {
                    storages[pickled.Storage.Key] = storage = ReadStorage(archive.Storages[pickled.Storage.Key], stream, source);
                }
                made[pickled] = tensor = storage.as_strided(pickled.Shape, pickled.Strides, pickled.Offset);
            }
            return tensor;
        }
        var arrays = new List<Tensor>();
        var result = Replace(root, Make, arrays, source);
        foreach (var tensor in made.Values)
        {
            tensor.MoveToOuterDisposeScope();
        }
        arrays.ForEach(array => array.MoveToOuterDisposeScope());
        return result;
    }

    // Without recursion: a pickle can nest as deep as it is long, and its parts can contain one another.
    private static object? Replace(object? root, Func<PickledTensor, Tensor> make, List<Tensor> arrays, string source)
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>();
        object? Leaf(object? value)
        {
            switch (value)
            {
                case PickledTensor tensor:
                    return make(tensor);
                case NumpyArray array:
                    arrays.Add(array.ToTensor() ?? throw new BadInputException(source, "", $"a numpy array of type {array.Type}, which is not read here"));
                    return arrays[^1];
                case NumpyType type:
                    return type.Torch is { } known ? known : throw new BadInputException(source, "", $"a numpy type {type}, which is not read here");
                case PickleGlobal { DType: { } type }:
                    return type;
                case ForeignObject foreign:
                    throw new BadInputException(source, "", $"an object of {Names.Quote(foreign.Class)}, which is not read here");
                case PickleGlobal or PickledStorage:
                    throw new BadInputException(source, "", $"a bare {(value is PickleGlobal g ? g.Name : "storage")}, which is not read here");
                case List<object?> or Dictionary<object, object?> or object?[] when seen.Add(value):
                    waiting.Push(value);
                    return value;
                default:
                    return value;
            }
        }
        var result = Leaf(root);
        while (waiting.TryPop(out var container))
        {
            switch (container)
            {
                case List<object?> list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        list[i] = Leaf(list[i]);
                    }
                    break;
                case object?[] tuple:
                    for (var i = 0; i < tuple.Length; i++)
                    {
                        tuple[i] = Leaf(tuple[i]);
                    }
                    break;
                case Dictionary<object, object?> dictionary:
                    foreach (var key in dictionary.Keys.ToArray())
                    {
                        dictionary[key] = Leaf(dictionary[key]);
                    }
                    break;
            }
        }
        return result;
    }

    private static Tensor ReadStorage(PlacedStorage placed, Stream stream, string source)
    {
        var tensor = empty([placed.Storage.Elements], placed.Storage.DType, CPU);
        var place = $"storage {Names.Quote(placed.Storage.Key)}";
        PyTorchArchive.Read(stream, source, placed, read => TensorBytes.Each(tensor, (piece, _) =>
        {
            read(piece);
            TensorBytes.CheckTruth(piece, placed.Storage.DType, source, place);
        }));
        return tensor;
    }
}
