using static TorchSharp.torch;

namespace Retort.Metrics;

/// <summary>Distances between lips and sound by shift, and what is read from them (Chung and Zisserman, 2016; Prajwal et al., 2020).</summary>
/// <param name="Distances">mean distance at each shift, from -most to most frames; sound is later than the lips at positive ones</param>
/// <param name="PerFrame">distance of each frame at each shift</param>
public sealed record LipSync(IReadOnlyList<double> Distances, double[,] PerFrame)
{
    /// <summary>Largest shift, in frames.</summary>
    public int MostShift => Distances.Count / 2;

    /// <summary>LSE-D: the smallest distance. Lower is better.</summary>
    public double Distance => Distances.Min();

    /// <summary>LSE-C: the median distance less the smallest. Higher is better.</summary>
    public double Confidence
    {
        get
        {
            // The lower of two middle values, as PyTorch's median takes it.
            var sorted = Distances.Order().ToArray();
            return sorted[(sorted.Length - 1) / 2] - sorted[0];
        }
    }

    /// <summary>The published offset: most shift less the place of the smallest distance. Sound that lags the lips by n frames gives -n.</summary>
    public int Offset => MostShift - Place;

    private int Place => Enumerable.Range(0, Distances.Count).MinBy(i => Distances[i]);

    /// <summary>
    /// Measures embeddings of the same frames. Beyond the clip's ends sound is taken for zeros, and 1e-6 is added to each difference, as published.
    /// </summary>
    /// <param name="video">(frames, D)</param>
    /// <param name="audio">(frames, D)</param>
    /// <param name="mostShift">largest shift in frames; 15 as published</param>
    /// <exception cref="ArgumentException">The shapes differ, or there is no frame.</exception>
    public static LipSync Of(Tensor video, Tensor audio, int mostShift = 15)
    {
        if (video.dim() != 2 || !video.shape.AsSpan().SequenceEqual(audio.shape) || video.shape[0] == 0)
        {
            throw new ArgumentException($"embeddings must be (frames, width) twice, not ({string.Join(", ", video.shape)}) and ({string.Join(", ", audio.shape)})", nameof(audio));
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var shifts = 2 * mostShift + 1;
        var padded = nn.functional.pad(audio.to(float32), [0, 0, mostShift, mostShift]);
        var near = padded.unfold(0, shifts, 1);  // (frames, D, shifts)
        var distances = (video.to(float32).unsqueeze(2) - near + 1e-6).square().sum(1).sqrt();
        var flat = distances.contiguous().data<float>().ToArray();
        var perFrame = new double[video.shape[0], shifts];
        for (var i = 0; i < flat.Length; i++)
        {
            perFrame[i / shifts, i % shifts] = flat[i];
        }
        var means = Enumerable.Range(0, shifts).Select(s => Enumerable.Range(0, (int)video.shape[0]).Average(f => perFrame[f, s])).ToArray();
        return new LipSync(means, perFrame);
    }
}
