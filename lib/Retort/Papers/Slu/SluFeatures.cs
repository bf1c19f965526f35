namespace Retort.Papers.Slu;

/// <summary>What is done with features that need no trained weights, such as those of wav2vec 2.0's frozen convolutions.</summary>
public enum SluFeatures
{
    /// <summary>Made anew for each batch.</summary>
    Anew,

    /// <summary>Made once and kept in memory.</summary>
    Memory,

    /// <summary>Made once and kept in a file of the experiment's folder, 2 KB a frame of 20 ms: 33 GB for all of SLURP's training recordings.</summary>
    Disk,
}
