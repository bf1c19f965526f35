using Retort.Randomness;

namespace Retort.Data;

/// <summary>
/// Sentences for speech in noise: data/noisy-minutes.json, templates with words that sound alike, and a share of
/// sentences outside all templates. No sentence stands in two parts.
/// </summary>
public static class NoisyMinutes
{
    private const string File = "data/noisy-minutes.json";
    private static readonly Lazy<CommandGrammar> grammar = new(() => CommandGrammar.Parse(File, CommandGrammar.Read(File)));

    /// <summary>The grammar that comes with the library.</summary>
    public static CommandGrammar Grammar => grammar.Value;

    /// <summary>Parts of different sentences, each by its name and size. A smaller part is the beginning of a larger one if those before it are the same.</summary>
    /// <param name="parts">names and numbers of sentences, in the order in which they are drawn</param>
    /// <param name="seed">of the drawing</param>
    /// <param name="outside">share of sentences outside all templates</param>
    public static IReadOnlyDictionary<string, string[]> Sentences(IReadOnlyList<(string Name, int Count)> parts, long seed, double outside = 0.12)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var made = new Dictionary<string, string[]>();
        foreach (var (name, count) in parts)
        {
            made[name] = [.. Enumerable.Range(0, count).Select(i =>
            {
                for (var attempt = 0; ; attempt++)
                {
                    var sentence = Sentence(RandomStream.Of(seed, $"sentence {name}", $"{i}", attempt), outside);
                    if (seen.Add(sentence))
                    {
                        return sentence;
                    }
                    if (attempt == 2000)
                    {
                        throw new BadInputException(File, name, $"there is no new sentence for number {i} of {count}");
                    }
                }
            })];
        }
        return made;
    }

    private static string Sentence(RandomStream draw, double outside)
    {
        if (draw.Chance(outside))
        {
            return string.Join(' ', Enumerable.Range(0, draw.Next(5, 10)).Select(_ => draw.Pick(Grammar.Generic)));
        }
        var scenarios = Grammar.Scenarios;
        var at = draw.NextDouble() * scenarios.Sum(Grammar.Weight);
        var scenario = scenarios.First(s => (at -= Grammar.Weight(s)) < 0);
        return Grammar.Sentence(scenario, draw.Pick(Grammar.Actions(scenario)), draw).Sentence;
    }
}
