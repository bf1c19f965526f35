// The stack machine of Python's pickle format (pickletools.py describes every opcode), as far as torch.save uses it for
// data. It builds .NET objects and descriptions of tensors; it has no way to call anything.

using System.Numerics;
using static TorchSharp.torch;

namespace Retort.Torch;

/// <summary>Reads one pickle. None is null; int long or BigInteger; float double; str string; bytes byte[]; list List;
/// tuple object?[]; dict Dictionary with object keys; set HashSet; a tensor PickledTensor. With skip, objects of other classes are
/// a <see cref="ForeignObject"/> each; without it they are refused by name.</summary>
internal sealed class PickleMachine(ByteSource bytes, Dictionary<string, PickledStorage> storages, bool skip = false)
{
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = new();
    private readonly Dictionary<long, object?> memo = [];
    private readonly PickleReduce reduce = new(bytes);
    private readonly HashSet<object> modules = new(ReferenceEqualityComparer.Instance);

    public object? Run()
    {
        while (true)
        {
            var opcode = bytes.ReadByte();
            if (opcode == '.')
            {
                return stack.Count == 1 && marks.Count == 0 ? stack[0] : throw bytes.Bad("the pickle ends with more or less than one object");
            }
            Step(opcode);
        }
    }

    private void Step(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: Protocol(bytes.ReadByte()); break;
            case 0x95: bytes.ReadUInt64(); break; // FRAME: only a hint about buffers
            case (byte)'(': marks.Push(stack.Count); break;
            case (byte)'0': Drop(); break;
            case (byte)'1': PopMark(); break;
            case (byte)'2': Push(Peek()); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'I': Push(Decimal(bytes.ReadLine(), flags: true)); break;
            case (byte)'L': Push(Decimal(bytes.ReadLine().TrimEnd('L'), flags: false)); break;
            case (byte)'J': Push((long)(int)bytes.ReadUInt32()); break;
            case (byte)'K': Push((long)bytes.ReadByte()); break;
            case (byte)'M': Push((long)bytes.ReadUInt16()); break;
            case 0x8a: Push(Whole(bytes.ReadBytes(bytes.ReadByte()))); break;
            case 0x8b: Push(Whole(bytes.ReadBytes(bytes.ReadUInt32()))); break;
            case (byte)'G': Push(bytes.ReadBigEndianDouble()); break;
            case (byte)'X': Push(bytes.Text(bytes.ReadBytes(bytes.ReadUInt32()))); break;
            case 0x8c: Push(bytes.Text(bytes.ReadBytes(bytes.ReadByte()))); break;
            case 0x8d: Push(bytes.Text(bytes.ReadBytes(bytes.ReadUInt64()))); break;
            // Texts of Python 2, which knew no difference between text and bytes.
            case (byte)'T': Push(bytes.Text(bytes.ReadBytes(bytes.ReadUInt32()))); break;
            case (byte)'U': Push(bytes.Text(bytes.ReadBytes(bytes.ReadByte()))); break;
            case (byte)'B': Push(bytes.ReadBytes(bytes.ReadUInt32())); break;
            case (byte)'C': Push(bytes.ReadBytes(bytes.ReadByte())); break;
            case 0x8e or 0x96: Push(bytes.ReadBytes(bytes.ReadUInt64())); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'l': Push(new List<object?>(PopMark())); break;
            case (byte)'a': Append([Pop()]); break;
            case (byte)'e': Append(PopMark()); break;
            case (byte)')': Push(Array.Empty<object?>()); break;
            case (byte)'t': Push(PopMark()); break;
            case 0x85 or 0x86 or 0x87: Push(PopMany(opcode - 0x84)); break;
            case (byte)'}': Push(NewDictionary()); break;
            case (byte)'d': SetItems(PopMark(), NewDictionary(), push: true); break;
            case (byte)'s': SetItems(PopMany(2), null, push: false); break;
            case (byte)'u': SetItems(PopMark(), null, push: false); break;
            case 0x8f: Push(new HashSet<object>(PickleKeys.Instance)); break;
            case 0x90: AddItems(PopMark()); break;
            case 0x91: Push(reduce.Set(PopMark())); break;
            case (byte)'c': Push(PickleGlobal.Find(bytes.ReadLine(), bytes.ReadLine(), bytes, skip)); break;
            case 0x93: StackGlobal(); break;
            case (byte)'R': Reduce(); break;
            case 0x81: NewObject(2); break;
            case 0x92 when skip: NewObject(3); break;
            case (byte)'b': Build(); break;
            case (byte)'Q': Push(Persistent(Pop())); break;
            case (byte)'p': memo[MemoIndex(bytes.ReadLine())] = Peek(); break;
            case (byte)'q': memo[bytes.ReadByte()] = Peek(); break;
            case (byte)'r': memo[bytes.ReadUInt32()] = Peek(); break;
            case 0x94: memo[memo.Count] = Peek(); break;
            case (byte)'g': Get(MemoIndex(bytes.ReadLine())); break;
            case (byte)'h': Get(bytes.ReadByte()); break;
            case (byte)'j': Get(bytes.ReadUInt32()); break;
            default:
                throw bytes.Bad($"opcode 0x{opcode:x2}, which data does not need; expected one of tensors and containers");
        }
    }

    private void Protocol(byte version)
    {
        if (version is < 2 or > 5)
        {
            throw bytes.Bad($"pickle protocol {version}; expected 2 to 5");
        }
    }

    private void Push(object? value) => stack.Add(value);

    private int Floor => marks.TryPeek(out var mark) ? mark : 0;

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw bytes.Bad("the pickle takes from an empty stack");

    private object? Pop()
    {
        var top = Peek();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private void Drop()
    {
        // POP takes a mark where one is on top.
        if (marks.TryPeek(out var mark) && mark == stack.Count)
        {
            marks.Pop();
        }
        else
        {
            Pop();
        }
    }

    private object?[] PopMark()
    {
        if (!marks.TryPop(out var mark))
        {
            throw bytes.Bad("the pickle takes a mark that was never set");
        }
        var items = stack.GetRange(mark, stack.Count - mark).ToArray();
        stack.RemoveRange(mark, items.Length);
        return items;
    }

    private object?[] PopMany(int count)
    {
        if (stack.Count - Floor < count)
        {
            throw bytes.Bad("the pickle takes from an empty stack");
        }
        var items = stack.GetRange(stack.Count - count, count).ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return items;
    }

    private void Append(object?[] items)
    {
        if (Peek() is not ForeignObject)
        {
            (Peek() as List<object?> ?? throw bytes.Bad("the pickle appends to what is no list")).AddRange(items);
        }
    }

    private static Dictionary<object, object?> NewDictionary() => new(PickleKeys.Instance);

    private void SetItems(object?[] items, Dictionary<object, object?>? into, bool push)
    {
        if (into is null && Peek() is ForeignObject)
        {
            return;
        }
        into ??= Peek() as Dictionary<object, object?> ?? throw bytes.Bad("the pickle sets items of what is no dict");
        if (items.Length % 2 != 0)
        {
            throw bytes.Bad("a key without a value");
        }
        for (var i = 0; i < items.Length; i += 2)
        {
            into[reduce.Key(items[i])] = items[i + 1];
        }
        if (push)
        {
            Push(into);
        }
    }

    private void AddItems(object?[] items)
    {
        var set = Peek() as HashSet<object> ?? throw bytes.Bad("the pickle adds to what is no set");
        foreach (var item in items)
        {
            set.Add(reduce.Key(item));
        }
    }

    private void StackGlobal()
    {
        var names = PopMany(2);
        Push(names is [string module, string name] ? PickleGlobal.Find(module, name, bytes, skip) : throw bytes.Bad("a reference whose name is no text"));
    }

    private void Reduce()
    {
        var call = PopMany(2);
        Push(call is [PickleGlobal global, object?[] arguments] ? reduce.Call(global, arguments)
            : throw bytes.Bad("a call of something that is not one of the known constructors"));
    }

    // NEWOBJ and NEWOBJ_EX: a class and its constructor's arguments. A module as C++'s torch::save writes it (and TorchSharp's torch.save) is its
    // attributes by name; of a class that is skipped the name remains.
    private void NewObject(int parts)
    {
        var call = PopMany(parts);
        if (call is [PickleGlobal { Call: PickleCall.Foreign } foreign, ..])
        {
            Push(new ForeignObject(foreign.Name));
            return;
        }
        Push(call is [PickleGlobal { Call: PickleCall.Module }, object?[] { Length: 0 }] ? NewDictionary()
            : throw bytes.Bad("an object of something that is not one of the known constructors"));
        modules.Add(Peek()!);
    }

    private void Build()
    {
        // torch.save gives the OrderedDict of a state_dict an attribute with the modules' versions. Nobody needs it.
        var state = Pop();
        if (modules.Contains(Peek()!) && state is Dictionary<object, object?> held)
        {
            foreach (var (name, value) in held)
            {
                ((Dictionary<object, object?>)Peek()!)[name] = value;
            }
            return;
        }
        if (reduce.Build(Peek(), state))
        {
            return;
        }
        if (Peek() is not Dictionary<object, object?> || state is not Dictionary<object, object?> attributes
            || attributes.Keys.Any(key => key is not "_metadata"))
        {
            throw bytes.Bad("attributes of an object; only a state_dict's _metadata is known");
        }
    }

    private PickledStorage Persistent(object? id)
    {
        if (id is object?[] { Length: >= 2 } named && named[1] is PickleGlobal { Call: PickleCall.Foreign } unknown)
        {
            throw bytes.Bad($"a storage of {Names.Quote(unknown.Name)}, which is not read here");
        }
        if (id is not object?[] { Length: 5 or 6 } parts || parts is not ["storage", PickleGlobal { Storage: { } type }, string key, string, long count, ..])
        {
            throw bytes.Bad("a persistent object that is no storage; expected ('storage', class, key, location, elements)");
        }
        if (parts.Length == 6 && parts[5] is not null)
        {
            throw bytes.Bad($"storage {Names.Quote(key)} is a view of another storage, as PyTorch 0.1 wrote them; save it anew with a later PyTorch");
        }
        if (count < 0 || count > long.MaxValue / 8)
        {
            throw bytes.Bad($"storage {Names.Quote(key)} has {count} elements");
        }
        var storage = new PickledStorage(key, type, count);
        if (storages.TryGetValue(key, out var known) && known != storage)
        {
            throw bytes.Bad($"storage {Names.Quote(key)} is {known.Elements} {known.DType} in one place and {count} {type} in another");
        }
        return storages[key] = known ?? storage;
    }

    private void Get(long index) =>
        Push(memo.TryGetValue(index, out var value) ? value : throw bytes.Bad($"memo {index} was never set"));

    private long MemoIndex(string text) =>
        long.TryParse(text, out var index) && index >= 0 ? index : throw bytes.Bad("a memo index that is no number");

    private object Decimal(string text, bool flags) => (flags, text) switch
    {
        (true, "00") => false,
        (true, "01") => true,
        _ => BigInteger.TryParse(text, out var number) ? Narrow(number) : throw bytes.Bad("a whole number was expected"),
    };

    private static object Whole(byte[] littleEndian) => Narrow(new BigInteger(littleEndian));

    private static object Narrow(BigInteger number) =>
        number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;
}
