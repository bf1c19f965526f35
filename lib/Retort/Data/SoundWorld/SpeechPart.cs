namespace Retort.Data;

/// <summary>The voices and phrases of a split. No voice and no phrase is in two splits.</summary>
/// <param name="Voices">espeak-ng's voices, with variants ("en-gb+f3")</param>
/// <param name="Phrases">what they say</param>
public sealed record SpeechPart(IReadOnlyList<string> Voices, IReadOnlyList<string> Phrases);
