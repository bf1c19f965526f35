namespace Retort.Data;

/// <summary>A sentence to be spoken.</summary>
/// <param name="Id">its name, which decides speaker, room and noise</param>
/// <param name="Words">the words</param>
/// <param name="Voice">espeak-ng's voice with its variant</param>
/// <param name="Speed">words a minute</param>
/// <param name="Pitch">0 to 99</param>
internal sealed record SpokenLine(string Id, string Words, string Voice, int Speed, int Pitch);
