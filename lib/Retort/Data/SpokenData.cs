using Retort.Text;

namespace Retort.Data;

/// <summary>
/// Recordings of spoken commands with their meanings: SLURP as published, made speech, or one's own. Safe for reading from
/// several threads at once.
/// </summary>
public abstract class SpokenData
{
    /// <summary>The recordings, in a fixed order.</summary>
    public abstract IReadOnlyList<SlurpRecording> Recordings { get; }

    /// <summary>SHA-256 (hexadecimal) of everything that decides recordings and sound. Equal hashes mean equal data.</summary>
    public abstract string Hash { get; }

    /// <summary>A recording's samples: 16 kHz, one channel, full scale 1.</summary>
    /// <exception cref="BadInputException">The sound cannot be read.</exception>
    public abstract float[] Samples(int i);

    /// <summary>The number of a recording's samples; as long as reading them unless the data knows it otherwise.</summary>
    public virtual long Length(int i) => Samples(i).Length;

    /// <summary>Number of recordings.</summary>
    public int Count => Recordings.Count;

    /// <summary>The scenario of each recording: what class-incremental splits go by.</summary>
    public IReadOnlyList<string> Scenarios => [.. Recordings.Select(r => r.Meaning.Scenario)];

    /// <summary>The meaning of each recording by its file name, as the scorer takes it.</summary>
    public IReadOnlyDictionary<string, Meaning> Meanings => Recordings.ToDictionary(r => r.File, r => r.Meaning);
}
