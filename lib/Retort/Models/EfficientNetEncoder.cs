using Retort.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// The student's encoder of efficient audio captioning (Xu et al., Interspeech 2024): log-mel, <see cref="EfficientNet"/>, mean over
/// what is left of the frequencies. Its convolutions see a clip's padding, as published; frames beyond a clip's own are for masks.
/// Keys of its state: <c>melspec_extractor</c>, <c>backbone.eff_net</c>.
/// </summary>
public sealed class EfficientNetEncoder : AudioEncoder
{
    private readonly MelFrontEnd melspec_extractor;
    private readonly Backbone backbone;

    /// <summary>An encoder with fresh weights.</summary>
    /// <param name="settings">its settings; null for the paper's</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="generator">what drop-connect draws from; null for one of its own</param>
    public EfficientNetEncoder(EfficientNetEncoderSettings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(EfficientNetEncoder))
    {
        Settings = settings ?? new EfficientNetEncoderSettings();
        melspec_extractor = new MelFrontEnd(Settings.Mel);
        backbone = new Backbone(new EfficientNet(Settings.Net, seed, generator));
        RegisterComponents();
    }

    /// <summary>The settings.</summary>
    public EfficientNetEncoderSettings Settings { get; }

    /// <summary>The network.</summary>
    public EfficientNet Net => backbone.eff_net;

    /// <inheritdoc/>
    public override int Width => Settings.Net.Head;

    /// <summary>Frames of a wave of so many samples; 0 for a wave that is too short for one (under 0.31 s with the published settings).</summary>
    public override long Frames(long samples) => FramesOfColumns(Settings.Mel.Frames(samples));

    /// <summary>Frames of a spectrogram of so many columns.</summary>
    public long FramesOfColumns(long columns) =>
        Settings.FrameCount == FrameCount.Upstream ? columns / Settings.Net.Stride : Net.Columns(columns);

    /// <summary>The log-mel spectrogram, (B, columns, mels); a clip's lengths change nothing here.</summary>
    public override Tensor Features(Tensor waves, IReadOnlyList<long>? lengths) => melspec_extractor.call(waves).transpose(1, 2);

    // Values of spectrograms that go through the network together outside training: two clips of ten seconds. More would leave the processor's caches
    // between one layer and the next.
    private const long Together = 1 << 17;

    /// <summary>Frames (B, T, C) of spectrograms (B, columns, mels).</summary>
    public override Tensor FromFeatures(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        if (!training && !is_grad_enabled() && features.device_type == DeviceType.CPU && features.shape[0] > 1 && features.numel() > 2 * Together)
        {
            var clips = Math.Max(1, (int)(Together * features.shape[0] / features.numel()));
            var parts = new List<Tensor>();
            for (var first = 0; first < features.shape[0]; first += clips)
            {
                parts.Add(FromFeatures(features.narrow(0, first, Math.Min(clips, features.shape[0] - first)), null));
            }
            return cat(parts, 0).MoveToOuterDisposeScope();
        }
        var map = Net.call(features.transpose(1, 2).unsqueeze(1));  // (B, C, mels / stride, T)
        return map.mean([2]).transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Frames (B, T, C) of spectrograms (B, columns, mels), and the mean over each map at which the resolution was about to be halved, (B, channels): from the stem to the
    /// last block. For distillation from several layers.
    /// </summary>
    public (Tensor Frames, IReadOnlyList<Tensor> Layers) WithLayers(Tensor features)
    {
        using var scope = NewDisposeScope();
        var means = new List<Tensor>();
        Tensor? last = null;
        var map = Net.Run(features.transpose(1, 2).unsqueeze(1), layer =>
        {
            // The stem's map comes twice where the first block halves it.
            if (!ReferenceEquals(layer, last))
            {
                means.Add(layer.mean([2, 3]).MoveToOuterDisposeScope());
            }
            last = layer;
        });
        means.ForEach(m => m.MoveToOuterDisposeScope());
        return (map.mean([2]).transpose(1, 2).MoveToOuterDisposeScope(), means);
    }

    /// <summary>Waves (B, samples) to frames (B, T, C).</summary>
    /// <exception cref="ArgumentException">A wave is too short for one frame.</exception>
    public override Tensor forward(Tensor waves, IReadOnlyList<long>? lengths)
    {
        foreach (var n in lengths ?? [waves.shape[1]])
        {
            if (n > waves.shape[1] || Frames(n) < 1)
            {
                throw new ArgumentException($"a wave of {n} samples in a row of {waves.shape[1]}: it must fit, and be long enough for one frame "
                    + $"({(double)Settings.Net.Stride * Settings.Mel.Hop / Settings.Mel.SampleRate:0.00} s)", nameof(lengths));
            }
        }
        using var scope = NewDisposeScope();
        return FromFeatures(Features(waves, lengths), null).MoveToOuterDisposeScope();
    }

    private sealed class Backbone : nn.Module
    {
        internal readonly EfficientNet eff_net;

        internal Backbone(EfficientNet net) : base(nameof(Backbone))
        {
            eff_net = net;
            RegisterComponents();
        }
    }
}
