// Masks in the manner of SpecAugment (Park et al., Interspeech 2019), on stacked log-mel frames.

using Retort.Randomness;

namespace Retort.Audio;

/// <summary>Masks on a clip's features: stretches of time and bands of frequency are set to 0, the mean of normalised features.</summary>
public sealed record FrameMasks
{
    /// <summary>Masks of time.</summary>
    public int TimeMasks { get; init; } = 2;

    /// <summary>The greatest length of one, as a share of the clip.</summary>
    public double TimeShare { get; init; } = 0.08;

    /// <summary>Masks of frequency.</summary>
    public int BandMasks { get; init; } = 1;

    /// <summary>The greatest width of one, in mel bins.</summary>
    public int Bins { get; init; } = 8;

    /// <summary>Lays masks on a clip.</summary>
    /// <param name="features">(frames, channels) row by row; channels are frames side by side, each of <paramref name="mels"/> bins</param>
    /// <param name="frames">number of rows</param>
    /// <param name="channels">length of a row, a multiple of <paramref name="mels"/></param>
    /// <param name="mels">mel bins of a frame</param>
    /// <param name="draw">where and how wide</param>
    public void Apply(Span<float> features, int frames, int channels, int mels, RandomStream draw)
    {
        for (var i = 0; i < TimeMasks; i++)
        {
            var width = draw.Next((int)(TimeShare * frames) + 1);
            var from = draw.Next(frames - width + 1);
            features.Slice(from * channels, width * channels).Clear();
        }
        for (var i = 0; i < BandMasks; i++)
        {
            var width = draw.Next(Math.Min(Bins, mels) + 1);
            var from = draw.Next(mels - width + 1);
            for (var at = from; at < frames * channels; at += mels)
            {
                features.Slice(at, width).Clear();
            }
        }
    }
}
