using System.Text.Json;

namespace Retort.Data;

/// <summary>
/// What made a teacher store. A store is used only where every field equals the run's own: scores of other teachers, of
/// another front-end, of other views or of other data are refused.
/// </summary>
/// <param name="Teachers">the members of the ensemble: name, then hash of the weights, such as "vit-96/3fa0..."</param>
/// <param name="FrontEnd">the front-end's settings as JSON, or their hash</param>
/// <param name="Augmentation">the views' settings as JSON, or their hash</param>
/// <param name="Algorithm">name and version of what turns a seed into a view; scores are void when it changes</param>
/// <param name="Data"><see cref="TaggingData.Hash"/> of the clips</param>
/// <param name="Classes">the teachers' classes, in the order of their outputs</param>
/// <param name="Clips">number of clips</param>
/// <param name="Views">number of views of each clip</param>
public sealed record TeacherStoreCard(
    IReadOnlyList<string> Teachers, string FrontEnd, string Augmentation, string Algorithm,
    string Data, IReadOnlyList<string> Classes, int Clips, int Views)
{
    /// <summary>Scores kept for each view: the largest. The paper's published files keep 20.</summary>
    public int TopK { get; init; } = 20;

    /// <summary>Hash of the clips' ids in their order; filled in by the writer.</summary>
    public string Ids { get; init; } = "";

    /// <summary>Bytes of a view on disk: float16 value and 16-bit class for each of the k, and a 32-bit seed; 84 at k = 20.</summary>
    public int BytesPerView => TopK * 4 + 4;

    /// <summary>In what the other card differs from this one, one sentence each; empty where nothing does.</summary>
    public IReadOnlyList<string> DifferencesTo(TeacherStoreCard other) => StoreFolder.Differences(
        ("list of teachers", string.Join(", ", Teachers), string.Join(", ", other.Teachers)),
        ("front-end", FrontEnd, other.FrontEnd),
        ("augmentation", Augmentation, other.Augmentation),
        ("view algorithm", Algorithm, other.Algorithm),
        ("data", Data, other.Data),
        ("list of classes", string.Join(", ", Classes), string.Join(", ", other.Classes)),
        ("number of clips", $"{Clips}", $"{other.Clips}"),
        ("number of views", $"{Views}", $"{other.Views}"),
        ("number of scores a view", $"{TopK}", $"{other.TopK}"),
        ("list of clip ids", Ids, other.Ids.Length > 0 && Ids.Length > 0 ? other.Ids : Ids));

    internal string ToJson() => JsonSerializer.Serialize(this, Json);

    internal static TeacherStoreCard FromJson(string path, string text)
    {
        try
        {
            var card = JsonSerializer.Deserialize<TeacherStoreCard>(text, Json);
            if (card is null or { Teachers: null } or { Classes: null } or { FrontEnd: null } or { Augmentation: null }
                or { Algorithm: null } or { Data: null } or { Ids: null })
            {
                throw new JsonException("a field is missing");
            }
            card.Check();
            return card;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException(path, "card", $"not the card of a teacher store: {e.Message}", e);
        }
    }

    internal void Check()
    {
        if (Classes.Count is < 1 or > 65536 || TopK < 1 || TopK > Classes.Count)
        {
            throw new ArgumentException($"{TopK} scores of {Classes.Count} classes: a store has 1 to 65536 classes and keeps 1 score or more, at most one of each");
        }
        if (Clips < 1 || Views < 1)
        {
            throw new ArgumentException($"{Clips} clips of {Views} views: a store has at least one of each");
        }
    }

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, IgnoreReadOnlyProperties = true };
}
