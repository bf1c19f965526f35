namespace Retort.Data;

/// <summary>What a teacher said of an utterance. A part that the store does not have is empty or null.</summary>
/// <param name="Id">the utterance's id</param>
/// <param name="Best">decoded sequences, the best first</param>
/// <param name="Encoder">encoder output, (frames, width), frame by frame; stored as float16</param>
/// <param name="Frames">number of frames</param>
/// <param name="LogProbabilities">(places, k) along the gold tokens, place by place; stored as float16</param>
/// <param name="Tokens">(places, k): the tokens they belong to</param>
public sealed record SequenceRow(string Id, IReadOnlyList<StoredSequence> Best, float[]? Encoder, int Frames, float[]? LogProbabilities, int[]? Tokens);
