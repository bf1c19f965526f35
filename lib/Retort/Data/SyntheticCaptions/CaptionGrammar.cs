using System.Text;
using System.Text.Json;
using Retort.Randomness;

namespace Retort.Data;

/// <summary>How loud an event of a captioned scene is said to be.</summary>
public enum Loudness
{
    /// <summary>Not said.</summary>
    Plain,

    /// <summary>Loud.</summary>
    Loud,

    /// <summary>Faint.</summary>
    Faint,
}

/// <summary>How often an event of a captioned scene is said to happen.</summary>
public enum Times
{
    /// <summary>Not said: the event cannot be counted.</summary>
    Plain,

    /// <summary>One time.</summary>
    Once,

    /// <summary>Two times.</summary>
    Twice,

    /// <summary>More often.</summary>
    Repeatedly,
}

/// <summary>How two events of a captioned scene lie in time.</summary>
public enum Relation
{
    /// <summary>The second begins when the first has ended.</summary>
    Then,

    /// <summary>Both at the same time.</summary>
    While,
}

/// <summary>What a caption says of one event.</summary>
/// <param name="Class">the event's class, an index into <see cref="CaptionGrammar.Classes"/></param>
/// <param name="Loudness">how loud</param>
/// <param name="Times">how often</param>
public sealed record CaptionEvent(int Class, Loudness Loudness, Times Times);

/// <summary>What a caption says: one or two events and how they lie in time.</summary>
/// <param name="Events">the events; under <see cref="Relation.Then"/> in order</param>
/// <param name="Relation">how two events lie in time; without meaning for one</param>
public sealed record CaptionTruth(IReadOnlyList<CaptionEvent> Events, Relation Relation);

/// <summary>
/// The captions of the synthetic scenes: what is true of a scene into five paraphrases, and any caption back into tuples: (event),
/// (event, attribute), (event, relation, event). Vocabulary: data/caption-scenes.json.
/// </summary>
public static class CaptionGrammar
{
    private const string FileName = "data/caption-scenes.json";
    private static readonly Lazy<Recipe> embedded = new(Read);

    private static readonly Dictionary<string, string> attributes = new()
    {
        ["loud"] = "loud",
        ["loudly"] = "loud",
        ["faint"] = "faint",
        ["faintly"] = "faint",
        ["softly"] = "faint",
        ["once"] = "once",
        ["twice"] = "twice",
        ["repeatedly"] = "repeatedly",
    };

    /// <summary>The events' classes, by their names in the sound world.</summary>
    public static IReadOnlyList<string> Classes => embedded.Value.Classes;

    /// <summary>Whether occurrences of a class can be counted.</summary>
    public static bool IsCounted(int what) => embedded.Value.Events[what].Counted;

    /// <summary>SHA-256 of the vocabulary.</summary>
    internal static string Hash => embedded.Value.Hash;

    /// <summary>A caption that says what is true, in one of five ways.</summary>
    /// <param name="truth">what is true</param>
    /// <param name="way">0 to 4: the shape of the sentence</param>
    /// <param name="random">chooses among words that mean the same</param>
    public static string Say(CaptionTruth truth, int way, RandomStream random)
    {
        var first = truth.Events[0];
        if (truth.Events.Count == 1)
        {
            return Clause(first, way, random);
        }
        var second = truth.Events[1];
        if (truth.Relation == Relation.While && random.Chance(0.5))
        {
            (first, second) = (second, first);
        }
        // One clause in its plain shapes, so that captions stay short.
        var (a, b) = (Clause(first, random.Next(2) * 3, random), Clause(second, random.Next(2) * 3, random));
        return (truth.Relation, way) switch
        {
            (Relation.Then, 0) => $"{a} then {b}",
            (Relation.Then, 1) => $"{a} followed by {Clause(second, 5, random)}",
            (Relation.Then, 2) => $"{a} and then {b}",
            (Relation.Then, 3) => $"{a} before {b}",
            (Relation.Then, _) => $"{b} after {a}",
            (_, 0) => $"{a} while {b}",
            (_, 1) => $"{a} as {b}",
            (_, 2) => $"{a} with {Clause(second, 5, random)}",
            (_, 3) => $"while {a} {b}",
            _ => $"{a} and {b} at the same time",
        };
    }

    /// <summary>All five paraphrases.</summary>
    public static IReadOnlyList<string> Paraphrases(CaptionTruth truth, RandomStream random) => [.. Enumerable.Range(0, 5).Select(way => Say(truth, way, random))];

    /// <summary>The tuples of what is true, as text.</summary>
    public static IReadOnlySet<string> Tuples(CaptionTruth truth)
    {
        var tuples = new HashSet<string>();
        foreach (var e in truth.Events)
        {
            var name = Classes[e.Class];
            tuples.Add(name);
            if (e.Loudness != Loudness.Plain)
            {
                tuples.Add($"{name}, {e.Loudness.ToString().ToLowerInvariant()}");
            }
            if (e.Times != Times.Plain)
            {
                tuples.Add($"{name}, {e.Times.ToString().ToLowerInvariant()}");
            }
        }
        if (truth.Events is [var a, var b])
        {
            tuples.Add(Related(Classes[a.Class], truth.Relation == Relation.Then ? "then" : "while", Classes[b.Class]));
        }
        return tuples;
    }

    /// <summary>
    /// The tuples that a caption states, whatever else it says. Nouns name events; an attribute belongs to the noun before it in its
    /// clause, or to the next; "then", "before" and "followed by" order two events, "after" turns them round, "while", "as", "with" and "and" lay them side by side.
    /// </summary>
    /// <param name="caption">words separated by spaces</param>
    public static IReadOnlySet<string> Tuples(string caption)
    {
        var tuples = new HashSet<string>();
        string? last = null, relation = null;
        var waiting = new List<string>();
        var fresh = true;
        foreach (var word in caption.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (embedded.Value.Nouns.TryGetValue(word, out var what))
            {
                var name = Classes[what];
                tuples.Add(name);
                tuples.UnionWith(waiting.Select(attribute => $"{name}, {attribute}"));
                waiting.Clear();
                if (last is not null && last != name)
                {
                    tuples.Add(relation == "after" ? Related(name, "then", last) : Related(last, relation ?? "while", name));
                }
                (last, relation, fresh) = (name, null, false);
            }
            else if (attributes.TryGetValue(word, out var attribute))
            {
                if (fresh || last is null)
                {
                    waiting.Add(attribute);
                }
                else
                {
                    tuples.Add($"{last}, {attribute}");
                }
            }
            else if (word is "then" or "before" or "followed")
            {
                (relation, fresh) = ("then", true);
            }
            else if (word == "after")
            {
                (relation, fresh) = ("after", true);
            }
            else if (word is "while" or "as" or "with" or "and")
            {
                (relation, fresh) = (relation ?? "while", true);
            }
        }
        return tuples;
    }

    private static string Related(string a, string relation, string b) =>
        relation == "while" && string.CompareOrdinal(a, b) > 0 ? $"{b}, while, {a}" : $"{a}, {relation}, {b}";

    private static string Clause(CaptionEvent e, int way, RandomStream random)
    {
        var phrases = embedded.Value.Events[e.Class].Phrases;
        var phrase = phrases[random.Next(phrases.Length)];
        var (noun, present, participle) = (phrase[0], phrase[1], phrase[2]);
        var times = e.Times == Times.Plain ? "" : e.Times.ToString().ToLowerInvariant();
        var adverb = e.Loudness switch { Loudness.Loud => "loudly", Loudness.Faint => random.Chance(0.5) ? "faintly" : "softly", _ => "" };
        var adjective = e.Loudness switch { Loudness.Loud => "loud", Loudness.Faint => "faint", _ => "" };
        return Joined(way switch
        {
            0 => [noun, present, times, adverb],
            1 => [noun, "is", participle, times, adverb],
            2 => ["the", adjective, "sound of", noun, participle, times],
            3 => [noun, present, adverb, times],
            4 => [noun, "can be heard", participle, times, adverb],
            _ => [noun, participle, times, adverb],
        });
    }

    private static string Joined(string[] parts) => string.Join(' ', parts.Where(p => p.Length > 0));

    private static Recipe Read()
    {
        using var stream = typeof(CaptionGrammar).Assembly.GetManifestResourceStream("Retort.data.caption-scenes.json")
            ?? throw new BadInputException("Retort.dll", "", $"the resource {FileName} is missing: the assembly was built without it");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = reader.ReadToEnd();
        var file = JsonSerializer.Deserialize<RecipeFile>(text, new JsonSerializerOptions(JsonSerializerDefaults.Web))
            ?? throw new BadInputException(FileName, "", "no events");
        var nouns = new Dictionary<string, int>();
        for (var i = 0; i < file.Events.Length; i++)
        {
            foreach (var phrase in file.Events[i].Phrases)
            {
                nouns.Add(phrase[0].Split(' ')[^1], i);
            }
        }
        return new Recipe(file.Events, [.. file.Events.Select(e => e.Class)], nouns, Hashing.Of(text.ReplaceLineEndings("\n")));
    }

    private sealed record RecipeFile(RecipeEvent[] Events);

    private sealed record RecipeEvent(string Class, bool Counted, string[][] Phrases);

    private sealed record Recipe(RecipeEvent[] Events, string[] Classes, Dictionary<string, int> Nouns, string Hash);
}
