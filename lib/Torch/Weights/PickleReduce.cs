using System.Text;

namespace Retort.Torch;

/// <summary>The few constructors that a pickle of tensors calls, as data.</summary>
internal sealed class PickleReduce(ByteSource bytes)
{
    private const int MostDimensions = 64;
    private long copied;

    public object Call(PickleGlobal global, object?[] arguments) => (global.Call, arguments) switch
    {
        (PickleCall.Foreign, _) => new ForeignObject(global.Name),
        (PickleCall.OrderedDict, []) => new Dictionary<object, object?>(PickleKeys.Instance),
        (PickleCall.OrderedDict, [List<object?> pairs]) => OrderedDict(pairs),
        (PickleCall.Set, []) => new HashSet<object>(PickleKeys.Instance),
        (PickleCall.Set, [List<object?> items]) => Set(items),
        (PickleCall.Encode, [string text, "latin1"]) => Latin(text),
        (PickleCall.Size, [object?[] sizes]) => sizes,
        (PickleCall.Device, [string type]) => type,
        (PickleCall.Device, [string type, long index]) => Copied(type, type.Length) + ":" + index,
        (PickleCall.RebuildTensor, [PickledStorage storage, long offset, object?[] shape, object?[] strides]) =>
            Tensor(storage, offset, shape, strides),
        (PickleCall.RebuildTensorV2, [PickledStorage storage, long offset, object?[] shape, object?[] strides, bool, var hooks, .. var rest])
            when IsNothing(hooks) && (rest is [] || rest is [var metadata] && IsNothing(metadata)) =>
            Tensor(storage, offset, shape, strides),
        (PickleCall.NumpyType, [string code, ..]) => new NumpyType(Copied(code, code.Length)),
        (PickleCall.NumpyScalar, [NumpyType type, byte[] value]) => type.Scalar(value) ?? throw bytes.Bad($"a numpy scalar of type {type} in {value.Length} bytes"),
        (PickleCall.NumpyArray, [PickleGlobal { Call: PickleCall.NumpyClass }, ..]) => new NumpyArray(),
        (PickleCall.NumpyBuffer, [byte[] data, NumpyType type, object?[] shape, string order]) => Filled(new NumpyArray(), type, shape, order == "F", data),
        (PickleCall.RebuildParameter, [PickledTensor tensor, bool, var hooks]) when IsNothing(hooks) => tensor,
        _ => throw bytes.Bad($"{global.Name} is called with arguments that it does not take"),
    };

    /// <summary>What numpy's objects take as their state: a type its byte order, an array everything.</summary>
    public bool Build(object? target, object? state)
    {
        switch (target, state)
        {
            case (NumpyType type, object?[] { Length: >= 2 } parts) when parts[1] is "<" or ">" or "|" or "=":
                type.BigEndian = parts[1] is ">";
                return true;
            case (NumpyArray array, object?[] { Length: 5 } parts) when parts is [long, object?[] shape, NumpyType type, bool fortran, byte[] data]:
                Filled(array, type, shape, fortran, data);
                return true;
            case (ForeignObject, _):
                return true;
            default:
                return false;
        }
    }

    private NumpyArray Filled(NumpyArray array, NumpyType type, object?[] shape, bool fortran, byte[] data)
    {
        if (shape.Length > MostDimensions || !shape.All(size => size is long and >= 0))
        {
            throw bytes.Bad("a numpy array whose sizes are no whole numbers from 0");
        }
        var sizes = Array.ConvertAll(shape, size => (long)size!);
        if (type.Bytes is { } width && Shapes.Bytes(sizes, width) != data.Length)
        {
            throw bytes.Bad($"a numpy array of shape {Shapes.Text(sizes)} and type {type} in {data.Length} bytes");
        }
        (array.Type, array.Shape, array.Fortran, array.Data) = (type, sizes, fortran, data);
        return array;
    }

    public HashSet<object> Set(IReadOnlyCollection<object?> items)
    {
        var set = new HashSet<object>(PickleKeys.Instance);
        foreach (var item in Copied(items, items.Count))
        {
            set.Add(Key(item));
        }
        return set;
    }

    public object Key(object? key) => key switch
    {
        string or long or double or bool or System.Numerics.BigInteger => key,
        null => throw bytes.Bad("None as a key; expected a text or a number"),
        _ => throw bytes.Bad($"a {key.GetType().Name} as a key; expected a text or a number"),
    };

    private static bool IsNothing(object? value) => value is null or Dictionary<object, object?> { Count: 0 };

    /// <summary>A pickle may name one long list many times over; what is copied in all stays below the file's size.</summary>
    private T Copied<T>(T value, int size)
    {
        copied += size;
        return copied <= bytes.Length ? value : throw bytes.Bad("the pickle copies its own parts over and over");
    }

    private Dictionary<object, object?> OrderedDict(List<object?> pairs)
    {
        var result = new Dictionary<object, object?>(PickleKeys.Instance);
        foreach (var pair in Copied(pairs, pairs.Count))
        {
            var (key, value) = pair switch
            {
                List<object?> { Count: 2 } list => (list[0], list[1]),
                object?[] { Length: 2 } tuple => (tuple[0], tuple[1]),
                _ => throw bytes.Bad("an OrderedDict of something other than pairs"),
            };
            result[Key(key)] = value;
        }
        return result;
    }

    private byte[] Latin(string text)
    {
        if (Copied(text, text.Length).Any(c => c > 255))
        {
            throw bytes.Bad("bytes were expected, each as one character below 256");
        }
        return Encoding.Latin1.GetBytes(text);
    }

    private PickledTensor Tensor(PickledStorage storage, long offset, object?[] shape, object?[] strides)
    {
        if (shape.Length != strides.Length || shape.Length > MostDimensions)
        {
            throw bytes.Bad($"a tensor of {shape.Length} sizes and {strides.Length} strides; expected as many of both, at most {MostDimensions}");
        }
        var (sizes, steps) = (new long[shape.Length], new long[shape.Length]);
        for (var i = 0; i < sizes.Length; i++)
        {
            if (shape[i] is not long size || strides[i] is not long step || size < 0 || step < 0)
            {
                throw bytes.Bad("a tensor whose sizes or strides are no whole numbers from 0");
            }
            (sizes[i], steps[i]) = (size, step);
        }
        // An expanded tensor shows elements again, by strides of 0; that costs no memory here.
        return Fits(storage.Elements, offset, sizes, steps) ? new PickledTensor(storage, offset, sizes, steps)
            : throw bytes.Bad($"a tensor of shape {Shapes.Text(sizes)}, strides {Shapes.Text(steps)} and offset {offset} does not fit " +
                $"into its storage of {storage.Elements} elements");
    }

    private static bool Fits(long available, long offset, long[] sizes, long[] strides)
    {
        const long MostRepeated = 1L << 32;
        if (Shapes.Bytes(sizes, 1) is not { } elements || offset < 0 || offset > available)
        {
            return false;
        }
        var shown = 1L;
        for (var i = 0; i < sizes.Length; i++)
        {
            shown *= strides[i] == 0 && elements > 0 ? 1 : sizes[i];
        }
        if (shown > available || (elements > available && elements > MostRepeated))
        {
            return false;
        }
        Int128 last = offset;
        for (var i = 0; i < sizes.Length && elements > 0; i++)
        {
            last += (Int128)(sizes[i] - 1) * strides[i];
            if (last >= available)
            {
                return false;
            }
        }
        return elements == 0 || last < available;
    }
}
