// A small transformer encoder on log-mel frames, the embedded default of the class-incremental experiments. It has no
// published counterpart: the sizes are those of a probe that showed the paper's effects on made speech.

using Retort.Audio;
using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Waves to a frame each 40 ms: log-mel, each clip and bin to mean 0 and variance 1, frames stacked and projected, sine
/// positions, pre-norm layers and a last norm. Keys of its state: <c>front_end</c>, <c>project</c> or <c>subsample</c>, <c>blocks</c>, <c>norm</c>.
/// </summary>
public sealed class LogMelEncoder : AudioEncoder
{
    private readonly MelFrontEnd front_end;
    private readonly Linear? project;
    private readonly ConvSubsampler? subsample;
    private readonly ModuleList<EncoderBlock> blocks;
    private readonly LayerNorm norm;
    private readonly SeededDropout dropout;

    /// <summary>A model with fresh weights.</summary>
    /// <param name="settings">its settings; null for the defaults</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public LogMelEncoder(LogMelEncoderSettings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(LogMelEncoder))
    {
        Settings = settings ?? new LogMelEncoderSettings();
        Settings.Check();
        Generator = generator ?? new Generator((ulong)seed);
        front_end = new MelFrontEnd(Settings.Mel);
        project = Settings.Convolutions ? null : nn.Linear(Settings.Mel.Mels * Settings.Stack, Settings.Width);
        subsample = Settings.Convolutions
            ? new ConvSubsampler(Settings.Mel.Mels, Settings.Width, int.Log2(Settings.Stack), Settings.ResidualConvolutions)
            : null;
        blocks = new ModuleList<EncoderBlock>([.. Enumerable.Range(0, Settings.Depth)
            .Select(_ => new EncoderBlock(Settings.Width, Settings.Heads, Settings.Hidden, 1e-5))]);
        norm = nn.LayerNorm(Settings.Width);
        dropout = new SeededDropout(Settings.Dropout, Generator);
        RegisterComponents();
        FreshWeights.Fill(this, seed, "log-mel encoder", (_, shape, draw) =>
            shape.Length switch
            {
                2 => FreshWeights.Xavier(draw, shape[0], shape[1]),
                3 => () => draw.Normal(0, Math.Sqrt(2.0 / (shape[1] * shape[2]))),  // He et al. (2015), for ReLU
                _ => null,
            });
    }

    /// <summary>The settings.</summary>
    public LogMelEncoderSettings Settings { get; }

    /// <summary>What dropout draws from in training.</summary>
    public override Generator Generator { get; }

    /// <summary>The norm of the output.</summary>
    internal LayerNorm LastNorm => norm;

    /// <summary>Whether the convolutions' batch norm keeps its running statistics in training: see <see cref="ConvSubsampler.Frozen"/>.</summary>
    public bool FrozenNorms
    {
        get => subsample?.Frozen ?? true;
        set
        {
            if (subsample is not null)
            {
                subsample.Frozen = value;
            }
        }
    }

    /// <summary>
    /// Whether the part in front of the transformer is no longer trained: its weights get no gradients, and batch norm keeps its running
    /// statistics (<see cref="FrozenNorms"/>). wav2vec 2.0's convolutions are frozen like that when it is trained further.
    /// </summary>
    public bool FrozenFront
    {
        get => Front.All(weight => !weight.requires_grad);
        set
        {
            foreach (var weight in Front)
            {
                weight.requires_grad = !value;
            }
            FrozenNorms = value;
        }
    }

    private IEnumerable<Parameter> Front => subsample?.parameters() ?? project!.parameters();

    /// <inheritdoc/>
    public override int Width => Settings.Width;

    /// <inheritdoc/>
    public override int? Bands => Settings.Mel.Mels;

    /// <inheritdoc/>
    public override long Frames(long samples) => (Settings.Mel.Frames(samples) + Settings.Stack - 1) / Settings.Stack;

    /// <summary>Frames (B, T, D) of waves (B, samples).</summary>
    /// <param name="waves">(B, samples) at the front-end's rate, padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    /// <exception cref="ArgumentException">A wave is too short for a spectrogram, or a length does not fit.</exception>
    public override Tensor forward(Tensor waves, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        return FromFeatures(Features(waves, lengths), Frames(lengths)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Stacked, normalised log-mel frames (B, T, stack mels), 0 in the padding. They have no weights in them: make them once
    /// for each clip and give them to <see cref="FromFeatures"/> each epoch.
    /// </summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    public override Tensor Features(Tensor waves, IReadOnlyList<long>? lengths)
    {
        if (waves.dim() != 2 || (lengths is not null && (lengths.Count != waves.shape[0] || lengths.Any(n => n < 1 || n > waves.shape[1]))))
        {
            throw new ArgumentException($"waves of shape ({string.Join(", ", waves.shape)}) and lengths ({string.Join(", ", lengths ?? [])}) do not fit", nameof(lengths));
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = new Tensor[waves.shape[0]];
        var padded = Frames(lengths?.Max() ?? waves.shape[1]) * Settings.Stack;
        for (var b = 0; b < rows.Length; b++)
        {
            // Each clip alone, so that its border is its own.
            var mel = front_end.call(waves.narrow(0, b, 1).narrow(1, 0, lengths?[b] ?? waves.shape[1])).squeeze(0);  // (mels, frames)
            var centred = mel - mel.mean([1], keepdim: true);
            var scaled = centred / (centred.square().mean([1], keepdim: true) + 1e-5).sqrt();
            rows[b] = nn.functional.pad(scaled, (0, padded - scaled.shape[1])).t();
        }
        return stack(rows).reshape(rows.Length, padded / Settings.Stack, -1).MoveToOuterDisposeScope();
    }

    /// <summary>Frames (B, T, D) of features (B, T, stack mels).</summary>
    /// <param name="features">what <see cref="Features"/> gave</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    public override Tensor FromFeatures(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        var length = features.shape[1];
        var padded = frames is not null && frames.Any(n => n != length);
        var mask = padded ? LengthMask.Additive(frames!, length, features.dtype, features.device) : null;
        var lengths = padded ? tensor([.. frames!]) : null;
        var projected = subsample?.call(features.view(features.shape[0], length * Settings.Stack, -1), frames) ?? project!.call(features);
        var x = dropout.call(projected + SinePositions.Table((int)length, Settings.Width, features.device).to(features.dtype));
        foreach (var block in blocks)
        {
            x = block.Masked(x, mask, training ? dropout : null, lengths);
        }
        return norm.call(x).MoveToOuterDisposeScope();
    }
}
