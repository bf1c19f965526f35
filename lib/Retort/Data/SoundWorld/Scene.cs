namespace Retort.Data;

/// <summary>One clip of the made sound world, with what is in it.</summary>
/// <param name="Samples">16 kHz, one channel</param>
/// <param name="Events">the events in it, in the order they were put in</param>
/// <param name="Labels">the classes of the events, ascending</param>
/// <param name="LabelsGiven">the labels that training may see: in the training split some are missing</param>
public sealed record Scene(float[] Samples, IReadOnlyList<SceneEvent> Events, IReadOnlyList<int> Labels, IReadOnlyList<int> LabelsGiven);
