namespace Retort.Papers.Slu;

/// <summary>One arm of a split, for one seed.</summary>
/// <param name="Split">the split</param>
/// <param name="Arm">the arm</param>
/// <param name="Seed">the seed</param>
/// <param name="Predictions">after each task, of the test utterances of all tasks so far</param>
/// <param name="Epochs">what it knew of each task after every epoch</param>
/// <param name="ExactMatches">at each boundary the share of the pseudo-targets that are the gold string; empty without seq-KD</param>
public sealed record SluRun(SluSplit Split, SluArm Arm, long Seed, IReadOnlyList<IReadOnlyList<SluPrediction>> Predictions,
    IReadOnlyList<SluEpoch> Epochs, IReadOnlyList<double> ExactMatches);
