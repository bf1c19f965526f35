namespace Retort.Models;

/// <summary>How the audio transformer turns its tokens into one vector of class scores.</summary>
public enum Pooling
{
    /// <summary>Mean over all tokens, head, sigmoid: probabilities. The published models' and teachers' way.</summary>
    Mean,

    /// <summary>As <see cref="Mean"/> without the sigmoid: logits, for training.</summary>
    Logit,

    /// <summary>A class token in front of the others, head, sigmoid: probabilities.</summary>
    Token,

    /// <summary>Mean over frequency, head and sigmoid at each time step, mean over time: probabilities.</summary>
    DecisionMean,
}
