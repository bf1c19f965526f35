// KDTalker's denoiser (Yang et al., IJCV 2026, arXiv 2503.12963, figure 5): tokens [canonical keypoints, reference motion,
// noisy frames] of 70 numbers, two FiLM blocks and one attention over time a layer. One token is one frame; within a frame the
// numbers mix in the dense layers, and there is no attention over keypoints. Computed as published, with one rearrangement:
// in a sampler the linear layer of [time, audio] that gives scale and shift is the sum of its two halves, so that the time's half is
// computed once a sample and the audio's half once a window (see Prepare).

using Retort.Decoding;
using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>What a window is denoised under. All are normalised motion or features, on one device.</summary>
/// <param name="Canonical">(B, motion): zeros for scale, angles and translation, then the canonical keypoints</param>
/// <param name="Reference">(B, motion): the motion of the frame before the window</param>
/// <param name="Audio">(B, T, audio): features of the window's frames</param>
public sealed record MotionCondition(Tensor Canonical, Tensor Reference, Tensor Audio);

/// <summary>
/// Predicts, from noisy frames (B, T, motion) at diffusion step t, the noise in them (or what it was trained for). The keys of its
/// state are the published checkpoint's without the prefix <c>point_model.model.</c>; the second norm of each FiLM block is kept for
/// its keys and never applied, as published, and gets no gradient.
/// </summary>
public sealed class MotionDenoiser : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Sequential time_mlp;
    private readonly Bands positional_encoding;
    private readonly Linear input_projection;
    private readonly DistanceBias? time_rel_pos_bias;
    private readonly ModuleList<Layer> layers;
    private readonly Linear output_projection;

    /// <summary>A model with fresh weights: PyTorch's defaults, the output layer almost zero (normal, deviation 1e-6), as published.</summary>
    /// <param name="settings">its settings; null for the published ones</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public MotionDenoiser(MotionDenoiserSettings? settings = null, long seed = 0) : base(nameof(MotionDenoiser))
    {
        Settings = settings ?? new MotionDenoiserSettings();
        Settings.Check();
        var s = Settings;
        time_mlp = nn.Sequential(("1", nn.Linear(s.Width, s.TimeWidth)), ("2", nn.SiLU()), ("3", nn.Linear(s.TimeWidth, s.TimeWidth)));
        positional_encoding = new Bands();
        input_projection = nn.Linear(s.Motion, s.Width);
        time_rel_pos_bias = s.Attention && s.RelativeBias ? new DistanceBias(s.Heads) : null;
        layers = new ModuleList<Layer>([.. Enumerable.Range(0, s.Depth).Select(_ => new Layer(s))]);
        output_projection = nn.Linear(s.Width, s.Motion);
        RegisterComponents();
        this.OutliveScopes();
        var shapes = named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        FreshWeights.Fill(this, seed, "motion denoiser", (name, shape, draw) => name switch
        {
            _ when name.StartsWith("output_projection.") => () => draw.Normal(0, 1e-6),
            _ when name.EndsWith("relative_attention_bias.weight") => () => draw.Normal(),
            _ when name.EndsWith(".gamma") => () => 1,
            _ when name.EndsWith(".beta") => null,
            _ when name.EndsWith(".bias") => FreshWeights.Uniform(draw, shapes[name[..^4] + "weight"][1]),
            _ => FreshWeights.Uniform(draw, shape[1]),
        });
    }

    /// <summary>The settings.</summary>
    public MotionDenoiserSettings Settings { get; }

    /// <summary>Outputs (B, N, motion) of all tokens.</summary>
    /// <param name="tokens">(B, N, motion)</param>
    /// <param name="t">(B), int64: the diffusion step of each sample</param>
    /// <param name="audio">(B, N, audio), zero at the prefix tokens</param>
    public override Tensor forward(Tensor tokens, Tensor t, Tensor audio)
    {
        using var scope = NewDisposeScope();
        var active = nn.functional.silu(audio);
        Tensor? both = null;
        return Run(tokens, t, (layer, block, time) =>
        {
            // Made at the first call, in the scope of the whole pass.
            both ??= cat([time.unsqueeze(1).expand(-1, active.shape[1], -1), active], 2).MoveToOuterDisposeScope();
            return layers[layer].Film(block).Of(both);
        }).MoveToOuterDisposeScope();
    }

    /// <summary>Outputs (B, T, motion) of the frames of a window.</summary>
    /// <param name="noisy">(B, T, motion)</param>
    /// <param name="t">(B), int64</param>
    /// <param name="condition">canonical keypoints, reference and audio</param>
    public Tensor Predict(Tensor noisy, Tensor t, MotionCondition condition)
    {
        using var scope = NewDisposeScope();
        var output = call(Tokens(noisy, condition), t, Padded(condition.Audio));
        return output.narrow(1, Settings.PrefixTokens, noisy.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// A denoiser of one window for a sampler: what depends on the audio alone is computed here once, without gradients; the
    /// result gives the same outputs as <see cref="Predict"/>.
    /// </summary>
    /// <param name="condition">canonical keypoints, reference and audio; it must live as long as the result is used</param>
    public PreparedDenoiser Prepare(MotionCondition condition)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var active = nn.functional.silu(Padded(condition.Audio));
        var films = layers.Select(l => new[] { l.Film(0).OfAudio(active).DetachFromDisposeScope(), l.Film(1).OfAudio(active).DetachFromDisposeScope() }).ToArray();
        return new PreparedDenoiser(this, condition, films);
    }

    /// <summary>
    /// The motion (B, T, motion), float32, that DDIM makes of noise; the audio's part is computed once. With classifier-free guidance on the audio (Ho and Salimans, 2021; the
    /// paper has none) a step's output is that without audio (zeros) plus <paramref name="guidance"/> times what the audio adds, at twice the time; it
    /// needs a denoiser whose audio was now and then zero in training.
    /// </summary>
    /// <param name="condition">canonical keypoints, reference and audio</param>
    /// <param name="noise">(B, T, motion), standard normal</param>
    /// <param name="timesteps">the steps, falling (<see cref="DdimSampler.Timesteps"/>)</param>
    /// <param name="target">what the denoiser was trained to say</param>
    /// <param name="schedule">the noise of each step; null for the published</param>
    /// <param name="guidance">1: none</param>
    public Tensor Sample(MotionCondition condition, Tensor noise, IReadOnlyList<long> timesteps, DiffusionTarget target = DiffusionTarget.Noise, NoiseSchedule? schedule = null, double guidance = 1)
    {
        using var heard = Prepare(condition);
        using var silence = guidance == 1 ? null : zeros_like(condition.Audio);
        using var deaf = silence is null ? null : Prepare(condition with { Audio = silence });
        Tensor Said(Tensor x, long t)
        {
            using var scope = NewDisposeScope();
            var with = heard.Predict(x, t).to(float32);
            return (deaf?.Predict(x, t).to(float32) is { } without ? without + guidance * (with - without) : with).MoveToOuterDisposeScope();
        }
        return DdimSampler.Sample(Said, noise, timesteps, schedule, target);
    }

    internal FilmBlock Film(int layer, int block) => layers[layer].Film(block);

    internal Tensor Run(Tensor tokens, Tensor t, Func<int, int, Tensor, Tensor> film)
    {
        if (tokens.dim() != 3 || tokens.shape[2] != Settings.Motion || t.dim() != 1 || t.shape[0] != tokens.shape[0])
        {
            throw new ArgumentException($"tokens must be (batch, tokens, {Settings.Motion}) with one step a sample, not ({string.Join(", ", tokens.shape)}) with ({string.Join(", ", t.shape)})", nameof(tokens));
        }
        using var scope = NewDisposeScope();
        var time = nn.functional.silu(time_mlp.call(SinePositions(t, Settings.Width)));
        var x = input_projection.call(tokens);
        var bias = time_rel_pos_bias?.call(tokens.shape[1]);
        (Tensor, Tensor)? turn = Settings.Attention && Settings.Rotary ? layers[0].Angles(tokens.shape[1]) : null;
        for (var l = 0; l < layers.Count; l++)
        {
            using var step = NewDisposeScope();
            var y = layers[l].Film(0).call(x, film(l, 0, time));
            y = layers[l].Film(1).call(y, film(l, 1, time));
            y = layers[l].Attend(y, bias, turn);
            x = y.MoveToOuterDisposeScope();
        }
        return output_projection.call(x).MoveToOuterDisposeScope();
    }

    internal Tensor Tokens(Tensor noisy, MotionCondition condition)
    {
        var parts = new List<Tensor>();
        if (Settings.CanonicalToken)
        {
            parts.Add(condition.Canonical.unsqueeze(1));
        }
        if (Settings.ReferenceToken)
        {
            parts.Add(condition.Reference.unsqueeze(1));
        }
        parts.Add(noisy);
        return cat(parts, 1);
    }

    private Tensor Padded(Tensor audio) => nn.functional.pad(audio, [0, 0, Settings.PrefixTokens, 0]);

    /// <summary>(B) steps to (B, width): sines, then cosines, of t 10000^(-k / (width / 2 - 1)).</summary>
    private static Tensor SinePositions(Tensor t, int width)
    {
        using var scope = NewDisposeScope();
        var half = width / 2;
        var frequencies = exp(arange(half, dtype: float32, device: t.device) * (-Math.Log(10000) / (half - 1)));
        var angles = t.to(float32).unsqueeze(1) * frequencies;
        return cat([angles.sin(), angles.cos()], 1).MoveToOuterDisposeScope();
    }

    /// <summary>A buffer of the published checkpoint that nothing reads.</summary>
    private sealed class Bands : nn.Module
    {
        private readonly Tensor freq_bands;

        internal Bands() : base(nameof(Bands))
        {
            freq_bands = tensor(Enumerable.Range(0, 10).Select(i => (float)Math.Pow(2, 1 + 8.0 * i / 9)).ToArray());
            RegisterComponents();
        }
    }

    /// <summary>A bias by head and by the distance of query and key in 32 buckets (Raffel et al., 2020), shared by all layers.</summary>
    private sealed class DistanceBias : nn.Module<long, Tensor>
    {
        private const int Buckets = 32, Farthest = 128;
        private readonly Embedding relative_attention_bias;

        internal DistanceBias(int heads) : base(nameof(DistanceBias))
        {
            relative_attention_bias = nn.Embedding(Buckets, heads);
            RegisterComponents();
        }

        /// <summary>(heads, N, N) for N tokens.</summary>
        public override Tensor forward(long tokens)
        {
            using var scope = NewDisposeScope();
            var buckets = new long[tokens * tokens];
            for (var i = 0; i < tokens; i++)
            {
                for (var j = 0; j < tokens; j++)
                {
                    buckets[i * tokens + j] = Bucket(i - j);
                }
            }
            var index = tensor(buckets, [tokens, tokens], device: relative_attention_bias.weight!.device);
            return relative_attention_bias.call(index).permute(2, 0, 1).MoveToOuterDisposeScope();
        }

        // Half the buckets a sign; the first half of these exact, the rest logarithmic up to the farthest distance.
        private static int Bucket(int distance)
        {
            const int Half = Buckets / 2, Exact = Half / 2;
            var near = Math.Abs(distance);
            var place = near < Exact ? near
                : Math.Min(Half - 1, Exact + (int)((float)(MathF.Log((float)near / Exact) / Math.Log((double)Farthest / Exact)) * (Half - Exact)));
            return (distance < 0 ? Half : 0) + place;
        }
    }

    /// <summary>Two FiLM blocks, then attention around which the tokens are added.</summary>
    private sealed class Layer : nn.Module
    {
        [ComponentName(Name = "0")]
        private readonly FilmBlock first;
        [ComponentName(Name = "1")]
        private readonly FilmBlock second;
        [ComponentName(Name = "2")]
        private readonly Residual? attention;

        internal Layer(MotionDenoiserSettings s) : base(nameof(Layer))
        {
            first = new FilmBlock(s);
            second = new FilmBlock(s);
            attention = s.Attention ? new Residual(s) : null;
            RegisterComponents();
        }

        internal FilmBlock Film(int block) => block == 0 ? first : second;

        internal (Tensor Cos, Tensor Sin) Angles(long tokens) => attention!.Angles(tokens);

        internal Tensor Attend(Tensor x, Tensor? bias, (Tensor Cos, Tensor Sin)? angles) => attention?.call(x, bias, angles) ?? x;
    }

    /// <summary>x + W2 SiLU(norm(W1 x) (1 + scale) + shift) after a SiLU, where scale and shift are linear in SiLU([time, audio]).</summary>
    internal sealed class FilmBlock : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Sequential mlp;
        private readonly Projection block1;
        private readonly Projection block2;
        private readonly int time;

        internal FilmBlock(MotionDenoiserSettings s) : base(nameof(FilmBlock))
        {
            time = s.TimeWidth;
            mlp = nn.Sequential(("1", nn.Linear(s.TimeWidth + s.Audio, 2 * s.Width)));
            block1 = new Projection(s.Width, dead: false);
            block2 = new Projection(s.Width, dead: true);
            RegisterComponents();
        }

        private Linear Film => (Linear)mlp[0];

        /// <summary>The audio's half (B, N, 2 D) of scale and shift, from SiLU(audio) (B, N, audio).</summary>
        internal Tensor OfAudio(Tensor audio)
        {
            using var scope = NewDisposeScope();
            var weight = Film.weight!.narrow(1, time, Film.weight.shape[1] - time).contiguous();
            return (Fused.Linear(audio, weight, null) ?? nn.functional.linear(audio, weight)).MoveToOuterDisposeScope();
        }

        /// <summary>Scale and shift (B, N, 2 D) from SiLU([time, audio]) (B, N, time + audio).</summary>
        internal Tensor Of(Tensor both) => Fused.Call(Film, both);

        /// <summary>The same from the audio's half and SiLU(time) (B, time).</summary>
        internal Tensor Of(Tensor audio, Tensor timeEmbedding)
        {
            using var scope = NewDisposeScope();
            return (audio + nn.functional.linear(timeEmbedding, Film.weight!.narrow(1, 0, time), Film.bias).unsqueeze(1)).MoveToOuterDisposeScope();
        }

        /// <summary>(B, N, D) to (B, N, D), from scale and shift.</summary>
        public override Tensor forward(Tensor x, Tensor film)
        {
            using var scope = NewDisposeScope();
            var width = x.shape[2];
            var scale = film.narrow(2, 0, width) + 1;
            var u = addcmul(film.narrow(2, width, width), block1.Normed(x), scale, 1);
            var v = block2.Plain(is_grad_enabled() ? nn.functional.silu(u) : u.silu_());
            return ((is_grad_enabled() ? nn.functional.silu(v) : v.silu_()) + x).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A linear layer and a norm, which is applied in the first of a block's two only.</summary>
    private sealed class Projection : nn.Module
    {
        private readonly Linear proj;
        private readonly ChannelNorm norm;

        internal Projection(int width, bool dead) : base(nameof(Projection))
        {
            proj = nn.Linear(width, width);
            norm = new ChannelNorm(width, dead);
            RegisterComponents();
        }

        internal Tensor Plain(Tensor x) => Fused.Call(proj, x);

        internal Tensor Normed(Tensor x)
        {
            using var projected = Fused.Call(proj, x);
            return norm.call(projected);
        }
    }

    /// <summary>LayerNorm of a token under the published names and shapes, (1, 1, D).</summary>
    private sealed class ChannelNorm : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter gamma;
        private readonly Parameter beta;

        internal ChannelNorm(int width, bool dead = false) : base(nameof(ChannelNorm))
        {
            gamma = new Parameter(ones(1, 1, width), !dead);
            beta = new Parameter(zeros(1, 1, width), !dead);
            RegisterComponents();
            this.OutliveScopes();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            // Under autocast x is bfloat16: the norm is computed in float32 and goes on in x's type.
            Tensor weight = gamma.view(-1), bias = beta.view(-1), wide = x.to(float32);
            return (Fused.Norm(wide, weight, bias, 1e-5) ?? nn.functional.layer_norm(wide, [x.shape[^1]], weight, bias)).to(x.dtype).MoveToOuterDisposeScope();
        }
    }

    /// <summary>x + attention(norm(x)), under the published names <c>fn.norm</c> and <c>fn.fn</c>.</summary>
    private sealed class Residual : nn.Module
    {
        private readonly Normed fn;

        internal Residual(MotionDenoiserSettings s) : base(nameof(Residual))
        {
            fn = new Normed(s);
            RegisterComponents();
        }

        internal (Tensor Cos, Tensor Sin) Angles(long tokens) => fn.Attention.Angles(tokens);

        internal Tensor call(Tensor x, Tensor? bias, (Tensor Cos, Tensor Sin)? angles)
        {
            using var scope = NewDisposeScope();
            return (fn.Attention.Attend(fn.Norm.call(x), bias, angles) + x).MoveToOuterDisposeScope();
        }

        private sealed class Normed : nn.Module
        {
            [ComponentName(Name = "fn")]
            internal readonly RotaryAttention Attention;
            [ComponentName(Name = "norm")]
            internal readonly ChannelNorm Norm;

            internal Normed(MotionDenoiserSettings s) : base(nameof(Normed))
            {
                Attention = new RotaryAttention(s.Width, s.Heads, s.Rotary ? s.TurnedChannels : 0);
                Norm = new ChannelNorm(s.Width);
                RegisterComponents();
            }
        }
    }
}
