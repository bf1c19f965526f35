namespace Retort.Training;

/// <summary>Which weights a run ends with.</summary>
public enum FinalWeights
{
    /// <summary>The plain mean of the best evaluations' weights (<see cref="WeightAverage.Plain"/>), as CED is published.</summary>
    AverageOfBest,

    /// <summary>Those of the best evaluation.</summary>
    Best,

    /// <summary>Those after the last step.</summary>
    Last,
}
