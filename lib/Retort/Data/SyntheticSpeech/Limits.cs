namespace Retort.Data;

/// <summary>The lowest and the highest of a setting that is drawn for each utterance; both may occur.</summary>
/// <typeparam name="T">the kind of number</typeparam>
/// <param name="Lowest">the lowest</param>
/// <param name="Highest">the highest</param>
public readonly record struct Limits<T>(T Lowest, T Highest)
{
    /// <summary>Of a pair, the lowest first.</summary>
    public static implicit operator Limits<T>((T Lowest, T Highest) pair) => new(pair.Lowest, pair.Highest);
}
