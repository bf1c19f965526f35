// SpecAugment (Park et al., Interspeech 2019) as the released code of efficient audio captioning lays it (Xu et al., Interspeech 2024).

using Retort.Randomness;
using static TorchSharp.torch;

namespace Retort.Audio;

/// <summary>
/// Stripes of a log-mel spectrogram are set to 0 dB, which is no silence: so the released code does it. Each clip has stripes of its own;
/// widths are drawn from 0 to one less than the greatest, places so that the stripe ends before the last column or bin.
/// </summary>
public sealed record SpecAugment
{
    /// <summary>Stripes of time.</summary>
    public int TimeStripes { get; init; } = 2;

    /// <summary>Columns that a stripe of time has fewer than.</summary>
    public int TimeWidth { get; init; } = 64;

    /// <summary>Stripes of frequency.</summary>
    public int MelStripes { get; init; } = 2;

    /// <summary>Bins that a stripe of frequency has fewer than.</summary>
    public int MelWidth { get; init; } = 8;

    /// <summary>Spectrograms with their stripes.</summary>
    /// <param name="sound">(B, columns, mels), in dB</param>
    /// <param name="draw">from a clip's place in the batch to what its stripes are drawn from</param>
    public Tensor Apply(Tensor sound, Func<int, RandomStream> draw)
    {
        using var scope = NewDisposeScope();
        var (clips, columns, mels) = ((int)sound.shape[0], (int)sound.shape[1], (int)sound.shape[2]);
        var kept = new float[clips * columns * mels];
        Array.Fill(kept, 1);
        for (var b = 0; b < clips; b++)
        {
            var random = draw(b);
            var clip = kept.AsSpan(b * columns * mels, columns * mels);
            for (var i = 0; i < TimeStripes; i++)
            {
                var (from, width) = Stripe(random, TimeWidth, columns);
                clip.Slice(from * mels, width * mels).Clear();
            }
            for (var i = 0; i < MelStripes; i++)
            {
                var (from, width) = Stripe(random, MelWidth, mels);
                for (var t = 0; t < columns; t++)
                {
                    clip.Slice(t * mels + from, width).Clear();
                }
            }
        }
        return (sound * tensor(kept, sound.shape, device: sound.device)).MoveToOuterDisposeScope();
    }

    // Of fewer columns than the greatest width the stripe takes at most all but one.
    private static (int From, int Width) Stripe(RandomStream random, int most, int total)
    {
        var width = random.Next(Math.Min(most, total));
        return (random.Next(total - width), width);
    }
}
