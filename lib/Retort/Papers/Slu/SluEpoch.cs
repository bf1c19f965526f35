namespace Retort.Papers.Slu;

/// <summary>What a model knew at the end of an epoch.</summary>
/// <param name="Task">the task it was learning, from 0</param>
/// <param name="Epoch">epochs of that task, counted from 1</param>
/// <param name="Accuracy">intent accuracy on the validation utterances of each task so far, from 0 to 1</param>
public sealed record SluEpoch(int Task, double Epoch, IReadOnlyList<double> Accuracy);
