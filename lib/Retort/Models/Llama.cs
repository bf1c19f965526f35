// The decoder of the LLaMA family (Touvron et al. 2023): RMSNorm, rotary positions, SwiGLU, grouped-query attention. Names of
// its state are those of the code that RobustGER was published with (a fork of lit-gpt), so that published adapters load;
// LlamaCheckpoint reads Hugging Face's names.

using Retort.Layers;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// A LLaMA-family language model, with RobustGER's adapter if settings for one are given. Keys of its state: <c>lm_head</c>,
/// <c>transformer.wte</c>, <c>transformer.h.{i}</c>, <c>transformer.ln_f</c>. Weights are without values until they are loaded or filled.
/// </summary>
public sealed class Llama : nn.Module<Tensor, Tensor?, Tensor>
{
    private readonly Projection? lm_head;
    private readonly Transformer transformer;
    // No part of the state: files of the family do not hold it, or hold it to be ignored.
    private readonly RotaryTable angles;

    private sealed class Transformer : nn.Module
    {
        internal readonly RowTable wte;
        internal readonly ModuleList<LlamaBlock> h;
        internal readonly RmsNorm ln_f;

        internal Transformer(LlamaSettings s, PromptAdapterSettings? adapter, ScalarType? dtype, Device? device, ScalarType? adapterType) : base(nameof(Transformer))
        {
            wte = new RowTable(s.Vocabulary, s.Width, dtype, device);
            h = new ModuleList<LlamaBlock>([.. Enumerable.Range(0, s.Depth).Select(i => new LlamaBlock(
                new LlamaAttention(i, s.Width, s.Heads, s.Groups, s.Head, s.AttentionBias, i >= adapter?.StartLayer ? adapter : null, dtype, device, adapterType),
                s.Width, s.Hidden, s.Epsilon, dtype, device))]);
            ln_f = new RmsNorm(s.Width, s.Epsilon, dtype, device);
            RegisterComponents();
        }
    }

    /// <summary>A model whose weights have no values yet: fill them by <see cref="Fill"/> or load them (<see cref="LlamaCheckpoint"/>).</summary>
    /// <param name="settings">its size</param>
    /// <param name="adapter">RobustGER's adapter; null for none</param>
    /// <param name="dtype">type of the base weights; float32 if null</param>
    /// <param name="device">where the weights are; the CPU if null</param>
    /// <param name="adapterType">type of the adapter's weights; float32 if null</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public Llama(LlamaSettings settings, PromptAdapterSettings? adapter = null, ScalarType? dtype = null, Device? device = null, ScalarType? adapterType = null) : base(nameof(Llama))
    {
        settings.Check();
        if (adapter is { } a && (a.Rows < 1 || a.NoiseWidth < 0 || a.StartLayer < 0 || a.StartLayer >= settings.Depth))
        {
            throw new ArgumentException($"an adapter of {a.Rows} rows from layer {a.StartLayer} on with noise of width {a.NoiseWidth} does not fit {settings.Depth} layers", nameof(adapter));
        }
        (Settings, Adapter) = (settings, adapter);
        lm_head = settings.Tied ? null : new Projection(settings.Width, settings.Vocabulary, dtype: dtype, device: device);
        transformer = new Transformer(settings, adapter, dtype, device, adapterType);
        RegisterComponents();
        angles = new RotaryTable(settings.Context, settings.Head, settings.Theta, settings.Scaling, device);
        foreach (var (name, parameter) in named_parameters())
        {
            parameter.requires_grad = adapter is null || IsAdapter(name);
        }
    }

    /// <summary>The settings.</summary>
    public LlamaSettings Settings { get; }

    /// <summary>The adapter's settings, or null.</summary>
    public PromptAdapterSettings? Adapter { get; }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LlamaBlock> Layers => [.. transformer.h];

    /// <summary>The table of input embeddings (V, D).</summary>
    public Tensor InputEmbeddings => transformer.wte.Weight;

    /// <summary>Whether a weight of this name belongs to the adapter: the published filter.</summary>
    public static bool IsAdapter(string name) =>
        name.Contains("adapter_wte", StringComparison.Ordinal) || name.Contains("gating_factor", StringComparison.Ordinal)
        || name.Contains("projection_rms", StringComparison.Ordinal) || name.Contains(".ef_", StringComparison.Ordinal);

    /// <summary>
    /// Gives every weight a value that follows from the seed and its name: normal with deviation 0.02 in tables and linear layers
    /// (those that end a layer divided by sqrt(2 depth)), and the published start of the adapter: N(0, 1) in prompt rows, uniform
    /// within 1/sqrt(width) in tuners, 0 in gates.
    /// </summary>
    /// <param name="seed">the run's seed</param>
    /// <param name="which">only weights whose name this accepts; null for all</param>
    public void Fill(long seed, Func<string, bool>? which = null)
    {
        using var none = no_grad();
        foreach (var (name, parameter) in named_parameters())
        {
            if (which?.Invoke(name) == false)
            {
                continue;
            }
            var draw = RandomStream.Of(seed, "init llama", name);
            Func<double>? next = name switch
            {
                _ when name.Contains("gating_factor") => () => 0,
                _ when name.Contains("adapter_wte") => () => draw.Normal(),
                _ when name.Contains(".ef_") => FreshWeights.Uniform(draw, Adapter!.NoiseWidth),
                _ when name.Contains("lora_A") => FreshWeights.Uniform(draw, parameter.shape[1]),
                _ when name.Contains("lora_B") => () => 0,
                _ when name.Contains("norm") || name.Contains("ln_f") || name.Contains("_rms_") => null,
                _ when name.EndsWith("bias") => () => 0,
                _ when name.EndsWith("proj.weight") => () => draw.Normal(0, 0.02 / Math.Sqrt(2 * Settings.Depth)),
                _ => () => draw.Normal(0, 0.02),
            };
            if (next is null)
            {
                parameter.fill_(1);
                continue;
            }
            var values = new float[parameter.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)next();
            }
            using var fresh = tensor(values, parameter.shape);
            parameter.copy_(fresh);
        }
    }

    /// <summary>Logits (B, T, V) of the token after each.</summary>
    /// <param name="tokens">(B, T), int64, padded on the right if at all</param>
    /// <param name="noise">the noise input (B, U, width), the negative of the paper's E_LN; null for none</param>
    public override Tensor forward(Tensor tokens, Tensor? noise)
    {
        using var scope = NewDisposeScope();
        return Logits(Hidden(tokens, noise)).MoveToOuterDisposeScope();
    }

    /// <summary>The last layer's normed output (B, T, D), for those who want logits of some positions only.</summary>
    /// <param name="tokens">(B, T), int64, padded on the right if at all: what is at the right is seen by nothing before it</param>
    /// <param name="noise">the noise input (B, U, width); null for none</param>
    /// <param name="taps">filled with the tuners' outputs, key and value of each adapted layer in turn, each (B, U, H h); null where not wanted</param>
    /// <exception cref="ArgumentException">The sequence is longer than the context, or the noise does not fit the adapter.</exception>
    public Tensor Hidden(Tensor tokens, Tensor? noise = null, List<Tensor>? taps = null)
    {
        var length = tokens.shape[1];
        Check(tokens, noise, length);
        var tapped = taps is null ? null : new List<Tensor>();
        Tensor result;
        using (NewDisposeScope())
        {
            var fused = Fused.HasGrouped(InputEmbeddings, Settings.Head);
            var (cosines, sines) = angles.From(0, length, InputEmbeddings.device, fused ? float32 : InputEmbeddings.dtype);
            var pass = new LlamaPass
            {
                IsFused = fused,
                Cosines = cosines,
                Sines = sines,
                Mask = length == 1 || fused ? null : full([length, length], float.NegativeInfinity, InputEmbeddings.dtype, InputEmbeddings.device).triu_(1),
                Noise = noise,
                Taps = tapped,
            };
            result = Run(tokens, pass).MoveToOuterDisposeScope();
        }
        foreach (var tap in tapped ?? [])
        {
            // Detached by the layers, whose scopes have ended; from here on it belongs to the caller's scope.
            taps!.Add(tap.alias());
            tap.Dispose();
        }
        return result;
    }

    /// <summary>Logits (..., V) of outputs (..., D).</summary>
    public Tensor Logits(Tensor hidden) => lm_head is null ? nn.functional.linear(hidden, transformer.wte.Weight) : lm_head.call(hidden);

    /// <summary>
    /// Keeps the base's linear layers in 8 bits from now on (<see cref="Projection.ToEightBits"/>): half of bfloat16's memory (what it
    /// does to the pace of decoding is measured by the bench, group llama), for inference alone. The table of input embeddings, norms and adapter stay; a head that is the table stays, too.
    /// </summary>
    public void ToEightBits()
    {
        foreach (var layer in transformer.h.SelectMany(h => h.Linear).Concat(lm_head is null ? [] : [lm_head]))
        {
            layer.ToEightBits();
        }
    }

    /// <summary>A cache for rows of at most so many tokens.</summary>
    /// <param name="padding">padding tokens at the left of each row</param>
    /// <param name="length">most tokens of a row, the padding counted</param>
    public LlamaCache NewCache(IReadOnlyList<long> padding, int length) => new(
        Settings.Depth, padding.Count, Settings.Groups, Settings.Head, length, padding, InputEmbeddings.dtype, InputEmbeddings.device);

    /// <summary>Reads more tokens of each row: logits (B, V) of the token after the last.</summary>
    /// <param name="tokens">(B, T), int64; the first call's are padded on the left as the cache says</param>
    /// <param name="cache">what was read before</param>
    /// <param name="noise">the noise input (B, U, width), the same at each step; used at the first</param>
    /// <exception cref="ArgumentException">The sequence is longer than the context or the cache, or the noise does not fit the adapter.</exception>
    public Tensor Step(Tensor tokens, LlamaCache cache, Tensor? noise = null)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var length = tokens.shape[1];
        Check(tokens, noise, cache.Length + length);
        var padded = cache.Padding.Any(p => p > 0);
        var fused = Fused.HasGrouped(InputEmbeddings, Settings.Head);
        Tensor Places() => arange(cache.Length, cache.Length + length, device: tokens.device).unsqueeze(0);  // (1, T)
        Tensor? mask = null;
        if (!fused && (padded || length > 1))
        {
            var places = Places();
            var columns = arange(0, cache.Length + length, device: tokens.device);
            var hidden = columns.unsqueeze(0).gt(places.view(-1, 1)).unsqueeze(0);  // (1, T, S): what comes later
            if (padded)
            {
                // A row of padding sees itself, so that no softmax is over nothing.
                var left = columns.view(1, 1, -1).lt(cache.PaddingTensor.view(-1, 1, 1));
                hidden = hidden.logical_or(left.logical_and(columns.view(1, 1, -1).ne(places.view(1, -1, 1))));
            }
            mask = zeros(hidden.shape, InputEmbeddings.dtype, tokens.device).masked_fill(hidden, float.NegativeInfinity).unsqueeze(1).unsqueeze(1);
        }
        var type = fused ? float32 : InputEmbeddings.dtype;
        var (cosines, sines) = padded
            ? angles.Of((Places() - cache.PaddingTensor.view(-1, 1)).clamp_min(0), type)
            : angles.From(cache.Length, length, tokens.device, type);
        var output = Run(tokens, new LlamaPass { IsFused = fused, Cosines = cosines, Sines = sines, Mask = mask, Cache = cache, Noise = noise });
        cache.Advance((int)length);
        return Logits(output.select(1, length - 1)).MoveToOuterDisposeScope();
    }

    private Tensor Run(Tensor tokens, LlamaPass pass)
    {
        var x = transformer.wte.call(tokens);
        foreach (var block in transformer.h)
        {
            x = block.Run(x, pass);
        }
        return transformer.ln_f.call(x);
    }

    private void Check(Tensor tokens, Tensor? noise, long length)
    {
        if (tokens.dim() != 2 || length > Settings.Context)
        {
            throw new ArgumentException($"tokens of shape ({string.Join(", ", tokens.shape)}), {length} with those before: expected (rows, tokens) of at most {Settings.Context}", nameof(tokens));
        }
        if (noise is not null && (Adapter is not { NoiseWidth: > 0 } || noise.dim() != 3 || noise.shape[0] != tokens.shape[0] || noise.shape[1] != Adapter.Rows || noise.shape[2] != Adapter.NoiseWidth))
        {
            throw new ArgumentException($"a noise input of shape ({string.Join(", ", noise.shape)}) does not fit {tokens.shape[0]} rows and "
                + (Adapter is { NoiseWidth: > 0 } a ? $"an adapter of {a.Rows} rows of width {a.NoiseWidth}" : "a model without a noise tuner"), nameof(noise));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            angles.Dispose();
        }
        base.Dispose(disposing);
    }
}
