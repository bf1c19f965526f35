using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>A decoder that gives the logits of the next token one step at a time, with kept keys and values: what decoding needs of it.</summary>
public interface IStepDecoder
{
    /// <summary>Number of tokens, V.</summary>
    int Vocabulary { get; }

    /// <summary>Most tokens of a sequence.</summary>
    int MaxLength { get; }

    /// <summary>Begins decoding: the memory's keys and values, made once. Only without gradients and outside training.</summary>
    /// <param name="memory">(M, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are</param>
    DecoderCache Start(Tensor memory, IReadOnlyList<long>? memoryLengths);

    /// <summary>One more token of each row: the logits (N, V) of the next.</summary>
    /// <param name="tokens">(N), int64; N is a multiple of the cache's memories, the rows of one memory beside one another</param>
    /// <param name="cache">what <see cref="Start"/> gave; it grows by one token</param>
    Tensor Step(Tensor tokens, DecoderCache cache);
}
