// wav2vec 2.0 (Baevski et al., NeurIPS 2020), the encoder as torchaudio and Hugging Face compute it. Left out: the
// quantizer and the contrastive pre-training; Hugging Face's masking of features in training (SpecAugment); layer norm's
// low-precision paths.

using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Waves at 16 kHz to a frame each 20 ms. The keys of its state are torchaudio's: <c>feature_extractor</c> and <c>encoder</c>;
/// <see cref="Wav2Vec2Checkpoint"/> also reads Hugging Face's names.
/// </summary>
public sealed class Wav2Vec2 : AudioEncoder
{
    private readonly Wav2Vec2Convolutions feature_extractor;
    private readonly Wav2Vec2Transformer encoder;

    /// <summary>A model with fresh weights.</summary>
    /// <param name="settings">its settings; null for wav2vec 2.0 base</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    /// <exception cref="ArgumentException">The settings do not fit one another.</exception>
    public Wav2Vec2(Wav2Vec2Settings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(Wav2Vec2))
    {
        Settings = settings ?? new Wav2Vec2Settings();
        Settings.Check();
        Generator = generator ?? new Generator((ulong)seed);
        feature_extractor = new Wav2Vec2Convolutions(Settings);
        encoder = new Wav2Vec2Transformer(Settings, Generator);
        RegisterComponents();
        FreshWeights.Fill(this, seed, "wav2vec2", (name, shape, draw) => name switch
        {
            // He-normal for the convolutions; fairseq's sqrt(4 / (kernel D)) for the positions, with g the norm of v over its taps.
            _ when name.StartsWith("feature_extractor.") && shape.Length == 3 => () => draw.Normal(0, Math.Sqrt(2.0 / (shape[1] * shape[2]))),
            _ when name.EndsWith("weight_v") => () => draw.Normal(0, Math.Sqrt(4.0 / (Settings.PositionKernel * Settings.Width))),
            _ when name.EndsWith("weight_g") => () => Math.Sqrt(4.0 / Settings.PositionKernel * Settings.Width / Settings.PositionGroups),
            _ when shape.Length == 2 => FreshWeights.Xavier(draw, shape[0], shape[1]),
            _ => null,
        });
        if (Settings.FreezeConvolutions)
        {
            foreach (var parameter in feature_extractor.parameters())
            {
                parameter.requires_grad_(false);
            }
        }
    }

    /// <summary>The settings.</summary>
    public Wav2Vec2Settings Settings { get; }

    /// <summary>What dropout and the leaving out of layers draw from in training.</summary>
    public override Generator Generator { get; }

    /// <inheritdoc/>
    public override int Width => Settings.Width;

    /// <inheritdoc/>
    public override long Frames(long samples) =>
        Settings.Convolutions.Aggregate(samples, (n, c) => n < c.Kernel ? 0 : (n - c.Kernel) / c.Stride + 1);

    /// <summary>Frames (B, T, D) of waves (B, samples).</summary>
    /// <param name="waves">(B, samples) at 16 kHz, padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    /// <exception cref="ArgumentException">A wave is shorter than one frame (400 samples), or a length does not fit.</exception>
    public override Tensor forward(Tensor waves, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        return FromFeatures(Features(waves, lengths), Frames(lengths)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Features (B, T, C) of the convolutions. If these are frozen, the features have no gradient and are a constant of
    /// the clip: they can be kept and given to <see cref="FromFeatures"/> each epoch.
    /// </summary>
    /// <param name="waves">(B, samples) at 16 kHz, padded on the right</param>
    /// <param name="lengths">samples of each wave; null: padding is treated as sound</param>
    public override Tensor Features(Tensor waves, IReadOnlyList<long>? lengths)
    {
        Check(waves, lengths);
        using var scope = NewDisposeScope();
        using var grad = set_grad_enabled(is_grad_enabled() && !Settings.FreezeConvolutions);
        var x = Settings.NormaliseWaves ? Normalise(waves, lengths) : waves;
        return feature_extractor.call(x, lengths).MoveToOuterDisposeScope();
    }

    /// <summary>Frames (B, T, D) of features (B, T, C).</summary>
    /// <param name="features">what <see cref="Features"/> gave</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    public override Tensor FromFeatures(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        return encoder.call(features, frames).MoveToOuterDisposeScope();
    }

    /// <summary>The output (B, T, D) of each transformer layer.</summary>
    /// <param name="features">what <see cref="Features"/> gave</param>
    /// <param name="frames">valid frames of each row; null if all are</param>
    public IReadOnlyList<Tensor> EachLayer(Tensor features, IReadOnlyList<long>? frames) => encoder.EachLayer(features, frames);

    // (x - mean) / sqrt(var + 1e-5) over each wave's own samples, 0 in the padding.
    private static Tensor Normalise(Tensor waves, IReadOnlyList<long>? lengths)
    {
        var samples = waves.shape[1];
        if (lengths is null)
        {
            return nn.functional.layer_norm(waves, [samples]);
        }
        return stack([.. lengths.Select((n, b) =>
            nn.functional.pad(nn.functional.layer_norm(waves.select(0, b).narrow(0, 0, n), [n]), (0, samples - n)))]);
    }

    private void Check(Tensor waves, IReadOnlyList<long>? lengths)
    {
        if (waves.dim() != 2)
        {
            throw new ArgumentException($"waves must be (batch, samples), not of rank {waves.dim()}", nameof(waves));
        }
        if (lengths is not null && lengths.Count != waves.shape[0])
        {
            throw new ArgumentException($"{lengths.Count} lengths do not fit {waves.shape[0]} waves", nameof(lengths));
        }
        foreach (var n in lengths ?? [waves.shape[1]])
        {
            if (n > waves.shape[1] || Frames(n) < 1)
            {
                throw new ArgumentException($"a wave of {n} samples in a row of {waves.shape[1]}: it must fit, and be long enough for one frame", nameof(lengths));
            }
        }
    }
}
