using Retort.Audio;
using Retort.Layers;

namespace Retort.Models;

/// <summary>Settings of <see cref="LogMelEncoder"/>: the small encoder that stands in for wav2vec 2.0 on made speech.</summary>
public sealed record LogMelEncoderSettings
{
    /// <summary>The spectrogram: 40 mel bins from 20 Hz on, 80 dB deep.</summary>
    public MelSettings Mel { get; init; } = new() { Mels = 40, LowFrequency = 20, Range = 80 };

    /// <summary>Frames of 10 ms that are put side by side into one.</summary>
    public int Stack { get; init; } = 4;

    /// <summary>
    /// True: convolutions (<see cref="ConvSubsampler"/>) put the frames together, of which there are then a power of 2. False: one linear layer.
    /// </summary>
    public bool Convolutions { get; init; }

    /// <summary>Convolutions behind those that put frames together.</summary>
    public int ResidualConvolutions { get; init; } = 2;

    /// <summary>Width of a frame, D.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Number of layers.</summary>
    public int Depth { get; init; } = 3;

    /// <summary>Attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Width of the hidden layers.</summary>
    public int Hidden { get; init; } = 512;

    /// <summary>Probability of dropout in training.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Throws an <see cref="ArgumentException"/> that says which settings do not fit one another.</summary>
    public void Check()
    {
        if (Convolutions && (Stack < 2 || !int.IsPow2(Stack) || ResidualConvolutions < 0))
        {
            throw new ArgumentException($"{Stack} frames cannot be put together by convolutions of stride 2: expected a power of 2");
        }
        if (Stack < 1 || Depth < 1 || Hidden < 1 || Heads < 1 || Width < 2 || Width % 2 != 0 || Width % Heads != 0)
        {
            throw new ArgumentException($"{Depth} layers of width {Width} (hidden {Hidden}) with {Heads} heads on {Stack} stacked frames: "
                + "each must be positive, the width even and divisible by the heads");
        }
    }
}
