namespace Retort.Data;

/// <summary>Clips with captions: some, one or, for sound alone, none each.</summary>
public abstract class CaptionData
{
    /// <summary>Number of clips.</summary>
    public abstract int Count { get; }

    /// <summary>Hexadecimal SHA-256 of what the data is: files and captions, or what makes them.</summary>
    public abstract string Hash { get; }

    /// <summary>A clip's name, unique in the data.</summary>
    public abstract string Id(int i);

    /// <summary>A clip's samples: 16 kHz, one channel.</summary>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public abstract float[] Samples(int i);

    /// <summary>A clip's samples at another rate, one channel: of a file from the file itself, so that a teacher hears what lies above 8 kHz.</summary>
    /// <param name="i">the clip</param>
    /// <param name="sampleRate">samples a second</param>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public virtual float[] Samples(int i, int sampleRate) => sampleRate == 16000 ? Samples(i) : Audio.Resampler.Resample(Samples(i), 16000, sampleRate);

    /// <summary>A clip's captions as they are written; none for sound alone.</summary>
    public abstract IReadOnlyList<string> Captions(int i);

    /// <summary>The caption of a clip that training uses: its first.</summary>
    /// <exception cref="InvalidOperationException">The clip has none.</exception>
    public string Caption(int i) => Captions(i) is [var first, ..] ? first : throw new InvalidOperationException($"clip {Id(i)} has no caption");

    /// <summary>The first so many clips.</summary>
    public CaptionData Take(int count) => count == Count ? this : new Part(this, count);

    private sealed class Part : CaptionData
    {
        private readonly CaptionData whole;

        public Part(CaptionData whole, int count)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, whole.Count);
            this.whole = whole;
            Count = count;
            Hash = Hashing.Of("first clips", whole.Hash, $"{count}");
        }

        public override int Count { get; }

        public override string Hash { get; }

        public override string Id(int i) => whole.Id(i);

        public override float[] Samples(int i) => whole.Samples(i);

        public override float[] Samples(int i, int sampleRate) => whole.Samples(i, sampleRate);

        public override IReadOnlyList<string> Captions(int i) => whole.Captions(i);
    }
}
