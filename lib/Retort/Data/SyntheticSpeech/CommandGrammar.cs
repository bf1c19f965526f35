using System.Text;
using System.Text.Json;
using Retort.Randomness;
using Retort.Text;

namespace Retort.Data;

/// <summary>
/// Sentences of commands with their meanings: data/spoken-commands.json, which is part of the assembly. A template has
/// {type} for a filler, &lt;macro&gt; for one of its texts and (a|b|) for one of the alternatives.
/// </summary>
public sealed class CommandGrammar
{
    internal const string FileName = "data/spoken-commands.json";
    private static readonly Lazy<CommandGrammar> embedded = new(() => Parse(FileName, Read()));
    private readonly string path;
    private readonly Dictionary<string, string[]> macros;
    private readonly Dictionary<string, string[]> fillers;
    private readonly Dictionary<string, ScenarioText> scenarios;

    private sealed record GrammarText(string? About, Dictionary<string, string[]>? Macros, Dictionary<string, string[]>? Fillers, Dictionary<string, ScenarioText>? Scenarios, string[]? Generic);

    private sealed record ScenarioText(double Weight, Dictionary<string, string[]>? Actions);

    private CommandGrammar(string path, GrammarText text, string hash) =>
        (this.path, macros, fillers, scenarios, Generic, Hash) = (path, text.Macros!, text.Fillers!, text.Scenarios!, text.Generic!, hash);

    /// <summary>The grammar that comes with the library.</summary>
    public static CommandGrammar Embedded => embedded.Value;

    /// <summary>SHA-256 of the file's text, without regard to line ends.</summary>
    public string Hash { get; }

    /// <summary>The scenarios, in alphabetical order.</summary>
    public IReadOnlyList<string> Scenarios => [.. scenarios.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The actions of a scenario.</summary>
    public IReadOnlyList<string> Actions(string scenario) => [.. scenarios[scenario].Actions!.Keys];

    /// <summary>A scenario's share of the utterances, as a number that is compared to the others'.</summary>
    public double Weight(string scenario) => scenarios[scenario].Weight;

    /// <summary>The types of entities.</summary>
    public IReadOnlyList<string> EntityTypes => [.. fillers.Keys];

    /// <summary>The words of the corpus without commands.</summary>
    public IReadOnlyList<string> Generic { get; }

    /// <summary>A sentence of an intent.</summary>
    /// <param name="scenario">the scenario</param>
    /// <param name="action">the action</param>
    /// <param name="draw">chooses template, alternatives and fillers</param>
    /// <param name="mostFillers">only so many fillers of each type are used, the first of them</param>
    /// <param name="mostTemplates">only so many templates are used, the first of them</param>
    public (string Sentence, Meaning Meaning) Sentence(string scenario, string action, RandomStream draw, int mostFillers = int.MaxValue, int mostTemplates = int.MaxValue)
    {
        var words = new StringBuilder();
        var entities = new List<Entity>();
        Write(draw.Pick(scenarios[scenario].Actions![action].Take(mostTemplates).ToArray()), words, entities, draw, mostFillers);
        return (string.Join(' ', words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)), new Meaning(scenario, action, entities));
    }

    /// <summary>Reads a grammar.</summary>
    /// <param name="path">named in errors</param>
    /// <param name="text">its JSON</param>
    /// <exception cref="BadInputException">It is not one; the place is named.</exception>
    public static CommandGrammar Parse(string path, string text)
    {
        GrammarText? read;
        try
        {
            read = JsonSerializer.Deserialize<GrammarText>(text, new JsonSerializerOptions(JsonSerializerDefaults.Web));
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, $"line {e.LineNumber + 1}", $"not a grammar: {e.Message}", e);
        }
        if (read is not { Macros: not null, Fillers: not null, Scenarios: { Count: > 0 }, Generic: { Length: > 0 } })
        {
            throw new BadInputException(path, "", "not a grammar: macros, fillers, scenarios or generic are missing");
        }
        var grammar = new CommandGrammar(path, read, Hashing.Of(text.ReplaceLineEndings("\n")));
        grammar.Check();
        return grammar;
    }

    internal static string Read(string file = FileName)
    {
        using var stream = typeof(CommandGrammar).Assembly.GetManifestResourceStream("Retort." + file.Replace('/', '.'))
            ?? throw new BadInputException("Retort.dll", "", $"the resource {file} is missing: the assembly was built without it");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private void Check()
    {
        foreach (var (name, texts) in macros.Concat(fillers))
        {
            if (texts is not { Length: > 0 } || texts.Any(t => t is null || t.Any(c => c is not (>= 'a' and <= 'z' or ' '))))
            {
                throw new BadInputException(path, $"\"{name}\"", "expected texts of lower-case letters and spaces");
            }
        }
        if (fillers.FirstOrDefault(f => f.Value.Any(string.IsNullOrWhiteSpace)) is { Key: { } silent })
        {
            throw new BadInputException(path, $"\"{silent}\"", "a filler has no words");
        }
        for (var i = 0; i < Generic.Count; i++)
        {
            if (Generic[i] is not { Length: > 0 } || Generic[i].Any(c => c is not (>= 'a' and <= 'z')))
            {
                throw new BadInputException(path, $"generic word {i + 1}", "expected a word of lower-case letters");
            }
        }
        foreach (var (scenario, of) in scenarios)
        {
            if (of is not { Weight: > 0, Actions.Count: > 0 })
            {
                throw new BadInputException(path, $"scenario \"{scenario}\"", "expected a positive weight and at least one action");
            }
            foreach (var (action, templates) in of.Actions)
            {
                if (templates is not { Length: > 0 })
                {
                    throw new BadInputException(path, $"action \"{scenario}_{action}\"", "has no template");
                }
                foreach (var template in templates)
                {
                    Check(template, $"action \"{scenario}_{action}\", template \"{template}\"");
                }
            }
        }
    }

    // Every alternative of a template is looked at, so that no draw meets an error.
    private void Check(string template, string place)
    {
        for (var i = 0; i < template.Length; i++)
        {
            var (close, names) = template[i] switch { '{' => ('}', fillers), '<' => ('>', macros), _ => (' ', null!) };
            if (names is not null)
            {
                var end = template.IndexOf(close, i);
                var name = end < 0 ? template[i..] : template[(i + 1)..end];
                if (end < 0 || !names.ContainsKey(name))
                {
                    throw new BadInputException(path, place, $"\"{name}\" is not known; known are {string.Join(", ", names.Keys)}");
                }
                i = end;
            }
            else if (template[i] is not (>= 'a' and <= 'z' or ' ' or '(' or '|' or ')'))
            {
                throw new BadInputException(path, place, $"the character '{template[i]}' has no meaning");
            }
        }
        var depth = 0;
        foreach (var c in template)
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (depth is < 0 or > 1 || (c == '|' && depth == 0))
            {
                throw new BadInputException(path, place, "parentheses do not match, or stand in one another");
            }
        }
        if (depth != 0)
        {
            throw new BadInputException(path, place, "a parenthesis is not closed");
        }
    }

    private void Write(string template, StringBuilder words, List<Entity> entities, RandomStream draw, int mostFillers)
    {
        for (var i = 0; i < template.Length; i++)
        {
            switch (template[i])
            {
                case '{':
                    var type = template[(i + 1)..template.IndexOf('}', i)];
                    var known = fillers[type];
                    var filler = known[draw.Next(Math.Min(known.Length, mostFillers))];
                    words.Append(filler);
                    entities.Add(new Entity(type, filler));
                    i += type.Length + 1;
                    break;
                case '<':
                    var macro = template[(i + 1)..template.IndexOf('>', i)];
                    words.Append(draw.Pick(macros[macro]));
                    i += macro.Length + 1;
                    break;
                case '(':
                    var end = template.IndexOf(')', i);
                    Write(draw.Pick(template[(i + 1)..end].Split('|')), words, entities, draw, mostFillers);
                    i = end;
                    break;
                default:
                    words.Append(template[i]);
                    break;
            }
        }
    }
}
