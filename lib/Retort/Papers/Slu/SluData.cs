using Retort.Data;
using Retort.Models;
using Retort.Text;

namespace Retort.Papers.Slu;

/// <summary>The made speech of an experiment: utterances for training, validation and test, and the tokenizer of their target strings.</summary>
public sealed class SluData
{
    private SluData(Tokenizer tokenizer, SluPart train, SluPart validation, SluPart test) =>
        (Tokenizer, Train, Validation, Test) = (tokenizer, train, validation, test);

    /// <summary>Made of the training targets of all tasks, as the published one: the vocabulary is known in advance.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>What models learn from.</summary>
    public SluPart Train { get; }

    /// <summary>What settings are chosen by.</summary>
    public SluPart Validation { get; }

    /// <summary>What is reported.</summary>
    public SluPart Test { get; }

    /// <summary>Synthesizes the speech, or reads it from the cache, and makes the features.</summary>
    public static SluData Synthetic(SluSettings settings)
    {
        var train = SyntheticSpeech.Of(settings.Speech, Split.Train);
        var tokenizer = BpeTokenizer.Train(train.Recordings.Select(r => r.Target()), new BpeSettings { VocabularySize = settings.Vocabulary });
        var encoder = new LogMelEncoder(settings.Encoder);
        SluPart Part(SpokenData data) => new(data, tokenizer, encoder);
        return new SluData(tokenizer, Part(train), Part(SyntheticSpeech.Of(settings.Speech, Split.Validation)), Part(SyntheticSpeech.Of(settings.Speech, Split.Test)));
    }
}
