namespace Retort.Data;

/// <summary>How large the rehearsal memory is and what goes into it; the defaults are the SLU paper's 1 % by iCaRL.</summary>
public sealed record RehearsalSettings
{
    /// <summary>The memory's size as a share of all training samples; not used where <see cref="Count"/> is given.</summary>
    public double Fraction { get; init; } = 0.01;

    /// <summary>The memory's size in samples; null for <see cref="Fraction"/>.</summary>
    public int? Count { get; init; }

    /// <summary>How samples are chosen.</summary>
    public MemorySelection Selection { get; init; } = MemorySelection.Herding;

    /// <summary>
    /// Whether each class has the same quota for ever: the size over all classes, rounded down, so that the memory grows with the
    /// tasks. Otherwise the size is shared by the classes seen so far, and older classes keep the first of theirs.
    /// </summary>
    public bool FixedQuota { get; init; } = true;

    /// <summary>The size in samples.</summary>
    /// <param name="samples">all training samples, of all tasks</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1, or the count is negative.</exception>
    public int Size(int samples) => Count is { } count
        ? count >= 0 ? count : throw new ArgumentOutOfRangeException(nameof(Count), count, "expected a number of samples")
        : Fraction is >= 0 and <= 1 ? (int)(Fraction * samples + 1e-9)
        : throw new ArgumentOutOfRangeException(nameof(Fraction), Fraction, "expected a share from 0 to 1");

    /// <summary>How many samples a class may have.</summary>
    /// <param name="samples">all training samples, of all tasks</param>
    /// <param name="allClasses">how many classes there are in all tasks</param>
    /// <param name="seenClasses">how many of them have been seen</param>
    public int Quota(int samples, int allClasses, int seenClasses)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seenClasses, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(allClasses, seenClasses);
        return Size(samples) / (FixedQuota ? allClasses : seenClasses);
    }
}
