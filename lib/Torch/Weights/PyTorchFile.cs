using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>
/// Reads files of torch.save (zip of PyTorch 1.6 and later, and the format before) as data: tensors, dicts, lists, tuples,
/// sets, numbers, texts, booleans, None, and numpy's numbers and plain arrays (as tensors). Anything else is refused by name, and no code of a file is ever run.
/// </summary>
public static class PyTorchFile
{
    private static readonly string[] Wrappers = ["state_dict", "model", "model_state_dict"];

    /// <summary>The file's object.</summary>
    /// <param name="path">a file of torch.save</param>
    /// <returns>
    /// A tree of null, bool, long, BigInteger, double, string, byte[], ScalarType, Dictionary&lt;object, object?&gt;,
    /// List&lt;object?&gt;, object?[] (tuple), HashSet&lt;object&gt; and CPU tensors. Tensors that shared memory share it again.
    /// </returns>
    /// <exception cref="BadInputException">The file is missing, truncated, damaged, big-endian, or holds anything else.</exception>
    public static object? Load(string path) => Read(path, (archive, stream) => PyTorchTensors.Materialize(archive, archive.Root, stream, path));

    /// <summary>
    /// The weights of a file: its dict of tensors, or the one under "state_dict", "model" or "model_state_dict".
    /// What stands beside it is not read: tensors (an optimizer's, say), and objects of any class (a configuration of OmegaConf, say), of which
    /// nothing is made and nothing run.
    /// </summary>
    /// <param name="path">a file of torch.save</param>
    /// <param name="key">the key under which the weights are; null to look for them</param>
    /// <exception cref="BadInputException">As for <see cref="Load"/>, or there is not exactly one dict of tensors to take.</exception>
    public static Dictionary<string, Tensor> LoadStateDict(string path, string? key = null) => Read(path, (archive, stream) =>
    {
        var state = FindState(archive.Root, path, key);
        var loaded = (Dictionary<object, object?>)PyTorchTensors.Materialize(archive, state, stream, path)!;
        return loaded.ToDictionary(item => (string)item.Key, item => (Tensor)item.Value!, StringComparer.Ordinal);
    }, skip: true);

    /// <summary>What stands under a key of the file's dict, as <see cref="Load"/> gives it. Nothing else of the file is made, whatever it holds.</summary>
    /// <param name="path">a file of torch.save</param>
    /// <param name="key">the key</param>
    /// <exception cref="BadInputException">As for <see cref="Load"/>, or there is no such key.</exception>
    public static object? LoadEntry(string path, string key) => Read(path, (archive, stream) => archive.Root is Dictionary<object, object?> top && top.TryGetValue(key, out var value)
        ? PyTorchTensors.Materialize(archive, value, stream, path)
        : throw new BadInputException(path, "", $"there is nothing under the key '{key}'"), skip: true);

    /// <summary>The one tensor of a file that C++'s torch::save wrote (TorchSharp's torch.save calls it), or Python's.</summary>
    internal static Tensor LoadTensor(string path)
    {
        var found = Read(path, (archive, stream) => PyTorchTensors.Materialize(archive, archive.Root, stream, path), saved: true);
        if (found is Dictionary<object, object?> { Count: 1 } module && module.Single() is { Key: "0", Value: Tensor only })
        {
            return only;
        }
        return found as Tensor ?? throw new BadInputException(path, "", "the file holds something else than one tensor");
    }

    private static Dictionary<object, object?> FindState(object? root, string path, string? key)
    {
        if (root is not Dictionary<object, object?> top)
        {
            throw new BadInputException(path, "", "the file's object is no dict; expected names and tensors");
        }
        if (key is not null)
        {
            return top.GetValueOrDefault(key) is Dictionary<object, object?> chosen ? Checked(chosen, path, key)
                : throw new BadInputException(path, "", $"there is no dict under the key '{key}'; there are {Keys(top)}");
        }
        var wrapped = Wrappers.Where(w => top.GetValueOrDefault(w) is Dictionary<object, object?>).ToArray();
        return wrapped.Length switch
        {
            0 => Checked(top, path, ""),
            1 => Checked((Dictionary<object, object?>)top[wrapped[0]]!, path, wrapped[0]),
            _ => throw new BadInputException(path, "", $"there are weights under {string.Join(" and ", wrapped.Select(w => $"'{w}'"))}; say which"),
        };
    }

    private static Dictionary<object, object?> Checked(Dictionary<object, object?> state, string path, string key)
    {
        var place = key.Length == 0 ? "" : $"key '{key}'";
        foreach (var (name, value) in state)
        {
            if (name is not string text)
            {
                throw new BadInputException(path, place, $"the key {name} is no text; expected names and tensors");
            }
            if (value is not (PickledTensor or NumpyArray))
            {
                throw new BadInputException(path, place, $"{Names.Quote(text)} is {(value is ForeignObject of ? $"an object of {Names.Quote(of.Class)}" : "no tensor")}; expected a dict of tensors, or one under " +
                    string.Join(", ", Wrappers.Select(w => $"'{w}'")));
            }
        }
        return state.Count > 0 ? state : throw new BadInputException(path, place, "the dict is empty; expected names and tensors");
    }

    private static string Keys(Dictionary<object, object?> dictionary) =>
        string.Join(", ", dictionary.Keys.Take(20).Select(k => Names.Quote(k.ToString() ?? "")));

    private static T Read<T>(string path, Func<PyTorchArchive, Stream, T> use, bool saved = false, bool skip = false)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        using (stream)
        {
            return use(PyTorchArchive.Parse(stream, path, saved, skip), stream);
        }
    }
}
