namespace Retort.Torch;

/// <summary>Equality of dictionary keys, hashed so that nobody can choose keys that collide.</summary>
internal sealed class PickleKeys : IEqualityComparer<object>
{
    public static readonly PickleKeys Instance = new();

    public new bool Equals(object? a, object? b) => object.Equals(a, b);

    public int GetHashCode(object key) => key switch
    {
        long number => Mix(number),
        double number => Mix(BitConverter.DoubleToInt64Bits(number)),
        _ => key.GetHashCode(),
    };

    private static int Mix(long bits) => HashCode.Combine((int)bits, (int)(bits >> 32));
}
