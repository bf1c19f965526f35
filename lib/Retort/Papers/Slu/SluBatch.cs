// What a loss is given: a batch of the current task's utterances and the memory's, shuffled into one another, and the old
// model's say about them. Old: the model after the task before, frozen.

using Retort.Data;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>A training batch of class-incremental learning. B rows, of which n are replayed from the memory; the others are of the current task.</summary>
public sealed class SluBatch
{
    private readonly SpeechDataset data;
    private readonly int[] utterances;
    private readonly OldModel? old;
    private readonly int[] replayed, current;

    internal SluBatch(SpeechDataset data, int[] utterances, int[] replayed, Tensor features, long[]? frames, TokenRows gold, OldModel? old)
    {
        (this.data, this.utterances, this.replayed, Features, Frames, Gold, this.old) = (data, utterances, replayed, features, frames, gold, old);
        current = [.. Enumerable.Range(0, utterances.Length).Except(replayed)];
    }

    /// <summary>Features of the sound (B, T, C), masks of time and frequency laid on them; 0 in the padding.</summary>
    public Tensor Features { get; }

    /// <summary>Valid frames of each row; null where padding is taken as sound (the released code's way).</summary>
    public long[]? Frames { get; }

    /// <summary>The gold strings: <c>Inputs</c> and <c>Outputs</c> (B, L), int64, and <c>Mask</c> (B, L), 1 where a place counts.</summary>
    public TokenRows Gold { get; }

    /// <summary>Rows, B.</summary>
    public int Rows => utterances.Length;

    /// <summary>Rows from the memory, n; 0 in the first task and without a memory.</summary>
    public int ReplayedRows => replayed.Length;

    /// <summary>Rows of the current task.</summary>
    public int CurrentRows => current.Length;

    /// <summary>A model's pass over all rows.</summary>
    public SluForward Forward(SpokenLanguageModel model) => new(model, model.Encoder.FromFeatures(Features, Frames), Frames, Gold);

    /// <summary>The replayed rows of a pass, in their order in the batch.</summary>
    public SluForward Replayed(SluForward pass) => pass.Rows(replayed);

    /// <summary>The current task's rows of a pass.</summary>
    public SluForward Current(SluForward pass) => pass.Rows(current);

    /// <summary>The old model's pass over the replayed rows: the same features, masks included; without a graph.</summary>
    public SluForward Old
    {
        get
        {
            using var none = no_grad();
            var at = tensor(replayed.Select(p => (long)p).ToArray(), device: Features.device);
            var frames = Frames is null ? null : replayed.Select(p => Frames[p]).ToArray();
            var model = OldModel.Model;
            return new SluForward(model, model.Encoder.FromFeatures(Features.index_select(0, at), frames), frames, Gold.Rows(at), graph: false);
        }
    }

    /// <summary>The strings that the old model decodes of the replayed rows, by beam search over their clean features; made once at the task's beginning and stored.</summary>
    public TokenRows Decoded => TokensOf([.. replayed.Select(b => OldModel.Decoded(utterances[b])[0].Tokens)]);

    /// <summary>The same of the current task's rows.</summary>
    public TokenRows DecodedOfCurrent => TokensOf([.. current.Select(b => OldModel.DecodedOfCurrent(utterances[b])[0].Tokens)]);

    /// <summary>
    /// The old model's best string of each replayed row that is not the gold string; where its beam holds no other, the gold string.
    /// </summary>
    public TokenRows DecodedOtherThanGold => TokensOf([.. replayed.Select(b =>
        OldModel.Decoded(utterances[b]).FirstOrDefault(s => !s.Tokens.SequenceEqual(data.Tokens[utterances[b]]))?.Tokens ?? data.Tokens[utterances[b]])]);

    /// <summary>All strings of the old model's beams for the replayed rows, each with its probability among those of its utterance.</summary>
    public WeightedRows NBest
    {
        get
        {
            var (tokens, rows, weights) = (new List<IReadOnlyList<int>>(), new List<long>(), new List<float>());
            for (var n = 0; n < replayed.Length; n++)
            {
                var beam = OldModel.Decoded(utterances[replayed[n]]);
                var highest = beam.Max(s => s.LogProbability);
                var p = beam.Select(s => MathF.Exp(s.LogProbability - highest)).ToArray();
                for (var k = 0; k < beam.Length; k++)
                {
                    tokens.Add(beam[k].Tokens);
                    rows.Add(n);
                    weights.Add(p[k] / p.Sum());
                }
            }
            return new WeightedRows(TokensOf(tokens), tensor(rows.ToArray(), device: Features.device), tensor(weights.ToArray(), device: Features.device));
        }
    }

    private OldModel OldModel => old ?? throw new InvalidOperationException("there is no old model in the first task; ask ReplayedRows first");

    private TokenRows TokensOf(IReadOnlyList<IReadOnlyList<int>> rows) => TokenRows.Of(rows, data.Tokenizer, Features.device);
}

/// <summary>A model's pass over some rows: what losses are made of.</summary>
public sealed class SluForward
{
    private readonly SpokenLanguageModel model;
    private readonly bool graph;
    private Tensor? logits;

    internal SluForward(SpokenLanguageModel model, Tensor encoderOutput, long[]? frames, TokenRows gold, Tensor? logits = null, bool graph = true) =>
        (this.model, EncoderOutput, Frames, Gold, this.logits, this.graph) = (model, encoderOutput, frames, gold, logits, graph);

    /// <summary>The encoder's output (B, T, D).</summary>
    public Tensor EncoderOutput { get; }

    /// <summary>Valid frames of each row; null if all are.</summary>
    public long[]? Frames { get; }

    /// <summary>The rows' gold strings.</summary>
    public TokenRows Gold { get; }

    /// <summary>1 where a frame counts, (B, T).</summary>
    public Tensor FrameMask
    {
        get
        {
            var (rows, frames) = (EncoderOutput.shape[0], EncoderOutput.shape[1]);
            if (Frames is null)
            {
                return ones(rows, frames, device: EncoderOutput.device);
            }
            return (arange(frames, device: EncoderOutput.device).unsqueeze(0) < tensor(Frames, device: EncoderOutput.device).unsqueeze(1)).to(float32);
        }
    }

    /// <summary>Logits of each next token (B, L, V), the decoder fed with the gold strings. Computed once.</summary>
    public Tensor Logits => logits ??= LogitsOf(Gold);

    /// <summary>Logits of each next token (B, L, V), the decoder fed with other strings, one a row.</summary>
    public Tensor LogitsOf(TokenRows strings)
    {
        using var none = graph ? null : no_grad();
        return model.Decoder.call(strings.Inputs, EncoderOutput, Frames);
    }

    /// <summary>The same of several strings a row, (strings, L, V).</summary>
    public Tensor LogitsOf(WeightedRows strings)
    {
        var rows = strings.Row.data<long>().ToArray();
        return model.Decoder.call(strings.Strings.Inputs, EncoderOutput.index_select(0, strings.Row), Frames is null ? null : [.. rows.Select(r => Frames[r])]);
    }

    /// <summary>Some of the rows; what has been computed of them is not computed again.</summary>
    public SluForward Rows(IReadOnlyList<int> places)
    {
        var at = tensor(places.Select(p => (long)p).ToArray(), device: EncoderOutput.device);
        return new SluForward(model, EncoderOutput.index_select(0, at), Frames is null ? null : [.. places.Select(p => Frames[p])], Gold.Rows(at), logits?.index_select(0, at), graph);
    }
}

/// <summary>Several strings a row, each with a weight.</summary>
/// <param name="Strings">the strings, one after another</param>
/// <param name="Row">(strings), int64: the row that each belongs to</param>
/// <param name="Weight">(strings): adds up to 1 in each row</param>
public sealed record WeightedRows(TokenRows Strings, Tensor Row, Tensor Weight);
