using System.Numerics;

namespace TorchSharp;

/// <summary>A number handed to an operator; like c10::Scalar it keeps a bool, a long, a double or a complex.</summary>
public sealed class Scalar : IDisposable
{
    private readonly Complex number;
    private readonly long whole;

    private Scalar(torch.ScalarType type, long whole, Complex number)
    {
        Type = type;
        this.whole = whole;
        this.number = number;
    }

    public torch.ScalarType Type { get; }

    public static implicit operator Scalar(byte value) => Whole(value);
    public static implicit operator Scalar(sbyte value) => Whole(value);
    public static implicit operator Scalar(short value) => Whole(value);
    public static implicit operator Scalar(int value) => Whole(value);
    public static implicit operator Scalar(long value) => Whole(value);
    public static implicit operator Scalar(Half value) => Real((double)value);
    public static implicit operator Scalar(BFloat16 value) => Real(value.ToSingle());
    public static implicit operator Scalar(float value) => Real(value);
    public static implicit operator Scalar(double value) => Real(value);
    public static implicit operator Scalar(bool value) => new(torch.ScalarType.Bool, value ? 1 : 0, value ? 1 : 0);
    public static implicit operator Scalar((float, float) value) => new Complex(value.Item1, value.Item2);
    public static implicit operator Scalar(Complex value) => new(torch.ScalarType.ComplexFloat64, (long)value.Real, value);

    public void Dispose() => GC.SuppressFinalize(this);

    internal Arg AsArg() => Type switch
    {
        torch.ScalarType.Int64 => whole,
        torch.ScalarType.Bool => whole != 0,
        torch.ScalarType.ComplexFloat64 => number,
        _ => number.Real,
    };

    internal Complex Number => number;

    internal long Integer => Type is torch.ScalarType.Int64 or torch.ScalarType.Bool ? whole : (long)number.Real;

    private static Scalar Whole(long value) => new(torch.ScalarType.Int64, value, value);

    private static Scalar Real(double value) => new(torch.ScalarType.Float64, 0, value);
}
