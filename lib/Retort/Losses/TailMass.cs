namespace Retort.Losses;

/// <summary>What becomes of the probability that the stored k tokens of a place do not have.</summary>
public enum TailMass
{
    /// <summary>It is spread evenly over the tokens that are not stored: none of them is called impossible.</summary>
    Spread,

    /// <summary>It is dropped, and the stored probabilities are divided by their sum.</summary>
    Renormalise,
}
