namespace Retort.Decoding;

/// <summary>Settings of <see cref="BeamSearch"/>; with one beam it is greedy search. The defaults are those of the paper's teacher in sequence-level KD for SLU.</summary>
public sealed record DecodingSettings
{
    /// <summary>Hypotheses kept for each utterance, K.</summary>
    public int Beams { get; init; } = 5;

    /// <summary>Most tokens of a hypothesis, the end symbol counted.</summary>
    public int MaxLength { get; init; } = 130;

    /// <summary>The power in lp(i) = ((5 + i) / 6)^power; 0 for none.</summary>
    public double LengthPower { get; init; } = 0.6;

    /// <summary>Where lp divides.</summary>
    public LengthRule LengthRule { get; init; } = LengthRule.Final;

    /// <summary>Whether a finished hypothesis narrows the beam.</summary>
    public BeamRule BeamRule { get; init; } = BeamRule.Shrinking;

    /// <summary>What logits are divided by.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>
    /// Takes the log-softmax a second time, as the code of efficient audio captioning does. It changes nothing but rounding, as the
    /// log-probabilities' exponentials sum to 1 already.
    /// </summary>
    public bool DoubleLogSoftmax { get; init; }

    /// <summary>Number of the start symbol.</summary>
    public int Start { get; init; } = 2;

    /// <summary>Number of the end symbol.</summary>
    public int End { get; init; } = 3;

    /// <summary>lp(i).</summary>
    public double Penalty(int tokens) => Math.Pow((5.0 + tokens) / 6.0, LengthPower);

    /// <summary>Throws an <see cref="ArgumentException"/> that says which setting does not fit a vocabulary.</summary>
    public void Check(int vocabulary)
    {
        if (Beams < 1 || MaxLength < 1)
        {
            throw new ArgumentException($"{Beams} beams of at most {MaxLength} tokens: both must be positive");
        }
        if (Temperature is not > 0)
        {
            throw new ArgumentException($"a temperature of {Temperature} is not positive");
        }
        if (Start < 0 || Start >= vocabulary || End < 0 || End >= vocabulary)
        {
            throw new ArgumentException($"the start symbol {Start} and the end symbol {End} must lie in a vocabulary of {vocabulary}");
        }
    }
}
