// The decoder of sequence-level KD for class-incremental SLU (Cappellazzo et al., Interspeech 2023): embedding times
// sqrt(D) plus sine positions, pre-norm layers, a last norm and a linear head that is not tied to the embedding.
// The released code masks padded targets in the self-attention. That changes nothing for tokens before the padding, which
// is on the right and therefore later; so there is no such mask here.

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Tokens and a memory (encoder output) to the logits of each next token: all at once for training, or one by one with
/// kept keys and values. Keys of its state: <c>token_embedding</c>, <c>layers</c>, <c>norm</c>, <c>classif_dec</c>.
/// </summary>
public sealed class TokenDecoder : nn.Module<Tensor, Tensor, IReadOnlyList<long>?, Tensor>, IStepDecoder
{
    private readonly Embedding token_embedding;
    private readonly ModuleList<DecoderBlock> layers;
    private readonly LayerNorm norm;
    private readonly Linear classif_dec;
    private readonly SeededDropout dropout;
    private readonly double scale;
    private Tensor positions;

    /// <summary>A decoder with fresh weights: Xavier-uniform in the layers, normal(0, 1) in the embedding, as published.</summary>
    /// <param name="settings">its settings</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public TokenDecoder(TokenDecoderSettings settings, long seed, Generator? generator = null) : base(nameof(TokenDecoder))
    {
        settings.Check();
        Settings = settings;
        Generator = generator ?? new Generator((ulong)seed);
        token_embedding = nn.Embedding(settings.Vocabulary, settings.Width);
        layers = new ModuleList<DecoderBlock>([.. Enumerable.Range(0, settings.Depth)
            .Select(_ => new DecoderBlock(settings.Width, settings.Heads, settings.Hidden, settings.Dropout, Generator))]);
        norm = nn.LayerNorm(settings.Width);
        classif_dec = nn.Linear(settings.Width, settings.Vocabulary);
        dropout = new SeededDropout(settings.Dropout, Generator);
        scale = Math.Sqrt(settings.Width);
        RegisterComponents();
        // After the registration: the table is no part of the state.
        positions = SinePositions.Table(Math.Min(settings.MaxLength, 256), settings.Width).DetachFromDisposeScope();
        FreshWeights.Fill(this, seed, "decoder", (name, shape, draw) => name switch
        {
            "token_embedding.weight" => () => draw.Normal(0, settings.EmbeddingDeviation),
            _ when name.StartsWith("layers.") && shape.Length > 1 => FreshWeights.Xavier(draw, shape[0], shape[1]),
            _ when name.EndsWith("in_proj_bias") || name.EndsWith("out_proj.bias") || name.Contains("norm") => null,
            _ when name.EndsWith("linear2.bias") => FreshWeights.Uniform(draw, settings.Hidden),
            _ => FreshWeights.Uniform(draw, settings.Width),
        });
    }

    /// <summary>The settings.</summary>
    public TokenDecoderSettings Settings { get; }

    /// <inheritdoc/>
    public int Vocabulary => Settings.Vocabulary;

    /// <inheritdoc/>
    public int MaxLength => Settings.MaxLength;

    /// <summary>What dropout draws from in training.</summary>
    public Generator Generator { get; }

    /// <summary>Teacher forcing: logits (B, L, V), at each place those of the next token, given the tokens up to there.</summary>
    /// <param name="tokens">(B, L), int64, beginning with the start symbol, padded on the right with any token</param>
    /// <param name="memory">(B, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are (the released code's way)</param>
    public override Tensor forward(Tensor tokens, Tensor memory, IReadOnlyList<long>? memoryLengths)
    {
        using var scope = NewDisposeScope();
        var length = tokens.shape[1];
        CheckLength(length);
        var mask = LengthMask.OfMemory(memory, memoryLengths);
        var causal = LengthMask.Causal(length, memory.dtype, memory.device);
        var x = dropout.call(Embed(tokens, 0));
        foreach (var layer in layers)
        {
            x = layer.call(x, memory, causal, mask);
        }
        return classif_dec.call(norm.call(x)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Where each token looks: the cross-attention's weights (B, heads, L, S) in each layer, without gradients. At each place they are
    /// those that the next token is chosen with. A row sums to 1 over the memory's valid frames.
    /// </summary>
    /// <param name="tokens">(B, L), int64, beginning with the start symbol</param>
    /// <param name="memory">(B, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are</param>
    /// <exception cref="InvalidOperationException">In training: dropout would act on them.</exception>
    public IReadOnlyList<Tensor> CrossAttention(Tensor tokens, Tensor memory, IReadOnlyList<long>? memoryLengths)
    {
        if (training)
        {
            throw new InvalidOperationException("a decoder shows its attention outside training only; call eval() first");
        }
        CheckLength(tokens.shape[1]);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mask = LengthMask.OfMemory(memory, memoryLengths);
        var causal = LengthMask.Causal(tokens.shape[1], memory.dtype, memory.device);
        var x = Embed(tokens, 0);
        var all = new Tensor[layers.Count];
        for (var i = 0; i < all.Length; i++)
        {
            (x, var weights) = layers[i].Attended(x, memory, causal, mask);
            all[i] = weights.MoveToOuterDisposeScope();
        }
        return all;
    }

    /// <summary>Begins decoding: the memory's keys and values, made once. Only without gradients and outside training.</summary>
    /// <param name="memory">(M, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are</param>
    /// <exception cref="InvalidOperationException">In training: its dropout would act on kept values.</exception>
    public DecoderCache Start(Tensor memory, IReadOnlyList<long>? memoryLengths)
    {
        if (training)
        {
            throw new InvalidOperationException("a decoder steps outside training only; call eval() first");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return DecoderCache.Start(layers, memory, memoryLengths, Settings.Heads);
    }

    /// <summary>One more token of each row: the logits (N, V) of the next.</summary>
    /// <param name="tokens">(N), int64; N is a multiple of the cache's memories, the rows of one memory beside one another</param>
    /// <param name="cache">what <see cref="Start"/> gave; it grows by one token</param>
    public Tensor Step(Tensor tokens, DecoderCache cache)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        CheckLength(cache.Length + 1);
        var x = cache.Step(layers, Embed(tokens.unsqueeze(1), cache.Length));
        return classif_dec.call(norm.call(x)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            positions.Dispose();
        }
        base.Dispose(disposing);
    }

    private Tensor Embed(Tensor tokens, long from)
    {
        var embedded = token_embedding.call(tokens) * scale;
        return embedded + Positions(from + tokens.shape[1], embedded).narrow(0, from, tokens.shape[1]).to(embedded.dtype);
    }

    // The table grows when a longer sequence comes: 5,000 rows of 768 values are seldom needed.
    private Tensor Positions(long length, Tensor like)
    {
        if (length > positions.shape[0] || positions.device.type != like.device.type)
        {
            var rows = (int)Math.Min(Settings.MaxLength, Math.Max(2 * length, positions.shape[0]));
            var table = SinePositions.Table(rows, Settings.Width, like.device).DetachFromDisposeScope();
            positions.Dispose();
            positions = table;
        }
        return positions;
    }

    private void CheckLength(long length)
    {
        if (length > Settings.MaxLength)
        {
            throw new ArgumentException($"a sequence of {length} tokens is longer than the decoder's {Settings.MaxLength} positions");
        }
    }
}
