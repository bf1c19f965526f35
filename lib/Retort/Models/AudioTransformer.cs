// CED's audio transformer (Dinkel et al., ICASSP 2024; the published audiotransformer model): a vision transformer on
// patches of 16 frames by 16 mel bins, with separate time and frequency positions, pre-norm blocks, and a second LayerNorm
// in the head. Patches are cut and projected by one matrix product, the same sums as the published convolution.
// Left out: the published time_patch_out and freq_patch_out, which call a function that does not exist there, and dropout,
// which is 0 in every published configuration. Where the published code differs on long clips: see LongClipRule.

using Retort.Audio;
using Retort.Layers;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Waves (B, samples) at the front-end's rate to class scores (B, C): probabilities, or logits under
/// <see cref="Pooling.Logit"/>. The keys of its state are the published models'.
/// </summary>
public sealed class AudioTransformer : nn.Module<Tensor, Tensor>
{
    /// <summary>Windows of a long clip that are computed together where no gradient is needed.</summary>
    private const int WindowsAtOnce = 8;

    private readonly Parameter? cls_token;
    private readonly Parameter? token_pos_embed;
    private readonly Parameter time_pos_embed;
    private readonly Parameter freq_pos_embed;
    private readonly ModuleList<MelFrontEnd> front_end;
    private readonly InputNorm init_bn;
    private readonly PatchEmbedding patch_embed;
    private readonly ModuleList<EncoderBlock> blocks;
    private readonly LayerNorm norm;
    private readonly Head outputlayer;

    /// <summary>A model with fresh weights.</summary>
    /// <param name="settings">its settings</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public AudioTransformer(AudioTransformerSettings settings, long seed) : this(settings)
    {
        using var noGrad = no_grad();
        foreach (var (name, parameter) in named_parameters())
        {
            var draw = RandomStream.Of(seed, "init", name);
            Func<double>? next = name switch
            {
                _ when name.EndsWith("_pos_embed") || name == "cls_token" => () => draw.Normal(0, 0.02),
                // PyTorch's default for convolutions: uniform within 1 / sqrt(values in a patch).
                _ when name.StartsWith("patch_embed.") => () => draw.Uniform(-1.0 / settings.Patch, 1.0 / settings.Patch),
                // Published: normal, cut at +-2, which is a hundred deviations.
                _ when parameter.dim() == 2 => () => draw.Normal(0, 0.02),
                _ => null,
            };
            if (next is null)
            {
                parameter.fill_(name.EndsWith(".weight") ? 1 : 0);
                continue;
            }
            var values = new float[parameter.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)next();
            }
            using var fresh = tensor(values);
            using var shaped = fresh.view(parameter.shape);
            parameter.copy_(shaped);
        }
    }

    /// <summary>A model whose weights are about to be loaded.</summary>
    internal AudioTransformer(AudioTransformerSettings settings) : base(nameof(AudioTransformer))
    {
        settings.Check();
        Settings = settings;
        if (settings.Pooling == Pooling.Token)
        {
            cls_token = new Parameter(zeros(1, 1, settings.Width));
            token_pos_embed = new Parameter(zeros(1, settings.Width));
        }
        time_pos_embed = new Parameter(zeros(1, settings.Width, 1, settings.Columns));
        freq_pos_embed = new Parameter(zeros(1, settings.Width, settings.Rows, 1));
        front_end = new ModuleList<MelFrontEnd>(new MelFrontEnd(settings.Mel));
        init_bn = new InputNorm(settings.Mel.Mels);
        patch_embed = new PatchEmbedding(settings.Patch, settings.Width);
        blocks = new ModuleList<EncoderBlock>(Enumerable.Range(0, settings.Depth)
            .Select(_ => new EncoderBlock(settings.Width, settings.Heads, settings.HiddenRatio * settings.Width)).ToArray());
        norm = nn.LayerNorm(settings.Width, 1e-6);
        outputlayer = new Head(settings.Width, settings.Classes);
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The settings.</summary>
    public AudioTransformerSettings Settings { get; }

    /// <summary>The front-end; members of an ensemble share one.</summary>
    public MelFrontEnd FrontEnd => front_end[0];

    /// <summary>Scores (B, C) of waves (B, samples).</summary>
    /// <exception cref="ArgumentException">The clips are shorter than one patch (2400 samples with CED's settings).</exception>
    public override Tensor forward(Tensor waves)
    {
        using var scope = NewDisposeScope();
        return ForwardMel(FrontEnd.call(waves)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores (B, C) of spectrograms (B, mels, frames) in dB, of any length from one patch up.</summary>
    public Tensor ForwardMel(Tensor mel)
    {
        using var scope = NewDisposeScope();
        return OverWindows(Normalise(Continued(mel)), Score).MoveToOuterDisposeScope();
    }

    /// <summary>Probabilities (B, C) of spectrograms, whatever the pooling.</summary>
    public Tensor Probabilities(Tensor mel)
    {
        using var scope = NewDisposeScope();
        var scores = ForwardMel(mel);
        return (Settings.Pooling == Pooling.Logit ? scores.sigmoid() : scores.alias()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Embeddings (B, steps, D) of each time step of spectrograms (B, mels, frames): the tokens after the last norm, mean over frequency. A step is one
    /// patch long, <see cref="AudioTransformerSettings.Patch"/> frames (160 ms with the published settings). A long clip is seen in windows; what is left at
    /// the end of a window beyond its last whole patch is left out. Under <see cref="AudioTransformerSettings.PadShort"/> a short clip has the steps of the
    /// silence after it, too, as its scores are made of them.
    /// </summary>
    public Tensor StepEmbeddings(Tensor mel)
    {
        using var scope = NewDisposeScope();
        var x = Normalise(Continued(mel));
        var steps = new List<Tensor>();
        for (long start = 0; x.shape[2] - start >= Settings.Patch; start += Settings.TargetFrames)
        {
            steps.Add(Steps(Encode(x.narrow(2, start, Math.Min(Settings.TargetFrames, x.shape[2] - start)))).mean([1]));
        }
        return cat(steps, 1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Embeddings (B, D) of whole clips: the mean of <see cref="StepEmbeddings"/>. Of a clip of up to TargetFrames frames it is what the head makes the scores of
    /// under <see cref="Pooling.Mean"/> and <see cref="Pooling.Logit"/>.
    /// </summary>
    public Tensor ClipEmbeddings(Tensor mel)
    {
        using var scope = NewDisposeScope();
        return StepEmbeddings(mel).mean([1]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Spectrograms (B, mels, frames) of which only some patches are seen: their tokens (B, V, D) after the last norm, in
    /// the order of <paramref name="visible"/> (B, V), the patches' numbers row by row. Not with a class token.
    /// </summary>
    internal Tensor EncodeVisible(Tensor mel, Tensor visible)
    {
        using var scope = NewDisposeScope();
        return Encode(Normalise(mel), visible).MoveToOuterDisposeScope();
    }

    /// <summary>What a front-end makes of silence after a clip: 1e-10 in dB, or 120 dB below the clip's loudest.</summary>
    internal static float Silence(float loudest) => Math.Max(-100, loudest - 120);

    private Tensor Continued(Tensor mel)
    {
        if (!Settings.PadShort || mel.dim() != 3 || mel.shape[2] >= Settings.TargetFrames)
        {
            return mel;
        }
        var silence = (mel.amax([1, 2], keepdim: true) - 120).clamp_min(-100);  // (B, 1, 1)
        return cat([mel, silence.expand(-1, mel.shape[1], Settings.TargetFrames - mel.shape[2])], 2);
    }

    private Tensor Normalise(Tensor mel)
    {
        if (mel.dim() != 3 || mel.shape[1] != Settings.Mel.Mels || mel.shape[2] < Settings.Patch)
        {
            throw new ArgumentException($"a spectrogram must be (batch, {Settings.Mel.Mels}, frames) with {Settings.Patch} frames " +
                $"({Settings.MinimumSamples} samples) or more, not ({string.Join(", ", mel.shape)})", nameof(mel));
        }
        return init_bn.call(mel);
    }

    /// <summary>Applies the scorer to windows of at most TargetFrames and averages as the settings say.</summary>
    private Tensor OverWindows(Tensor x, Func<Tensor, Tensor> score)
    {
        long batch = x.shape[0], frames = x.shape[2], size = Settings.TargetFrames;
        if (frames <= size)
        {
            return score(x);
        }
        var whole = frames / size;
        var rest = frames % size;
        if (Settings.LongClips == LongClipRule.Upstream)
        {
            // Published: a last window is always taken for a partial one, padded with 0 (the mean after the input norm);
            // if nothing is left over, the last full window is lost.
            x = rest == 0 ? x.narrow(2, 0, (whole - 1) * size) : nn.functional.pad(x, (0, size - rest));
            return Windows(x, score).mean([1]);
        }
        var sum = Windows(x.narrow(2, 0, whole * size), score).sum(1) * size;
        if (rest < Settings.Patch)
        {
            return sum / (whole * size);
        }
        return (sum + score(x.narrow(2, whole * size, rest)) * rest) / (whole * size + rest);

        // (B, M, W size) to the scores of each window, (B, W, C).
        Tensor Windows(Tensor whole, Func<Tensor, Tensor> score)
        {
            var windows = whole.unfold(2, size, size).transpose(1, 2).flatten(0, 1);  // (B W, M, size)
            var count = windows.shape[0];
            if (is_grad_enabled() || count <= WindowsAtOnce)
            {
                return score(windows).view(batch, count / batch, -1);
            }
            var scores = new List<Tensor>();
            for (long start = 0; start < count; start += WindowsAtOnce)
            {
                using var part = NewDisposeScope();
                scores.Add(score(windows.narrow(0, start, Math.Min(WindowsAtOnce, count - start))).MoveToOuterDisposeScope());
            }
            return cat(scores, 0).view(batch, count / batch, -1);
        }
    }

    /// <summary>(B, M, T) after the input norm to tokens (B, [1 +] rows columns, D), row by row, after the last norm.</summary>
    private Tensor Encode(Tensor x, Tensor? visible = null)
    {
        using var scope = NewDisposeScope();
        var columns = x.shape[2] / Settings.Patch;
        var tokens = patch_embed.call(x.narrow(2, 0, columns * Settings.Patch));
        var positions = (time_pos_embed.narrow(3, 0, columns) + freq_pos_embed).flatten(2).transpose(1, 2);  // (1, rows columns, D)
        tokens = tokens + positions;
        if (visible is not null)
        {
            tokens = tokens.gather(1, visible.unsqueeze(-1).expand(-1, -1, Settings.Width));
        }
        if (cls_token is not null && token_pos_embed is not null)
        {
            tokens = cat([(cls_token + token_pos_embed).expand(x.shape[0], -1, -1), tokens], 1);
        }
        Tensor? added = null;
        foreach (var block in blocks)
        {
            var next = block.Branches(tokens, added);
            if (!is_grad_enabled())
            {
                tokens.Dispose();
                added?.Dispose();
            }
            (tokens, added) = next;
        }
        return EncoderBlock.AddNorm(tokens, added, norm, 1e-6, keep: true).Normed.MoveToOuterDisposeScope();
    }

    /// <summary>(B, rows, columns, D): the tokens of patches in their places.</summary>
    private Tensor Steps(Tensor tokens)
    {
        var patches = cls_token is null ? tokens : tokens.narrow(1, 1, tokens.shape[1] - 1);
        return patches.reshape(tokens.shape[0], Settings.Rows, -1, Settings.Width);
    }

    private Tensor Score(Tensor x)
    {
        using var scope = NewDisposeScope();
        var tokens = Encode(x);
        return (Settings.Pooling switch
        {
            Pooling.Mean => outputlayer.call(tokens.mean([1])).sigmoid(),
            Pooling.Logit => outputlayer.call(tokens.mean([1])),
            Pooling.Token => outputlayer.call(tokens.select(1, 0)).sigmoid(),
            Pooling.DecisionMean => outputlayer.call(Steps(tokens).mean([1])).sigmoid().mean([1]),
            _ => throw new InvalidOperationException($"no pooling named {Settings.Pooling}"),
        }).MoveToOuterDisposeScope();
    }

    /// <summary>BatchNorm over mel bins under its published key, <c>init_bn.1</c>.</summary>
    private sealed class InputNorm : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "1")]
        private readonly BatchNorm1d batch;

        internal InputNorm(int mels) : base(nameof(InputNorm))
        {
            batch = nn.BatchNorm1d(mels, eps: 1e-5, momentum: 0.01);
            RegisterComponents();
        }

        public override Tensor forward(Tensor mel) => batch.call(mel);
    }

    /// <summary>Cuts (B, M, T) into square patches and projects each: (B, rows columns, D), row by row.</summary>
    private sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d proj;
        private readonly int side;

        internal PatchEmbedding(int side, int width) : base(nameof(PatchEmbedding))
        {
            this.side = side;
            proj = nn.Conv2d(1, width, side, stride: side);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            long batch = x.shape[0], rows = x.shape[1] / side, columns = x.shape[2] / side;
            // As views of one another: unfold's gradient costs three times as much.
            var patches = x.narrow(1, 0, rows * side).narrow(2, 0, columns * side).reshape(batch, rows, side, columns, side)
                .permute(0, 1, 3, 2, 4).reshape(batch, rows * columns, side * side);
            var weight = proj.weight!.flatten(1);
            return (Fused.Linear(patches, weight, proj.bias) ?? nn.functional.linear(patches, weight, proj.bias)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>LayerNorm and Linear under their published keys, <c>outputlayer.0</c> and <c>outputlayer.1</c>.</summary>
    private sealed class Head : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "0")]
        private readonly LayerNorm scale;
        [ComponentName(Name = "1")]
        private readonly Linear project;

        internal Head(int width, int classes) : base(nameof(Head))
        {
            scale = nn.LayerNorm(width);
            project = nn.Linear(width, classes);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return project.call(scale.call(x)).MoveToOuterDisposeScope();
        }
    }
}
