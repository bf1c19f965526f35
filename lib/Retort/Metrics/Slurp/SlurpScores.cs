namespace Retort.Metrics;

/// <summary>What SLURP's official scorer reports for a set of predictions.</summary>
public sealed record SlurpScores
{
    /// <summary>The scenario as a class.</summary>
    public required LabelScores Scenario { get; init; }

    /// <summary>The action as a class.</summary>
    public required LabelScores Action { get; init; }

    /// <summary>Scenario and action together as a class; its micro F1 is the intent accuracy.</summary>
    public required LabelScores Intent { get; init; }

    /// <summary>Entities, right only when type and filler are.</summary>
    public required LabelScores Entities { get; init; }

    /// <summary>Entities, a wrong filler counting by its word error rate, which may exceed 1.</summary>
    public required LabelScores WordDistance { get; init; }

    /// <summary>Entities, a wrong filler counting by its edit distance over the longer filler's length.</summary>
    public required LabelScores CharacterDistance { get; init; }

    /// <summary>SLU-F1: the counts of the word and the character measure added label by label.</summary>
    public required LabelScores SluF1 { get; init; }

    /// <summary>How many recordings have an annotation and a prediction; only these are scored.</summary>
    public required int Scored { get; init; }

    /// <summary>Recordings with an annotation and no prediction. As in the official scorer they cost nothing, so look here.</summary>
    public required IReadOnlyList<string> NotPredicted { get; init; }

    /// <summary>Predictions for recordings that have no annotation; left out, as in the official scorer.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }

    /// <summary>The share of scored recordings with the right intent; NaN where none is scored.</summary>
    public double IntentAccuracy => Scored == 0 ? double.NaN : Intent.Micro.TruePositives / Scored;
}
