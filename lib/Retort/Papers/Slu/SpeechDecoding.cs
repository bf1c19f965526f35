using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>Decoding of utterances.</summary>
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
    public static IReadOnlyList<SlurpPrediction> Decode(SpokenLanguageModel model, SpeechDataset part, IReadOnlyList<int> rows, DecodingSettings decoding, CancellationToken cancel = default)
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
        return [.. rows.Select(i => new SlurpPrediction(part.Data.Recordings[i].File, texts[i]))];
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
}
