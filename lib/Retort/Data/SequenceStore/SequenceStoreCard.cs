using System.Text.Json;

namespace Retort.Data;

/// <summary>
/// What made a store of a sequence model's outputs. A store is used only where every field equals the run's own. Of the three
/// parts (decoded sequences, encoder output, token distributions) a store has those whose size is not 0.
/// </summary>
public sealed record SequenceStoreCard
{
    /// <summary>Hash of the teacher's weights.</summary>
    public required string Teacher { get; init; }

    /// <summary>Hash of the data.</summary>
    public required string Data { get; init; }

    /// <summary>The front-end, or the kind of encoder, by name, settings or hash.</summary>
    public string FrontEnd { get; init; } = "";

    /// <summary>The settings of decoding, as JSON; empty where nothing is decoded.</summary>
    public string Decoding { get; init; } = "";

    /// <summary>Width of an encoder frame; 0: no encoder output is stored.</summary>
    public int Width { get; init; }

    /// <summary>Number of tokens there are.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Tokens kept of each place's distribution; 0: no distributions are stored.</summary>
    public int TopK { get; init; }

    /// <summary>The most sequences of an utterance; 0: no sequences are stored.</summary>
    public int Best { get; init; }

    /// <summary>Number of utterances.</summary>
    public required int Count { get; init; }

    /// <summary>Hash of the utterances' ids in their order; filled in by the writer.</summary>
    public string Ids { get; init; } = "";

    /// <summary>In what the other card differs from this one, one sentence each; empty where nothing does.</summary>
    public IReadOnlyList<string> DifferencesTo(SequenceStoreCard other) => StoreFolder.Differences(
        ("teacher", Teacher, other.Teacher),
        ("data", Data, other.Data),
        ("front-end", FrontEnd, other.FrontEnd),
        ("decoding", Decoding, other.Decoding),
        ("width", $"{Width}", $"{other.Width}"),
        ("vocabulary", $"{Vocabulary}", $"{other.Vocabulary}"),
        ("number of tokens a place", $"{TopK}", $"{other.TopK}"),
        ("number of sequences", $"{Best}", $"{other.Best}"),
        ("number of utterances", $"{Count}", $"{other.Count}"),
        ("list of ids", Ids, other.Ids.Length > 0 && Ids.Length > 0 ? other.Ids : Ids));

    /// <summary>Bytes of a token of a distribution: 16 bits where the vocabulary allows.</summary>
    internal int TokenBytes => Vocabulary <= 1 << 16 ? 2 : 4;

    internal int PlaceBytes => (2 + TokenBytes) * TopK;

    internal int FrameBytes => 2 * Width;

    internal string ToJson() => JsonSerializer.Serialize(this, json);

    internal static SequenceStoreCard FromJson(string path, string text)
    {
        try
        {
            var card = JsonSerializer.Deserialize<SequenceStoreCard>(text, json);
            if (card is null or { Teacher: null } or { Data: null } or { FrontEnd: null } or { Decoding: null } or { Ids: null })
            {
                throw new JsonException("a field is missing");
            }
            card.Check();
            return card;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException(path, "card", $"not the card of a sequence store: {e.Message}", e);
        }
    }

    internal void Check()
    {
        if (Vocabulary < 1 || Count < 1 || Width is < 0 or > 1 << 18 || TopK < 0 || TopK > Math.Min(Vocabulary, 1 << 17) || Best < 0 || Width + TopK + Best == 0)
        {
            throw new ArgumentException($"{Count} utterances, {Vocabulary} tokens, width {Width}, {TopK} tokens a place, {Best} sequences: a store has at least one utterance, one token and one of the three parts");
        }
    }

    internal static void Require(string folder, SequenceStoreCard card, SequenceStoreCard? expected)
    {
        if (expected is not null && card.DifferencesTo(expected) is { Count: > 0 } differences)
        {
            throw new BadInputException(folder, "", $"the store was made by something else: {string.Join("; ", differences)}");
        }
    }

    private static readonly JsonSerializerOptions json = new() { WriteIndented = true, IgnoreReadOnlyProperties = true };
}
