// The student's decoder of "Efficient audio captioning with encoder-level knowledge distillation" (Xu et al., Interspeech
// 2024), from the released code's shapes: the embedding is also the classifier, frames are projected once, the layers are post-norm.
// The released class fills every matrix by Xavier's rule, its table of positions too; the published weights therefore hold
// small noise in place of sines, and order is learned from the causal mask. Both starts are offered.

using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>How the table of positions of a <see cref="CaptionDecoder"/> starts. It is never trained; a checkpoint brings its own.</summary>
public enum CaptionPositions
{
    /// <summary>Sines and cosines (Vaswani et al. 2017).</summary>
    Sinusoid,

    /// <summary>As the released code: uniform within sqrt(6 / (D + L D)) for a table of L positions, small noise.</summary>
    Upstream,
}

/// <summary>Settings of <see cref="CaptionDecoder"/>; the defaults are the paper's student.</summary>
public sealed record CaptionDecoderSettings
{
    /// <summary>Number of tokens, V.</summary>
    public int Vocabulary { get; init; } = 4981;

    /// <summary>Width of a token, D.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Width of an encoder's frame.</summary>
    public int FrameWidth { get; init; } = 1408;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 2;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width of the hidden layer.</summary>
    public int Hidden { get; init; } = 1024;

    /// <summary>Probability of dropout in training.</summary>
    public double Dropout { get; init; } = 0.2;

    /// <summary>Most tokens of a sequence.</summary>
    public int MaxLength { get; init; } = 100;

    /// <summary>How the table of positions starts.</summary>
    public CaptionPositions Positions { get; init; } = CaptionPositions.Sinusoid;

    /// <summary>Throws an <see cref="ArgumentException"/> that says which settings do not fit one another.</summary>
    public void Check()
    {
        if (Vocabulary < 1 || Depth < 1 || Hidden < 1 || MaxLength < 1 || FrameWidth < 1)
        {
            throw new ArgumentException($"vocabulary {Vocabulary}, depth {Depth}, hidden {Hidden}, length {MaxLength}, frames {FrameWidth}: each must be positive");
        }
        if (Heads < 1 || Width < 2 || Width % Heads != 0 || Width % 2 != 0)
        {
            throw new ArgumentException($"a width of {Width} must be even and divisible by {Heads} heads");
        }
    }
}

/// <summary>
/// Tokens and an encoder's frames to the logits of each next token: all at once for training, or one by one. Keys of its state are
/// the published ones: <c>word_embedding</c>, <c>pos_encoder.pe</c>, <c>attn_proj.0</c>, <c>attn_proj.3</c>, <c>model.layers</c>.
/// </summary>
public sealed class CaptionDecoder : nn.Module<Tensor, Tensor, IReadOnlyList<long>?, Tensor>, IStepDecoder
{
    private readonly Embedding word_embedding;
    private readonly PositionTable pos_encoder;
    private readonly FrameProjection attn_proj;
    private readonly Blocks model;
    private readonly SeededDropout dropout;

    /// <summary>A decoder with fresh weights: Xavier-uniform matrices, as published.</summary>
    /// <param name="settings">its settings; null for the paper's</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public CaptionDecoder(CaptionDecoderSettings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(CaptionDecoder))
    {
        Settings = settings ?? new CaptionDecoderSettings();
        Settings.Check();
        Generator = generator ?? new Generator((ulong)seed);
        word_embedding = nn.Embedding(Settings.Vocabulary, Settings.Width);
        pos_encoder = new PositionTable(Settings);
        attn_proj = new FrameProjection(Settings, Generator);
        model = new Blocks(Settings, Generator);
        dropout = new SeededDropout(Settings.Dropout, Generator);
        RegisterComponents();
        FreshWeights.Fill(this, seed, "caption decoder", (name, shape, draw) =>
            name.Contains("norm") || name.StartsWith("attn_proj.3") || name.EndsWith("in_proj_bias") || name.EndsWith("out_proj.bias") ? null
            : shape.Length > 1 ? FreshWeights.Xavier(draw, shape[0], shape[1])
            : FreshWeights.Uniform(draw, name.EndsWith("linear2.bias") ? Settings.Hidden : name.StartsWith("attn_proj") ? Settings.FrameWidth : Settings.Width));
        pos_encoder.Fill(Settings, seed);
        this.OutliveScopes();
    }

    /// <summary>The settings.</summary>
    public CaptionDecoderSettings Settings { get; }

    /// <summary>What dropout draws from in training.</summary>
    public Generator Generator { get; }

    /// <inheritdoc/>
    public int Vocabulary => Settings.Vocabulary;

    /// <inheritdoc/>
    public int MaxLength => Settings.MaxLength;

    /// <summary>Teacher forcing: logits (B, L, V), at each place those of the next token, given the tokens up to there.</summary>
    /// <param name="tokens">(B, L), int64, beginning with the start symbol, padded on the right with any token</param>
    /// <param name="frames">the encoder's frames (B, S, C)</param>
    /// <param name="frameLengths">valid frames of each row; null if all are</param>
    public override Tensor forward(Tensor tokens, Tensor frames, IReadOnlyList<long>? frameLengths)
    {
        using var scope = NewDisposeScope();
        CheckLength(tokens.shape[1]);
        var memory = attn_proj.call(frames);
        var mask = LengthMask.OfMemory(memory, frameLengths);
        var causal = LengthMask.Causal(tokens.shape[1], memory.dtype, memory.device);
        var x = Embed(tokens, 0);
        foreach (var layer in model.layers)
        {
            x = layer.call(x, memory, causal, mask);
        }
        return Classify(x).MoveToOuterDisposeScope();
    }

    /// <summary>Multiply-adds of writing a caption by beam search: products of matrices, without norms and activations.</summary>
    /// <param name="frames">the encoder's frames</param>
    /// <param name="tokens">steps of the search</param>
    /// <param name="beams">hypotheses; the first step counts as many</param>
    /// <param name="cached">whether keys and values are kept; if not, each step projects the memory and reads the whole prefix anew for each hypothesis, as released</param>
    public long MultiplyAdds(long frames, long tokens, long beams, bool cached)
    {
        long d = Settings.Width, layers = Settings.Depth;
        var memory = frames * (Settings.FrameWidth * d + layers * 2 * d * d);
        var token = layers * (6 * d * d + 2 * d * Settings.Hidden) + d * Settings.Vocabulary;
        var (read, seen) = cached ? (tokens, tokens * (tokens + 1) / 2) : (tokens * (tokens + 1) / 2, Enumerable.Range(1, (int)tokens).Sum(t => (long)t * t));
        // A token's attention: scores and mixture over the tokens up to it (a whole square where the prefix is read anew) and over the frames.
        return (cached ? memory : beams * tokens * memory) + beams * (read * (token + layers * 2 * d * frames) + layers * 2 * d * seen);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">In training: its dropout would act on kept values.</exception>
    public DecoderCache Start(Tensor memory, IReadOnlyList<long>? memoryLengths)
    {
        if (training)
        {
            throw new InvalidOperationException("a decoder steps outside training only; call eval() first");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return DecoderCache.Start(model.layers, attn_proj.call(memory), memoryLengths, Settings.Heads);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor tokens, DecoderCache cache)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        CheckLength(cache.Length + 1);
        return Classify(cache.Step(model.layers, Embed(tokens.unsqueeze(1), cache.Length))).MoveToOuterDisposeScope();
    }

    private Tensor Embed(Tensor tokens, long from)
    {
        var embedded = dropout.call(word_embedding.call(tokens)) * Math.Sqrt(Settings.Width);
        return dropout.call(embedded + pos_encoder.pe.narrow(0, from, tokens.shape[1]).squeeze(1));
    }

    private Tensor Classify(Tensor x) => Fused.LinearInTraining(x, word_embedding.weight!, null);

    private void CheckLength(long length)
    {
        if (length > Settings.MaxLength)
        {
            throw new ArgumentException($"a sequence of {length} tokens is longer than the decoder's {Settings.MaxLength} positions");
        }
    }

    private sealed class PositionTable : nn.Module
    {
        internal readonly Tensor pe;

        internal PositionTable(CaptionDecoderSettings settings) : base(nameof(PositionTable))
        {
            pe = zeros(settings.MaxLength, 1, settings.Width);
            RegisterComponents();
        }

        internal void Fill(CaptionDecoderSettings settings, long seed)
        {
            using var scope = NewDisposeScope();
            if (settings.Positions == CaptionPositions.Sinusoid)
            {
                pe.copy_(SinePositions.Table(settings.MaxLength, settings.Width).unsqueeze(1));
                return;
            }
            // Xavier's rule takes the second dimension for inputs and the product of the others for outputs.
            var next = FreshWeights.Xavier(Randomness.RandomStream.Of(seed, "init caption decoder", "pos_encoder.pe"), settings.MaxLength * settings.Width, settings.Width);
            pe.copy_(tensor(Enumerable.Range(0, settings.MaxLength * settings.Width).Select(_ => (float)next()).ToArray(), pe.shape));
        }
    }

    private sealed class FrameProjection : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "0")]
        private readonly Linear linear;

        [ComponentName(Name = "3")]
        private readonly LayerNorm norm;

        private readonly SeededDropout dropout;

        internal FrameProjection(CaptionDecoderSettings settings, Generator generator) : base(nameof(FrameProjection))
        {
            linear = nn.Linear(settings.FrameWidth, settings.Width);
            norm = nn.LayerNorm(settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            RegisterComponents();
        }

        public override Tensor forward(Tensor frames)
        {
            using var scope = NewDisposeScope();
            var x = dropout.call(nn.functional.relu(linear.call(frames)));
            return norm.call(x.to(norm.weight!.dtype)).MoveToOuterDisposeScope();  // autocast's products are bfloat16
        }
    }

    private sealed class Blocks : nn.Module
    {
        internal readonly ModuleList<DecoderBlock> layers;

        internal Blocks(CaptionDecoderSettings settings, Generator generator) : base(nameof(Blocks))
        {
            layers = new ModuleList<DecoderBlock>([.. Enumerable.Range(0, settings.Depth)
                .Select(_ => new DecoderBlock(settings.Width, settings.Heads, settings.Hidden, settings.Dropout, generator, postNorm: true))]);
            RegisterComponents();
        }
    }
}
