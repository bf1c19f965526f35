namespace Retort.Decoding;

/// <summary>How a hypothesis' log-probability is made comparable over lengths; lp(i) = ((5 + i) / 6)^power.</summary>
public enum LengthRule
{
    /// <summary>The sum of the tokens' log-probabilities, divided by lp of their number at the end (Wu et al. 2016, equation 14).</summary>
    Final,

    /// <summary>Each token's log-probability divided by lp of its place before it is added, as the code of sequence-level KD for SLU does: later tokens weigh less.</summary>
    StepWise,

    /// <summary>The sum of the tokens' log-probabilities divided by their number, the end symbol counted, as in the code of efficient audio captioning.</summary>
    Mean,
}

/// <summary>What becomes of the place of a hypothesis that is finished.</summary>
public enum BeamRule
{
    /// <summary>It closes: K minus the finished live on.</summary>
    Shrinking,

    /// <summary>Others take it: K live on until at least K are finished, or to the greatest length.</summary>
    Full,

    /// <summary>
    /// As <see cref="Full"/>, but the search ends only when exactly K are finished, as in the code of efficient audio captioning
    /// (Interspeech 2024): if their number steps over K it runs on to the greatest length and gives more than K.
    /// </summary>
    FullExact,
}
