// One augmented view of a clip, exactly replayable: CED stores a seed per view and makes the view again from it
// (ICASSP 2024, section on consistent teaching; details in the published code's dataset and augmentation files).
// Our own scheme draws from a counter-based generator, so that nothing depends on a library's defaults or draw order.

using Retort.Randomness;

namespace Retort.Audio;

/// <summary>
/// An augmentation of one clip: a circular shift of its samples and the two numbers in [0, 1) that give each mask its
/// width and place. A pure function of (seed, samples, settings).
/// </summary>
/// <param name="Shift">samples by which the wave is moved later, circularly; 0 for none</param>
/// <param name="TimeWidth">v of the time mask</param>
/// <param name="TimePlace">m of the time mask</param>
/// <param name="FrequencyWidth">v of the frequency mask</param>
/// <param name="FrequencyPlace">m of the frequency mask</param>
public readonly record struct View(int Shift, float TimeWidth, float TimePlace, float FrequencyWidth, float FrequencyPlace)
{
    /// <summary>The view that leaves a clip as it is, under <see cref="ViewSettings.Clean"/> or any other settings.</summary>
    public static View Identity { get; }

    /// <summary>The seed, in [0, 2^31), of a clip's view in a run: what a teacher store keeps, in four bytes.</summary>
    /// <param name="seed">the run's seed</param>
    /// <param name="id">the clip's id</param>
    /// <param name="number">which of the clip's views</param>
    public static int SeedOf(long seed, string id, long number) =>
        (int)(RandomStream.Of(seed, "view", id, number).NextUInt32() >> 1);

    /// <summary>The view of this run, clip and number: <see cref="FromSeed"/> of <see cref="SeedOf"/>.</summary>
    public static View Of(long seed, string id, long number, int samples, ViewSettings settings) =>
        FromSeed(SeedOf(seed, id, number), samples, settings);

    /// <summary>The view that a stored seed stands for.</summary>
    /// <param name="seed">the seed, 0 or more</param>
    /// <param name="samples">the clip's length, on which the shift's range depends</param>
    /// <param name="settings">what a view may undergo</param>
    /// <exception cref="ArgumentException">The settings are out of range, or the seed or length is negative.</exception>
    public static View FromSeed(int seed, int samples, ViewSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        settings.Check();
        if (settings.Algorithm == ViewAlgorithm.Upstream)
        {
            return UpstreamReplay.View(seed, samples);
        }
        // Every draw is made whether it is used or not, so that one setting does not move the others' numbers.
        var draw = RandomStream.Of(seed, "view/1");
        var shifted = draw.Chance(settings.ShiftProbability);
        var most = (int)Math.Round(samples * settings.MaximumShift);
        var shift = draw.Next(-most, most + 1);
        float v = draw.NextSingle(), m = draw.NextSingle(), v2 = draw.NextSingle(), m2 = draw.NextSingle();
        return settings.IndependentMasks
            ? new View(shifted ? shift : 0, v, m, v2, m2)
            : new View(shifted ? shift : 0, v, m, v, m);
    }

    /// <summary>First frame and width of the time mask in a spectrogram of this many frames.</summary>
    public (int Start, int Width) TimeSpan(int frames, ViewSettings settings) =>
        Span(TimeWidth, TimePlace, frames, settings.TimeMask);

    /// <summary>First bin and width of the frequency mask in a spectrogram of this many mel bins.</summary>
    public (int Start, int Width) FrequencySpan(int mels, ViewSettings settings) =>
        Span(FrequencyWidth, FrequencyPlace, mels, settings.FrequencyMask);

    /// <summary>
    /// width = floor(v P), start = floor(m (size - v P)), all in float32 as published: the place is drawn from the width
    /// before it was rounded down. A mask that is wider than the spectrogram begins at 0 and ends at its end.
    /// </summary>
    /// <param name="v">width, as a fraction of the parameter</param>
    /// <param name="m">place, as a fraction of what is left</param>
    /// <param name="size">frames or bins of the spectrogram</param>
    /// <param name="parameter">P, which the width stays below</param>
    public static (int Start, int Width) Span(float v, float m, int size, int parameter)
    {
        // The casts keep each step in single precision.
        var value = (float)(v * parameter);
        var start = (int)(float)(m * (float)(size - value));
        start = Math.Max(start, 0);
        return (start, Math.Min((int)value, size - start));
    }
}
