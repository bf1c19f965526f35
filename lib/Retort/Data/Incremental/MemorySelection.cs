namespace Retort.Data;

/// <summary>How the samples of a class are chosen for the rehearsal memory.</summary>
public enum MemorySelection
{
    /// <summary>At random, without repetition.</summary>
    Random,

    /// <summary>By herding, so that their mean feature stays near the class's (iCaRL; "barycenter" in the authors' code).</summary>
    Herding,

    /// <summary>Those nearest to the class's mean feature ("cluster" in the authors' code).</summary>
    NearestMean,
}
