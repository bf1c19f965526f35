namespace TorchSharp;

/// <summary>Window sizes as ATen takes them, from a number for all axes, a tuple or an array.</summary>
internal static class Sizes
{
    internal static long[] Two(long value) => [value, value];
    internal static long[] Two((long, long) value) => [value.Item1, value.Item2];
    internal static long[]? Two(long? value) => value is { } v ? [v, v] : null;
    internal static long[]? Two((long, long)? value) => value is { } v ? [v.Item1, v.Item2] : null;

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(value))]
    internal static long[]? Two(long[]? value) => Checked(value, 2);

    internal static long[] Three(long value) => [value, value, value];
    internal static long[] Three((long, long, long) value) => [value.Item1, value.Item2, value.Item3];
    internal static long[]? Three(long? value) => value is { } v ? [v, v, v] : null;
    internal static long[]? Three((long, long, long)? value) => value is { } v ? [v.Item1, v.Item2, v.Item3] : null;

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(value))]
    internal static long[]? Three(long[]? value) => Checked(value, 3);

    private static long[]? Checked(long[]? value, int axes) => value is null || value.Length == axes ? value
        : throw new ArgumentException($"{axes} numbers are wanted, one an axis, not {value.Length}");
}
