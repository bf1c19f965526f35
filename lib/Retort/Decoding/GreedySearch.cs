using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>The likeliest token at each step, for a batch, with kept keys and values.</summary>
public static class GreedySearch
{
    /// <summary>One hypothesis for each memory.</summary>
    /// <param name="decoder">a decoder outside training</param>
    /// <param name="memory">(B, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are</param>
    /// <param name="settings">greatest length, length rule (for the scores), start and end; null for the defaults</param>
    public static IReadOnlyList<Hypothesis> Decode(
        IStepDecoder decoder, Tensor memory, IReadOnlyList<long>? memoryLengths, DecodingSettings? settings = null) =>
        [.. BeamSearch.Decode(decoder, memory, memoryLengths, (settings ?? new DecodingSettings()) with { Beams = 1 }).Select(best => best[0])];
}
