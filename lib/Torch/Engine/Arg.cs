using System.Numerics;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// One argument of an operator call. Values travel unboxed; an object (tensor, array, string) travels as a reference that
/// stays alive for the length of the call. <c>default</c> (also <see cref="Default"/>) asks for the schema's default.
/// </summary>
internal readonly struct Arg
{
    internal enum Kind
    {
        Default = 0, None = 1, Tensor = 2, Int = 3, Double = 4, Bool = 5, Complex = 6, String = 7, Device = 8,
        Generator = 9, Ints = 10, Doubles = 11, Bools = 12, Tensors = 13,
    }

    internal readonly object? Ref;
    internal readonly long Bits;
    internal readonly double Imaginary;
    internal readonly Kind Tag;

    private Arg(Kind tag, object? reference = null, long bits = 0, double imaginary = 0)
    {
        Tag = tag;
        Ref = reference;
        Bits = bits;
        Imaginary = imaginary;
    }

    /// <summary>The schema's own default for this place.</summary>
    internal static Arg Default => default;

    /// <summary>None, where the schema takes an optional.</summary>
    internal static Arg None => new(Kind.None);

    public static implicit operator Arg(Tensor? value) => value is null ? None : new(Kind.Tensor, value);
    public static implicit operator Arg(long value) => new(Kind.Int, null, value);
    public static implicit operator Arg(int value) => new(Kind.Int, null, value);
    public static implicit operator Arg(double value) => new(Kind.Double, null, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(bool value) => new(Kind.Bool, null, value ? 1 : 0);
    public static implicit operator Arg(Complex value)
        => new(Kind.Complex, null, BitConverter.DoubleToInt64Bits(value.Real), value.Imaginary);
    public static implicit operator Arg(long? value) => value is { } v ? v : None;
    public static implicit operator Arg(int? value) => value is { } v ? v : None;
    public static implicit operator Arg(double? value) => value is { } v ? v : None;
    public static implicit operator Arg(bool? value) => value is { } v ? v : None;
    public static implicit operator Arg(string? value) => value is null ? None : new(Kind.String, value);
    public static implicit operator Arg(ScalarType value) => new(Kind.Int, null, (long)value);
    public static implicit operator Arg(ScalarType? value) => value is { } v ? v : None;
    public static implicit operator Arg(Device? value)
        => value is null ? None : new(Kind.Device, null, ((long)value.type << 32) | (uint)value.index);
    public static implicit operator Arg(Generator? value) => value is null ? None : new(Kind.Generator, value);
    public static implicit operator Arg(long[]? value) => value is null ? None : new(Kind.Ints, value);
    public static implicit operator Arg(double[]? value) => value is null ? None : new(Kind.Doubles, value);
    public static implicit operator Arg(bool[]? value) => value is null ? None : new(Kind.Bools, value);

    /// <summary>A list of tensors; where the schema takes optional tensors an element may be null.</summary>
    public static implicit operator Arg(Tensor?[]? value) => value is null ? None : new(Kind.Tensors, value);
    public static implicit operator Arg(Scalar? value) => value is null ? None : value.AsArg();
}
