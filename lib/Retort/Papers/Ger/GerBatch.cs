using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Retort.Models;
using Retort.Randomness;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>
/// Lists with what an arm may want to know of them. Tokens and targets are made at once, the rest when it is asked for; all live in
/// the step's dispose scope.
/// </summary>
public sealed class GerBatch
{
    private readonly GerInputs inputs;
    private readonly int[] rows;
    private readonly long seed;

    internal GerBatch(GerInputs inputs, int[] rows, long seed, bool withAnswers)
    {
        (this.inputs, this.rows, this.seed) = (inputs, rows, seed);
        if (!withAnswers)
        {
            return;
        }
        (Tokens, Targets) = Padded([.. rows.Select(i => inputs.Encoded[i])]);
    }

    // Sequences (B, L), padded on the right, and the token that follows each; -1 where that is before a sequence's first learned place, or padding.
    internal static (Tensor Tokens, Tensor Targets) Padded(IReadOnlyList<(int[] Tokens, int First)> rows)
    {
        var longest = rows.Max(r => r.Tokens.Length) - 1;
        var (tokens, targets) = (new long[rows.Count * longest], new long[rows.Count * longest]);
        Array.Fill(targets, -1L);
        for (var b = 0; b < rows.Count; b++)
        {
            var (all, first) = rows[b];
            for (var t = 0; t < all.Length - 1; t++)
            {
                tokens[b * longest + t] = all[t];
                targets[b * longest + t] = t + 1 >= first ? all[t + 1] : -1;
            }
        }
        return (tensor(tokens, [rows.Count, longest]), tensor(targets, [rows.Count, longest]));
    }

    /// <summary>Prompt and answer (B, L), int64, padded on the right.</summary>
    public Tensor Tokens { get; } = null!;

    /// <summary>The token after each (B, L), int64; -1 in the prompt and the padding.</summary>
    public Tensor Targets { get; } = null!;

    /// <summary>Number of lists.</summary>
    public int Count => rows.Length;

    /// <summary>The noise input of each list (B, U, width): -E_LN, better less worse.</summary>
    public Tensor Noise => Stack(inputs.Noise, [inputs.Rows, inputs.NoiseWidth]);

    /// <summary>The noise input of another list, drawn once for each list: as informative about this one as nothing.</summary>
    public Tensor OthersNoise => Of(i => inputs.Noise[RandomStream.Of(seed, "other list", inputs.Name(i)).Next(inputs.Noise.Length)], [inputs.Rows, inputs.NoiseWidth]);

    /// <summary>Random directions, each row with the norm of the list's own row.</summary>
    public Tensor RandomNoise => Of(RandomRows, [inputs.Rows, inputs.NoiseWidth]);

    /// <summary>Zeros in the noise input's shape.</summary>
    public Tensor NoNoise => zeros([rows.Length, inputs.Rows, inputs.NoiseWidth]);

    /// <summary>The noise input's utterance rows, the token rows zero.</summary>
    public Tensor UtteranceNoise => Half(keepTokens: false);

    /// <summary>The noise input's token rows, the utterance rows zero.</summary>
    public Tensor TokenNoise => Half(keepTokens: true);

    /// <summary>Encoder output of the noisy recording in segments (B, U, audio width).</summary>
    public Tensor AudioSegments => Stack(inputs.Segments, [inputs.Rows, inputs.AudioWidth]);

    /// <summary>Mean encoder output of the noisy recording (B, audio width).</summary>
    public Tensor NoisyAudio => Stack(inputs.Noisy, [inputs.AudioWidth]);

    /// <summary>Mean encoder output of the parallel clean recording (B, audio width).</summary>
    public Tensor CleanAudio => Stack(inputs.Clean, [inputs.AudioWidth]);

    private Tensor Stack(float[][] of, long[] shape) => Of(i => of[i], shape);

    private Tensor Of(Func<int, float[]> of, long[] shape) => tensor([.. rows.SelectMany(of)], [rows.Length, .. shape]);

    private Tensor Half(bool keepTokens)
    {
        var half = inputs.Rows / 2;
        using var scope = NewDisposeScope();
        var noise = Noise.clone();
        noise.narrow(1, keepTokens ? half : 0, half).zero_();
        return noise.MoveToOuterDisposeScope();
    }

    private float[] RandomRows(int i)
    {
        var draw = RandomStream.Of(seed, "random rows", inputs.Name(i));
        var made = new float[inputs.Rows * inputs.NoiseWidth];
        for (var r = 0; r < inputs.Rows; r++)
        {
            var own = inputs.Noise[i].AsSpan(r * inputs.NoiseWidth, inputs.NoiseWidth);
            double norm = 0, random = 0;
            for (var k = 0; k < own.Length; k++)
            {
                var value = draw.Normal();
                made[r * inputs.NoiseWidth + k] = (float)value;
                (norm, random) = (norm + (double)own[k] * own[k], random + value * value);
            }
            for (var k = 0; k < own.Length; k++)
            {
                made[r * inputs.NoiseWidth + k] *= (float)Math.Sqrt(norm / random);
            }
        }
        return made;
    }
}

/// <summary>A part's lists, ready for batches: encoded prompts, noise inputs by an extractor, audio vectors standardised.</summary>
public sealed class GerInputs : IResultKey
{
    private readonly IReadOnlyList<GerItem> items;

    /// <param name="items">the lists</param>
    /// <param name="prompt">how they become tokens</param>
    /// <param name="extractor">makes the noise input</param>
    /// <param name="scale">mean and deviation that audio vectors are standardised by; null to take them from these lists</param>
    public GerInputs(IReadOnlyList<GerItem> items, GerPrompt prompt, NoiseEmbedding extractor, (float[] Mean, float[] Deviation)? scale = null)
    {
        (this.items, Prompt) = (items, prompt);
        Encoded = [.. items.Select(i => prompt.EncodeWithAnswer(i.List))];
        Noise = [.. items.AsParallel().AsOrdered().Select(i => extractor.Of(i.List.Hypotheses))];
        (Rows, NoiseWidth) = (extractor.Settings.Rows, extractor.Width);
        AudioWidth = items[0].List.NoisyAudio!.Length;
        Scale = scale ?? ScaleOf([.. items.SelectMany(i => new[] { i.List.NoisyAudio!, i.List.CleanAudio! })]);
        float[] Standard(float[] values) => [.. values.Select((v, k) => (v - Scale.Mean[k % AudioWidth]) / Scale.Deviation[k % AudioWidth])];
        Noisy = [.. items.Select(i => Standard(i.List.NoisyAudio!))];
        Clean = [.. items.Select(i => Standard(i.List.CleanAudio!))];
        Segments = [.. items.Select(i => Standard(i.Segments))];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var values in Noise.Concat(Noisy).Concat(Clean).Concat(Segments))
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }
        foreach (var (tokens, length) in Encoded)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>([.. tokens, length]));
        }
        ResultKey = Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>The lists.</summary>
    public IReadOnlyList<GerItem> Items => items;

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>How they become tokens.</summary>
    public GerPrompt Prompt { get; }

    /// <summary>Rows of the noise input.</summary>
    public int Rows { get; }

    /// <summary>Width of the noise input.</summary>
    public int NoiseWidth { get; }

    /// <summary>Width of an audio vector.</summary>
    public int AudioWidth { get; }

    /// <summary>What audio vectors are standardised by; the training lists' is used for all parts.</summary>
    public (float[] Mean, float[] Deviation) Scale { get; }

    internal (int[] Tokens, int Prompt)[] Encoded { get; }

    internal float[][] Noise { get; }

    internal float[][] Noisy { get; }

    internal float[][] Clean { get; }

    internal float[][] Segments { get; }

    /// <summary>A batch of lists with their answers.</summary>
    /// <param name="rows">numbers of lists</param>
    /// <param name="seed">of the controls' random numbers</param>
    public GerBatch Batch(int[] rows, long seed = 0) => new(this, rows, seed, withAnswers: true);

    internal GerBatch Whole(long seed) => new(this, [.. Enumerable.Range(0, items.Count)], seed, withAnswers: false);

    internal string Name(int i) => items[i].List.Id;

    private static (float[], float[]) ScaleOf(IReadOnlyList<float[]> vectors)
    {
        var width = vectors[0].Length;
        var (mean, deviation) = (new float[width], new float[width]);
        for (var k = 0; k < width; k++)
        {
            var average = vectors.Average(v => (double)v[k]);
            (mean[k], deviation[k]) = ((float)average, (float)(Math.Sqrt(vectors.Average(v => (v[k] - average) * (v[k] - average))) + 1e-5));
        }
        return (mean, deviation);
    }
}
