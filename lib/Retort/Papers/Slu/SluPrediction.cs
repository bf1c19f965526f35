using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>What a model wrote of a test utterance.</summary>
/// <param name="File">the utterance</param>
/// <param name="Text">the decoded string</param>
public sealed record SluPrediction(string File, string Text)
{
    /// <summary>What the string means.</summary>
    public Meaning Meaning => Data.SlurpTarget.Read(Text).Meaning;

    /// <summary>Its transcript.</summary>
    public string Transcript => Data.SlurpTarget.Read(Text).Transcript;
}
