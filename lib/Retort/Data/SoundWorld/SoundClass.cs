namespace Retort.Data;

/// <summary>One class of the made sound world.</summary>
/// <param name="Name">the class in plain words</param>
/// <param name="Sound">the name of what makes it</param>
/// <param name="What">how it sounds, in a few words</param>
/// <param name="Ranges">lowest and highest value of each parameter of its events</param>
public sealed record SoundClass(string Name, string Sound, string What, IReadOnlyDictionary<string, double[]> Ranges);
