// A small sentence encoder of ours in the place of all-MiniLM-L6-v2: BERT's layers on the experiment's words, trained so that a
// sentence lies near what it may be taken for and far from other sentences (InfoNCE, van den Oord et al. 2018, eq. 4).

using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Randomness;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>Size and training of the small sentence encoder.</summary>
public sealed record GerSentenceSettings
{
    /// <summary>Width of a vector.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 2;

    /// <summary>Steps of the optimizer.</summary>
    public long Steps { get; init; } = 1000;

    /// <summary>Sentences in a step; each has all others as negatives.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Cosines are divided by this.</summary>
    public double Temperature { get; init; } = 0.05;

    /// <summary>The seed of weights, order and corruptions.</summary>
    public long Seed { get; init; } = 7;
}

/// <summary>Vectors of words and sentences by a small encoder that was trained on the language model's text.</summary>
public sealed class GerSentences : IDisposable
{
    private readonly SentenceEncoder encoder;
    private readonly GerData data;
    private readonly object gate = new();

    private GerSentences(SentenceEncoder encoder, GerData data, TrainResult result) => (this.encoder, this.data, Result) = (encoder, data, result);

    /// <summary>The training.</summary>
    public TrainResult Result { get; }

    /// <summary>Width of a vector.</summary>
    public int Width => encoder.Settings.Width;

    /// <summary>The unit vector of a text; a word is a sentence of one word, as with the published encoder.</summary>
    public float[] Vector(string text)
    {
        lock (gate)
        {
            using var scope = NewDisposeScope();
            return encoder.Encode(data.Words, [text]).data<float>().ToArray();
        }
    }

    /// <summary>Trains the encoder, or goes on with or reads the folder's run.</summary>
    /// <param name="settings">size and training</param>
    /// <param name="data">text and vocabulary</param>
    /// <param name="folder">where the run is kept; null to keep nothing</param>
    /// <param name="progress">where it says how far it is; null: below the cell, or in the terminal</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    public static GerSentences Train(GerSentenceSettings settings, GerData data, string? folder = null, Progress? progress = null, CancellationToken cancel = default)
    {
        var longest = data.Settings.MostWords + 4;
        var encoder = new SentenceEncoder(new() { Vocabulary = data.Words.Count, Width = settings.Width, Depth = settings.Depth, Heads = 4, Hidden = 4 * settings.Width, Positions = longest, MaxLength = longest });
        FreshWeights.Fill(encoder, settings.Seed, "sentence encoder", (name, _, draw) =>
            name.EndsWith("weight", StringComparison.Ordinal) && !name.Contains("LayerNorm", StringComparison.Ordinal) ? () => draw.Normal(0, 0.05) : null);
        var training = new PlainTraining("sentence encoder", settings.Seed, settings.Steps, settings.Batch, settings.LearningRate, new AdamSettings { WeightDecay = 0.01, Decoupled = true });
        var result = training.Run(encoder, data.Text.Count, new { settings, Data = data.ResultKey }, context =>
        {
            string[] said = [.. context.Batch.Select(i => data.Text[i])];
            string[] heard = [.. context.Batch.Select(i => data.Sounds.List(data.Text[i], RandomStream.Of(settings.Seed, "sentence", $"{i}", context.Step)).Hypotheses[^1])];
            var scores = matmul(encoder.Vectors(data.Words, said), encoder.Vectors(data.Words, heard).t()) / settings.Temperature;
            var own = arange(scores.shape[0]);
            return (nn.functional.cross_entropy(scores, own) + nn.functional.cross_entropy(scores.t(), own)) / 2;
        }, folder, progress, cancel);
        return new GerSentences(encoder, data, result);
    }

    /// <inheritdoc/>
    public void Dispose() => encoder.Dispose();
}
