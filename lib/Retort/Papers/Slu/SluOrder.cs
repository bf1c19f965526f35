namespace Retort.Papers.Slu;

/// <summary>The order in which scenarios arrive. The paper's is not published.</summary>
public enum SluOrder
{
    /// <summary>By decreasing number of training utterances, which fits the published numbers best.</summary>
    Size,

    /// <summary>Alphabetical, as the authors' examples have it.</summary>
    Alphabetical,
}
