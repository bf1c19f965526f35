namespace Retort.Data;

/// <summary>
/// The voices and phrases of a split. No phrase and no voice's name is in two splits. espeak-ng 1.51 knows no variants of
/// "en-gb", so the sound world's voices "en-gb", "en-gb+f4" (training) and "en-gb+f3" (validation) are one voice; the
/// test's voices are in no other split.
/// </summary>
/// <param name="Voices">espeak-ng's voices, with variants ("en-gb+f3")</param>
/// <param name="Phrases">what they say</param>
public sealed record SpeechPart(IReadOnlyList<string> Voices, IReadOnlyList<string> Phrases);
