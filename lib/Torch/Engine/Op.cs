using System.Runtime.CompilerServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// One ATen operator, named as in native_functions.yaml. Keep it in a <c>static readonly</c> field: the handle is looked
/// up at the first call and kept. Arguments stand in the schema's order, the keyword-only ones too; those left out take
/// the schema's defaults. A call allocates nothing but the tensors it returns.
/// <code>
/// static readonly Op Linear = new("aten::linear");
/// Tensor y = Linear.Call(x, weight, bias);
/// </code>
/// </summary>
internal sealed unsafe class Op(string name, string overload = "")
{
    private nint handle;

    /// <summary>The operator's name with its overload, for messages.</summary>
    internal string Name => overload.Length == 0 ? name : name + "." + overload;

    /// <summary>Whether this libtorch has the operator; some came with a later version.</summary>
    internal bool Exists
    {
        get
        {
            if (handle == 0) handle = Door.TryFindOperator(name, overload);
            return handle != 0;
        }
    }

    /// <summary>One tensor back (null where libtorch returns an undefined one).</summary>
    internal Tensor Call(params ReadOnlySpan<Arg> args)
    {
        Returned one = default;
        Invoke(args, &one, 1);
        return one.TakeTensor();
    }

    /// <summary>An in-place operator: returns the very object it was given.</summary>
    internal Tensor Into(Tensor self, params ReadOnlySpan<Arg> rest)
    {
        Args8 args = default;
        if (rest.Length > 7) throw new ArgumentException("more than eight arguments");
        args[0] = self;
        for (int i = 0; i < rest.Length; i++) args[i + 1] = rest[i];
        Run(((ReadOnlySpan<Arg>)args)[..(rest.Length + 1)]);
        return self;
    }

    /// <summary>Two tensors back.</summary>
    internal (Tensor, Tensor) Call2(params ReadOnlySpan<Arg> args)
    {
        Returned* r = stackalloc Returned[2];
        Invoke(args, r, 2);
        return (r[0].TakeTensor(), r[1].TakeTensor());
    }

    /// <summary>Three tensors back.</summary>
    internal (Tensor, Tensor, Tensor) Call3(params ReadOnlySpan<Arg> args)
    {
        Returned* r = stackalloc Returned[3];
        Invoke(args, r, 3);
        return (r[0].TakeTensor(), r[1].TakeTensor(), r[2].TakeTensor());
    }

    /// <summary>Four tensors back.</summary>
    internal (Tensor, Tensor, Tensor, Tensor) Call4(params ReadOnlySpan<Arg> args)
    {
        Returned* r = stackalloc Returned[4];
        Invoke(args, r, 4);
        return (r[0].TakeTensor(), r[1].TakeTensor(), r[2].TakeTensor(), r[3].TakeTensor());
    }

    /// <summary>A list of tensors back.</summary>
    internal Tensor[] CallList(params ReadOnlySpan<Arg> args)
    {
        Returned one = default;
        Invoke(args, &one, 1);
        return one.TakeTensors();
    }

    /// <summary>Whatever comes back is let go.</summary>
    internal void Run(params ReadOnlySpan<Arg> args) => Invoke(args, null, 0);

    /// <summary>A boolean back (aten::equal, aten::is_nonzero ...).</summary>
    internal bool CallBool(params ReadOnlySpan<Arg> args) => CallLong(args) != 0;

    /// <summary>An integer back; a boolean counts as 0 or 1.</summary>
    internal long CallLong(params ReadOnlySpan<Arg> args)
    {
        Returned one = default;
        Invoke(args, &one, 1);
        return one.Bits;
    }

    /// <summary>A double back; an integer is converted.</summary>
    internal double CallDouble(params ReadOnlySpan<Arg> args)
    {
        Returned one = default;
        Invoke(args, &one, 1);
        return one.Tag == (int)Arg.Kind.Double ? BitConverter.Int64BitsToDouble(one.Bits) : one.Bits;
    }

    /// <summary>A scalar back (aten::_local_scalar_dense, aten::q_scale ...).</summary>
    internal Returned CallRaw(params ReadOnlySpan<Arg> args)
    {
        Returned one = default;
        Invoke(args, &one, 1);
        return one;
    }

    [InlineArray(8)]
    private struct Args8
    {
        private Arg first;
    }

    [SkipLocalsInit]
    private void Invoke(ReadOnlySpan<Arg> args, Returned* returned, int capacity)
    {
        HostStop.Check();
        if (handle == 0) handle = Door.FindOperator(name, overload);
        Native* native = stackalloc Native[args.Length];
        int extra = 0;
        for (int i = 0; i < args.Length; i++)
        {
            ref readonly Arg a = ref args[i];
            native[i].Tag = (int)a.Tag;
            native[i].Count = 0;
            native[i].Bits = a.Bits;
            native[i].Imaginary = a.Imaginary;
            if (a.Tag == Arg.Kind.Tensor) native[i].Bits = Unsafe.As<Tensor>(a.Ref!).Handle;
            else if (a.Ref is not null) extra += SizeOf(a.Ref);
        }
        if (extra <= 2048)
        {
            byte* scratch = stackalloc byte[extra];
            Finish(args, native, scratch, returned, capacity);
        }
        else
        {
            fixed (byte* scratch = new byte[extra]) Finish(args, native, scratch, returned, capacity);
        }
    }

    private void Finish(ReadOnlySpan<Arg> args, Native* native, byte* scratch, Returned* returned, int capacity)
    {
        for (int i = 0; i < args.Length; i++)
        {
            ref readonly Arg a = ref args[i];
            if (a.Ref is not null && a.Tag != Arg.Kind.Tensor) scratch += Marshal(a.Ref, ref native[i], scratch);
        }
        if (Door.Call(handle, native, args.Length, returned, capacity) < 0) throw Door.Error();
    }

    private static int SizeOf(object value) => value switch
    {
        long[] a => a.Length * 8,
        Tensor[] a => a.Length * 8,
        double[] a => a.Length * 8,
        bool[] a => (a.Length + 7) & ~7,
        string s => (Encoding.UTF8.GetByteCount(s) + 7) & ~7,
        _ => 0,
    };

    // Every block keeps eight-byte alignment.
    private static int Marshal(object value, ref Native native, byte* scratch)
    {
        native.Bits = (long)scratch;
        switch (value)
        {
            case long[] a:
                native.Count = a.Length;
                a.CopyTo(new Span<long>(scratch, a.Length));
                return a.Length * 8;
            case Tensor?[] a:
                native.Count = a.Length;
                for (int i = 0; i < a.Length; i++) ((nint*)scratch)[i] = a[i]?.Handle ?? 0;
                return a.Length * 8;
            case double[] a:
                native.Count = a.Length;
                a.CopyTo(new Span<double>(scratch, a.Length));
                return a.Length * 8;
            case bool[] a:
                native.Count = a.Length;
                for (int i = 0; i < a.Length; i++) scratch[i] = a[i] ? (byte)1 : (byte)0;
                return (a.Length + 7) & ~7;
            case string s:
                native.Count = Encoding.UTF8.GetBytes(s, new Span<byte>(scratch, Encoding.UTF8.GetByteCount(s)));
                return (native.Count + 7) & ~7;
            case Generator g:
                native.Bits = g.Handle;
                return 0;
            default:
                throw new ArgumentException($"no way to pass a {value.GetType()}");
        }
    }
}
