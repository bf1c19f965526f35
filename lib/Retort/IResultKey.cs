namespace Retort;

/// <summary>
/// Something that decides results and is no plain data: a data set, a store of teacher outputs. A function that captures it
/// counts as changed when this text changes.
/// </summary>
public interface IResultKey
{
    /// <summary>Equal texts mean equal content, such as a hash of what it was made from.</summary>
    string ResultKey { get; }
}
