namespace Retort.Decoding;

/// <summary>How a hypothesis' log-probability is made comparable over lengths; lp(i) = ((5 + i) / 6)^power.</summary>
public enum LengthRule
{
    /// <summary>The sum of the tokens' log-probabilities, divided by lp of their number at the end (Wu et al. 2016, equation 14).</summary>
    Final,

    /// <summary>Each token's log-probability divided by lp of its place before it is added, as the code of sequence-level KD for SLU does: later tokens weigh less.</summary>
    StepWise,
}
