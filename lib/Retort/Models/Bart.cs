// BART (Lewis et al. 2020), the decoder of the paper's teacher HTSAT-BART: an encoder over the projected sound frames and a decoder of
// byte-level BPE tokens. Hugging Face's key names; queries, keys and values of a self-attention are packed on loading.

using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Settings of <see cref="Bart"/>; the defaults are BART base.</summary>
public sealed record BartSettings
{
    /// <summary>Number of tokens, V.</summary>
    public int Vocabulary { get; init; } = 50265;

    /// <summary>Width of a token, D.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Layers of the encoder and of the decoder.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the hidden layers.</summary>
    public int Hidden { get; init; } = 3072;

    /// <summary>Most positions.</summary>
    public int MaxLength { get; init; } = 1024;

    /// <summary>Probability of dropout in training.</summary>
    public double Dropout { get; init; } = 0.1;
}

/// <summary>
/// BART: frames through a post-norm encoder, tokens through a post-norm decoder that attends to them; the head is the embedding.
/// <see cref="Encode"/> first; then teacher forcing by a call, or decoding step by step.
/// </summary>
public sealed class Bart : nn.Module<Tensor, Tensor, IReadOnlyList<long>?, Tensor>, IStepDecoder
{
    private readonly Embedding shared;
    private readonly Half encoder;
    private readonly Half decoder;
    private readonly Tensor final_logits_bias;

    /// <summary>A network with fresh weights, normal with deviation 0.02 as published.</summary>
    /// <param name="settings">its settings; null for BART base</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    public Bart(BartSettings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(Bart))
    {
        Settings = settings ?? new BartSettings();
        Generator = generator ?? new Generator((ulong)seed);
        shared = nn.Embedding(Settings.Vocabulary, Settings.Width);
        encoder = new Half(Settings, Generator, decodes: false);
        decoder = new Half(Settings, Generator, decodes: true);
        final_logits_bias = zeros(1, Settings.Vocabulary);
        RegisterComponents();
        FreshWeights.Fill(this, seed, "bart", (name, shape, draw) => shape.Length > 1 ? () => draw.Normal(0, 0.02) : null);
        this.OutliveScopes();
    }

    /// <summary>The settings.</summary>
    public BartSettings Settings { get; }

    /// <summary>What dropout draws from in training.</summary>
    public Generator Generator { get; }

    /// <inheritdoc/>
    public int Vocabulary => Settings.Vocabulary;

    /// <inheritdoc/>
    public int MaxLength => Settings.MaxLength;

    /// <summary>Frames (B, S, D) to the encoder's output (B, S, D), which the decoder attends to.</summary>
    /// <param name="frames">(B, S, D)</param>
    /// <param name="lengths">valid frames of each row; null if all are</param>
    public Tensor Encode(Tensor frames, IReadOnlyList<long>? lengths = null)
    {
        using var scope = NewDisposeScope();
        var mask = LengthMask.OfMemory(frames, lengths);
        var x = encoder.Place(frames, 0);
        foreach (var layer in encoder.layers)
        {
            x = ((EncoderLayer)layer).Masked(x, mask);
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Teacher forcing: logits (B, L, V) of each next token.</summary>
    /// <param name="tokens">(B, L), int64</param>
    /// <param name="memory">what <see cref="Encode"/> gave</param>
    /// <param name="memoryLengths">valid frames of each row; null if all are</param>
    public override Tensor forward(Tensor tokens, Tensor memory, IReadOnlyList<long>? memoryLengths)
    {
        using var scope = NewDisposeScope();
        var mask = LengthMask.OfMemory(memory, memoryLengths);
        var causal = LengthMask.Causal(tokens.shape[1], memory.dtype, memory.device);
        var x = decoder.Place(shared.call(tokens), 0);
        foreach (var layer in decoder.Blocks)
        {
            x = layer.call(x, memory, causal, mask);
        }
        return Classify(x).MoveToOuterDisposeScope();
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
        return DecoderCache.Start(decoder.Blocks, memory, memoryLengths, Settings.Heads);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor tokens, DecoderCache cache)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Classify(cache.Step(decoder.Blocks, decoder.Place(shared.call(tokens.unsqueeze(1)), cache.Length))).MoveToOuterDisposeScope();
    }

    /// <summary>Loads weights under Hugging Face's names (<c>model.shared.weight</c> and so on), whatever stands before them.</summary>
    /// <param name="weights">tensors by their file's names</param>
    /// <param name="source">what to call the weights in an error</param>
    /// <exception cref="BadInputException">A weight is missing, misshapen or unknown: all at once.</exception>
    public LoadReport Load(IReadOnlyDictionary<string, Tensor> weights, string source = "weights")
    {
        using var scope = NewDisposeScope();
        const string Mark = "decoder.layernorm_embedding.weight";
        var found = weights.Keys.Where(k => k.EndsWith(Mark, StringComparison.Ordinal)).ToArray();
        if (found.Length != 1)
        {
            throw new BadInputException(source, "", $"{found.Length} weights are named ...{Mark}; a BART has one");
        }
        var prefix = found[0][..^Mark.Length];
        var outer = prefix.EndsWith("model.", StringComparison.Ordinal) ? prefix[..^"model.".Length] : prefix;
        var renamed = new Dictionary<string, Tensor>();
        foreach (var (name, value) in weights)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                renamed[name[prefix.Length..]] = value;
            }
            else if (name == outer + "final_logits_bias")
            {
                renamed["final_logits_bias"] = value;
            }
            else if (name != outer + "lm_head.weight")
            {
                renamed[name] = value;
            }
        }
        // One matrix under several names.
        foreach (var tied in new[] { "encoder.embed_tokens.weight", "decoder.embed_tokens.weight" })
        {
            if (renamed.Remove(tied, out var same))
            {
                renamed.TryAdd("shared.weight", same);
            }
        }
        renamed.TryAdd("final_logits_bias", final_logits_bias);
        foreach (var query in renamed.Keys.Where(k => k.EndsWith(".q_proj.weight", StringComparison.Ordinal)).ToArray())
        {
            var attention = query[..^".q_proj.weight".Length];
            foreach (var kind in new[] { "weight", "bias" })
            {
                var names = "qkv".Select(p => $"{attention}.{p}_proj.{kind}").ToArray();
                if (names.All(renamed.ContainsKey))
                {
                    renamed[$"{attention}.in_proj_{kind}"] = cat([.. names.Select(n => renamed[n])]);
                    foreach (var name in names)
                    {
                        renamed.Remove(name);
                    }
                }
            }
        }
        return Weights.Load(this, renamed.ToDictionary(w => Ours(w.Key), w => w.Value), strict: true, source);
    }

    private static string Ours(string name) => name.Replace(".encoder_attn.", ".multihead_attn.", StringComparison.Ordinal)
        .Replace(".self_attn_layer_norm.", ".norm1.", StringComparison.Ordinal).Replace(".encoder_attn_layer_norm.", ".norm2.", StringComparison.Ordinal)
        .Replace(".final_layer_norm.", name.StartsWith("decoder.", StringComparison.Ordinal) ? ".norm3." : ".norm2.", StringComparison.Ordinal)
        .Replace(".fc1.", ".linear1.", StringComparison.Ordinal).Replace(".fc2.", ".linear2.", StringComparison.Ordinal);

    private Tensor Classify(Tensor x) => nn.functional.linear(x, shared.weight!) + final_logits_bias.squeeze(0);

    private sealed class Half : nn.Module
    {
        // The published table begins with two rows that no position uses.
        private const int Unused = 2;
        internal readonly ModuleList<nn.Module> layers;
        private readonly Embedding embed_positions;
        private readonly LayerNorm layernorm_embedding;
        private readonly SeededDropout dropout;

        internal Half(BartSettings settings, Generator generator, bool decodes) : base(nameof(Half))
        {
            embed_positions = nn.Embedding(settings.MaxLength + Unused, settings.Width);
            layernorm_embedding = nn.LayerNorm(settings.Width);
            layers = new ModuleList<nn.Module>([.. Enumerable.Range(0, settings.Depth).Select(_ => decodes
                ? (nn.Module)new DecoderBlock(settings.Width, settings.Heads, settings.Hidden, settings.Dropout, generator, postNorm: true, gelu: true)
                : new EncoderLayer(settings, generator))]);
            dropout = new SeededDropout(settings.Dropout, generator);
            RegisterComponents();
            Blocks = decodes ? [.. layers.Cast<DecoderBlock>()] : [];
        }

        internal IList<DecoderBlock> Blocks { get; }

        /// <summary>(B, T, D) with positions from a place on, normed.</summary>
        internal Tensor Place(Tensor x, long from)
        {
            if (from + x.shape[1] + Unused > embed_positions.weight!.shape[0])
            {
                throw new ArgumentException($"a sequence of {from + x.shape[1]} is longer than the {embed_positions.weight.shape[0] - Unused} positions");
            }
            return dropout.call(layernorm_embedding.call(x + embed_positions.weight.narrow(0, from + Unused, x.shape[1])));
        }
    }

    private sealed class EncoderLayer : nn.Module<Tensor, Tensor>
    {
        private const double Epsilon = 1e-5;
        private readonly PackedAttention self_attn;
        private readonly LayerNorm norm1;
        private readonly Linear linear1;
        private readonly Linear linear2;
        private readonly LayerNorm norm2;
        private readonly SeededDropout dropout;

        internal EncoderLayer(BartSettings settings, Generator generator) : base(nameof(EncoderLayer))
        {
            self_attn = new PackedAttention(settings.Width, settings.Heads, settings.Dropout, generator);
            norm1 = nn.LayerNorm(settings.Width);
            linear1 = nn.Linear(settings.Width, settings.Hidden);
            linear2 = nn.Linear(settings.Hidden, settings.Width);
            norm2 = nn.LayerNorm(settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) => Masked(x, null);

        internal Tensor Masked(Tensor x, Tensor? mask)
        {
            using var scope = NewDisposeScope();
            x = EncoderBlock.AddNorm(x, dropout.call(self_attn.call(x, mask)), norm1, Epsilon, keep: true).Normed;
            var y = Fused.Mlp(x, linear1.weight, linear1.bias!, linear2.weight, linear2.bias!) ?? linear2.call(nn.functional.gelu(linear1.call(x)));
            return EncoderBlock.AddNorm(x, dropout.call(y), norm2, Epsilon, keep: true).Normed.MoveToOuterDisposeScope();
        }
    }
}
