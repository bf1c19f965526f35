namespace Retort.Papers.Slu;

/// <summary>The columns of the paper's tables. An average is over tasks, each measured on everything seen so far, the first task included.</summary>
public enum SluMeasure
{
    /// <summary>Average intent accuracy.</summary>
    AverageAccuracy,

    /// <summary>Intent accuracy after the last task.</summary>
    LastAccuracy,

    /// <summary>Average word error rate of the transcript.</summary>
    AverageWer,

    /// <summary>Average word error rate of the whole decoded string, which the released scripts compute.</summary>
    AverageStringWer,

    /// <summary>Word error rate of the transcript after the last task.</summary>
    LastWer,

    /// <summary>Average SLU-F1 (micro).</summary>
    AverageSluF1,

    /// <summary>SLU-F1 (micro) after the last task.</summary>
    LastSluF1,
}
