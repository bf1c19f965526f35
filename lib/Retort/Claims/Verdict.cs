namespace Retort.Claims;

/// <summary>What became of a paper's claim here.</summary>
public enum Verdict
{
    /// <summary>Our measurement supports the claim by its rule.</summary>
    Reproduced,

    /// <summary>Our measurement speaks against the claim by its rule.</summary>
    NotReproduced,

    /// <summary>Our measurement cannot tell.</summary>
    Undecided,
}
