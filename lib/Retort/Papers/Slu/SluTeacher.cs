using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>
/// What the model of the task before says of the memory's utterances, made once at the boundary and stored: afterwards the
/// old model is not needed. The new model is taught from the store alone.
/// </summary>
public sealed class SluTeacher : IDisposable
{
    private readonly SequenceStore store;
    private readonly SluPart part;
    private readonly Dictionary<int, int> rowOf;
    private readonly Dictionary<int, IReadOnlyList<int>> pseudo = [];

    private SluTeacher(SequenceStore store, SluPart part, IReadOnlyList<int> memory, SluPseudoTarget choice)
    {
        (this.store, this.part) = (store, part);
        rowOf = memory.ToDictionary(i => i, i => store.Find(part.Data.Recordings[i].File));
        if (store.Card.Best > 0)
        {
            foreach (var i in memory)
            {
                pseudo[i] = Choose(i, choice);
            }
            ExactMatch = memory.Average(i => pseudo[i].SequenceEqual(part.Tokens[i]) ? 1.0 : 0.0);
        }
    }

    /// <summary>The share of the memory's pseudo-targets that are the gold string; NaN where none are stored.</summary>
    public double ExactMatch { get; } = double.NaN;

    /// <summary>Makes the store, or goes on with it, or opens it where it is whole.</summary>
    /// <param name="folder">the store's folder</param>
    /// <param name="model">the model after the last task</param>
    /// <param name="part">training utterances</param>
    /// <param name="memory">those in the memory</param>
    /// <param name="arm">what is distilled</param>
    /// <param name="decoding">how pseudo-targets are decoded</param>
    /// <param name="topK">token probabilities kept of each place</param>
    public static SluTeacher Of(string folder, SpokenLanguageModel model, SluPart part, IReadOnlyList<int> memory, SluArm arm, DecodingSettings decoding, int topK)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        model.eval();
        var ids = memory.Select(i => part.Data.Recordings[i].File).ToArray();
        var tokens = arm.Kd.HasFlag(SluKd.Token);
        var card = new SequenceStoreCard
        {
            Teacher = StateDict.Hash(model),
            Data = part.Data.Hash,
            FrontEnd = model.Encoder.GetType().Name,
            Decoding = arm.Kd.HasFlag(SluKd.Sequence) ? SettingsJson.Write(decoding, SettingsJson.Line) : "",
            Width = arm.Kd.HasFlag(SluKd.Audio) ? model.Encoder.Width : 0,
            Vocabulary = part.Tokenizer.Count,
            TopK = tokens ? Math.Min(topK, part.Tokenizer.Count) : 0,
            Best = arm.Kd.HasFlag(SluKd.Sequence) ? decoding.Beams : 0,
            Count = memory.Count,
        };
        using (var writer = SequenceStoreWriter.Open(folder, card, ids))
        {
            foreach (var rows in memory.Skip(writer.Written).Chunk(32))
            {
                foreach (var row in Ask(model, part, rows, card, decoding))
                {
                    writer.Add(row);
                }
            }
            writer.Finish();
        }
        return new SluTeacher(SequenceStore.Open(folder, card), part, memory, arm.PseudoTarget);
    }

    /// <summary>The pseudo-target of an utterance of the memory.</summary>
    public IReadOnlyList<int> PseudoTarget(int i) => pseudo[i];

    /// <summary>The old encoder's frames (n, T, D) of utterances, and 1 where a frame is valid (n, T).</summary>
    /// <param name="utterances">utterances of the memory</param>
    /// <param name="frames">T</param>
    /// <param name="device">where they are wanted</param>
    internal (Tensor Frames, Tensor Mask) Frames(IReadOnlyList<int> utterances, long frames, Device device)
    {
        var width = store.Card.Width;
        var (values, mask) = (new float[utterances.Count * frames * width], new float[utterances.Count * frames]);
        for (var b = 0; b < utterances.Count; b++)
        {
            var row = rowOf[utterances[b]];
            var valid = store.Frames(row);
            store.Encoder(row, values.AsSpan((int)(b * frames * width), valid * width));
            mask.AsSpan((int)(b * frames), valid).Fill(1);
        }
        return (tensor(values, [utterances.Count, frames, width]).to(device), tensor(mask, [utterances.Count, frames]).to(device));
    }

    /// <summary>The old decoder's log-probabilities and tokens, (n, L, k) each, along the gold targets of utterances.</summary>
    /// <param name="utterances">utterances of the memory</param>
    /// <param name="length">L</param>
    /// <param name="device">where they are wanted</param>
    internal (Tensor LogProbabilities, Tensor Tokens) Distributions(IReadOnlyList<int> utterances, long length, Device device)
    {
        var k = store.Card.TopK;
        // Padding says that one token is certain: finite, and outside every mask.
        var (values, tokens) = (new float[utterances.Count * length * k], new long[utterances.Count * length * k]);
        for (var b = 0; b < utterances.Count; b++)
        {
            var row = rowOf[utterances[b]];
            var ids = new int[store.Positions(row) * k];
            var at = (int)(b * length * k);
            store.Distribution(row, values.AsSpan(at, ids.Length), ids);
            for (var i = 0; i < ids.Length; i++)
            {
                tokens[at + i] = ids[i];
            }
        }
        long[] shape = [utterances.Count, length, k];
        return (tensor(values, shape).to(device), tensor(tokens, shape).to(device));
    }

    /// <inheritdoc/>
    public void Dispose() => store.Dispose();

    private static IEnumerable<SequenceRow> Ask(SpokenLanguageModel model, SluPart part, int[] rows, SequenceStoreCard card, DecodingSettings decoding)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (features, frames) = part.Sound(rows);
        var used = model.LengthMasks ? frames : null;
        var memory = model.Encoder.FromFeatures(features, used);
        var best = card.Best > 0 ? BeamSearch.Decode(model.Decoder, memory, used, decoding) : null;
        float[]? values = null;
        long[]? tokens = null;
        var length = 0;
        if (card.TopK > 0)
        {
            var gold = TokenRows.Of([.. rows.Select(i => part.Tokens[i])], part.Tokenizer.StartId, part.Tokenizer.EndId, part.Tokenizer.PaddingId, memory.device);
            var logs = nn.functional.log_softmax(model.Decoder.call(gold.Inputs, memory, used).to(float32), -1);
            var (top, ids) = logs.topk(card.TopK, -1);
            (values, tokens, length) = (top.cpu().data<float>().ToArray(), ids.cpu().data<long>().ToArray(), (int)logs.shape[1]);
        }
        var encoded = card.Width > 0 ? memory.to(float32).cpu().data<float>().ToArray() : null;
        for (var b = 0; b < rows.Length; b++)
        {
            var (i, places) = (rows[b], (part.Tokens[rows[b]].Length + 1) * card.TopK);
            var first = b * length * card.TopK;
            yield return new SequenceRow(
                part.Data.Recordings[i].File,
                best is null ? [] : [.. best[b].Select(h => new StoredSequence([.. h.Tokens], (float)h.Score, (float)h.LogProbability))],
                encoded?.AsSpan((int)(b * memory.shape[1] * card.Width), (int)frames[b] * card.Width).ToArray(), encoded is null ? 0 : (int)frames[b],
                values?[first..(first + places)],
                tokens is null ? null : [.. tokens[first..(first + places)].Select(t => (int)t)]);
        }
    }

    private IReadOnlyList<int> Choose(int i, SluPseudoTarget choice)
    {
        var best = store.Best(rowOf[i]);
        return (choice == SluPseudoTarget.BestOther ? best.FirstOrDefault(s => !s.Tokens.SequenceEqual(part.Tokens[i])) : null)?.Tokens ?? best[0].Tokens;
    }
}
