using System.Text.Json;
using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>What a model wrote of a test utterance.</summary>
/// <param name="File">the utterance</param>
/// <param name="Text">the decoded string</param>
public sealed record SluPrediction(string File, string Text)
{
    /// <summary>What the string means.</summary>
    public Meaning Meaning => SlurpTarget.Read(Text).Meaning;

    /// <summary>Its transcript.</summary>
    public string Transcript => SlurpTarget.Read(Text).Transcript;
}

/// <summary>Decoding of utterances, and the files of what was decoded.</summary>
public static class SpeechDecoding
{
    private const int Rows = 64;

    /// <summary>Decodes utterances by beam search, those of like length together.</summary>
    /// <param name="model">the model</param>
    /// <param name="part">the utterances</param>
    /// <param name="rows">which of them</param>
    /// <param name="decoding">how</param>
    /// <param name="cancel">stops between batches</param>
    /// <returns>one for each row, in their order</returns>
    public static IReadOnlyList<SluPrediction> Decode(SpokenLanguageModel model, SpeechDataset part, IReadOnlyList<int> rows, DecodingSettings decoding, CancellationToken cancel = default)
    {
        model.eval();
        var texts = new Dictionary<int, string>();
        foreach (var batch in rows.OrderBy(i => part.Lengths[i]).ThenBy(i => i).Chunk(Rows))
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var none = no_grad();
            var (features, frames) = part.Features(batch);
            var used = model.LengthMasks ? frames : null;
            var best = BeamSearch.Decode(model.Decoder, model.Encoder.FromFeatures(features, used), used, decoding);
            for (var b = 0; b < batch.Length; b++)
            {
                texts[batch[b]] = part.Tokenizer.Decode([.. best[b][0].Tokens]);
            }
        }
        return [.. rows.Select(i => new SluPrediction(part.Data.Recordings[i].File, texts[i]))];
    }

    /// <summary>
    /// The share of utterances whose intent is right, by greedy decoding of the first tokens only: cheap enough for every epoch.
    /// </summary>
    /// <param name="model">the model</param>
    /// <param name="part">the utterances</param>
    /// <param name="rows">which of them</param>
    public static double IntentAccuracy(SpokenLanguageModel model, SpeechDataset part, IReadOnlyList<int> rows)
    {
        var longest = rows.Max(i => part.Tokenizer.Encode(part.Data.Recordings[i].Meaning.Intent + " " + SlurpTarget.Separator).Length);
        var said = Decode(model, part, rows, new DecodingSettings { Beams = 1, MaxLength = longest, Start = part.Tokenizer.StartId, End = part.Tokenizer.EndId });
        return rows.Select((i, b) => said[b].Meaning.Intent == part.Data.Recordings[i].Meaning.Intent ? 1.0 : 0.0).Average();
    }

    /// <summary>Writes predictions, whole: one JSON object a line, the official scorer's fields and the decoded string.</summary>
    public static void Save(string path, IEnumerable<SluPrediction> predictions) => AtomicFile.WriteText(path, string.Concat(predictions.Select(p =>
        JsonSerializer.Serialize(new
        {
            file = p.File,
            scenario = p.Meaning.Scenario,
            action = p.Meaning.Action,
            entities = p.Meaning.Entities.Select(e => new { type = e.Type, filler = e.Filler }),
            text = p.Text,
        }) + "\n")));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="BadInputException">A line is something else.</exception>
    public static IReadOnlyList<SluPrediction> Load(string path)
    {
        var predictions = new List<SluPrediction>();
        foreach (var (line, item) in JsonLines.Read(path, (line, problem) => throw new BadInputException(path, $"line {line}", problem)))
        {
            try
            {
                predictions.Add(new SluPrediction(JsonLines.Text(item, "file"), JsonLines.Text(item, "text")));
            }
            catch (FormatException e)
            {
                throw new BadInputException(path, $"line {line}", e.Message, e);
            }
        }
        return predictions;
    }
}
