namespace Retort.Models;

/// <summary>Where in a recording each token of a string was looked for: the weights of the decoder's cross-attention.</summary>
public sealed class SpokenAttention
{
    private readonly float[] weights;  // (layers, heads, tokens, frames)

    internal SpokenAttention(float[] weights, int layers, int heads, IReadOnlyList<string> tokens, int frames, double secondsPerFrame) =>
        (this.weights, Layers, Heads, Tokens, Frames, SecondsPerFrame) = (weights, layers, heads, tokens, frames, secondsPerFrame);

    /// <summary>Layers of the decoder.</summary>
    public int Layers { get; }

    /// <summary>Heads of a layer.</summary>
    public int Heads { get; }

    /// <summary>The tokens, the end symbol last. Each token's row has the weights that it was chosen with.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>The encoder's frames of the recording.</summary>
    public int Frames { get; }

    /// <summary>Time from one frame to the next.</summary>
    public double SecondsPerFrame { get; }

    /// <summary>The weights, tokens x frames; each row sums to 1.</summary>
    /// <param name="layer">a layer; null for the mean over them</param>
    /// <param name="head">a head; null for the mean over them</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer or head.</exception>
    public float[,] Weights(int? layer = null, int? head = null)
    {
        var (layers, heads) = (Chosen(layer, Layers, nameof(layer)), Chosen(head, Heads, nameof(head)));
        var mean = new float[Tokens.Count, Frames];
        foreach (var l in layers)
        {
            foreach (var h in heads)
            {
                var at = (l * Heads + h) * Tokens.Count * Frames;
                for (var token = 0; token < Tokens.Count; token++)
                {
                    for (var frame = 0; frame < Frames; frame++)
                    {
                        mean[token, frame] += weights[at++] / (layers.Length * heads.Length);
                    }
                }
            }
        }
        return mean;
    }

    private static int[] Chosen(int? one, int count, string name) => one is not { } index ? [.. Enumerable.Range(0, count)]
        : index >= 0 && index < count ? [index] : throw new ArgumentOutOfRangeException(name, index, $"expected 0 to {count - 1}");
}
