// The target string of the class-incremental SLU paper (Cappellazzo et al., Interspeech 2023, slide 28):
//   intent _SEP type _FILL filler _SEP ... transcript

using System.Text;

namespace Retort.Text;

/// <summary>Writes and reads the string that a speech model emits: intent, entities and words.</summary>
public static class SlurpTarget
{
    /// <summary>Stands between two fields.</summary>
    public const string Separator = "_SEP";

    /// <summary>Stands between an entity's type and its filler.</summary>
    public const string Filler = "_FILL";

    /// <summary>A sentence in lower case, without ASCII punctuation and the right single quote; nothing takes their place (o'clock: oclock).</summary>
    public static string Transcript(string sentence)
    {
        var kept = new StringBuilder(sentence.Length);
        foreach (var c in sentence.ToLowerInvariant())
        {
            if (c != '\u2019' && !(c < 128 && (char.IsPunctuation(c) || char.IsSymbol(c))))
            {
                kept.Append(c);
            }
        }
        return kept.ToString();
    }

    /// <summary>The string of a meaning and a transcript.</summary>
    /// <param name="meaning">intent and entities, in the order of the sentence</param>
    /// <param name="transcript">the words</param>
    /// <param name="entities">how several entities are written</param>
    public static string Write(Meaning meaning, string transcript, TargetEntities entities = TargetEntities.All)
    {
        var target = new StringBuilder($"{meaning.Intent} {Separator} ");
        var defect = entities == TargetEntities.PublishedDefect;
        var count = defect ? (meaning.Entities.Count + 1) / 2 : meaning.Entities.Count;
        for (var i = 0; i < count; i++)
        {
            target.Append($"{meaning.Entities[i].Type} {Filler} {meaning.Entities[i].Filler} {Separator} {(defect ? transcript : "")}");
        }
        return (defect && count > 0 ? target : target.Append(transcript)).ToString();
    }

    /// <summary>
    /// What a model's string says. Any string can be read: entities are the fields between the first and the last separator with
    /// exactly one filler mark; the last field is the transcript.
    /// </summary>
    /// <param name="target">the decoded string</param>
    /// <returns>meaning and transcript; the transcript is empty where there is no separator</returns>
    public static (Meaning Meaning, string Transcript) Read(string target)
    {
        var fields = target.Split(Separator, StringSplitOptions.TrimEntries);
        var entities = new List<Entity>();
        for (var i = 1; i + 1 < fields.Length; i++)
        {
            var parts = fields[i].Split(Filler, StringSplitOptions.TrimEntries);
            if (parts.Length == 2)
            {
                entities.Add(new Entity(parts[0], parts[1]));
            }
        }
        // Without an underscore the one word counts as both, as in the authors' code. Further underscores belong to the action.
        var cut = fields[0].IndexOf('_');
        var (scenario, action) = cut < 0 ? (fields[0], fields[0]) : (fields[0][..cut], fields[0][(cut + 1)..]);
        return (new Meaning(scenario, action, entities), fields.Length > 1 ? fields[^1] : "");
    }
}

/// <summary>How several entities are written into a target string.</summary>
public enum TargetEntities
{
    /// <summary>All of them, then the transcript once.</summary>
    All,

    /// <summary>
    /// As the authors' published snapshot does: of n only the first half (rounded up), and the transcript after each, with the next
    /// entity's type glued to it. For comparison only: a perfect model of it reaches at most about 85 SLU-F1.
    /// </summary>
    PublishedDefect,
}
