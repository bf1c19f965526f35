namespace Retort.Torch;

/// <summary>A weight whose shape is not the module's.</summary>
/// <param name="Name">its key</param>
/// <param name="Expected">the module's shape</param>
/// <param name="Found">the shape that was given</param>
public sealed record MisshapenTensor(string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found)
{
    /// <summary>For instance "head.weight is [527, 192], expected [50, 192]".</summary>
    public override string ToString() => $"{Name} is [{string.Join(", ", Found)}], expected [{string.Join(", ", Expected)}]";
}
