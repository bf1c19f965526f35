// SLURP's text: Bastianelli, Vanzo, Swietojanski and Rieser (EMNLP 2020), dataset/slurp/*.jsonl of the published repository.

using System.Text.Json;
using Retort.Text;

namespace Retort.Data;

/// <summary>Reads SLURP's text files.</summary>
public static class SlurpText
{
    /// <summary>The name of a part's file.</summary>
    public static string FileName(SlurpPart part) => part switch
    {
        SlurpPart.Train => "train.jsonl",
        SlurpPart.TrainSynthetic => "train_synthetic.jsonl",
        SlurpPart.Development => "devel.jsonl",
        SlurpPart.Test => "test.jsonl",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "no part of SLURP"),
    };

    /// <summary>The sentences of a file.</summary>
    /// <param name="path">a jsonl file as published</param>
    /// <param name="scenarios">the scenarios there are; null takes any</param>
    /// <exception cref="BadInputException">Lines cannot be used; the first is named, with the number of the others.</exception>
    public static IReadOnlyList<SlurpSentence> Read(string path, IReadOnlyList<string>? scenarios = null)
    {
        var (sentences, problems) = ReadAll(path, scenarios);
        return problems.Count == 0 ? [.. sentences.Select(s => s.Sentence)] : throw Refusal(problems);
    }

    /// <summary>The meaning of each recording by its file name, as the scorer takes it.</summary>
    /// <param name="sentences">the sentences; of a recording listed twice the last one counts</param>
    public static IReadOnlyDictionary<string, Meaning> ByRecording(IEnumerable<SlurpSentence> sentences)
    {
        var meanings = new Dictionary<string, Meaning>();
        foreach (var sentence in sentences)
        {
            foreach (var file in sentence.Recordings)
            {
                meanings[file] = sentence.Meaning;
            }
        }
        return meanings;
    }

    internal static (List<(int Line, SlurpSentence Sentence)> Sentences, List<Problem> Problems) ReadAll(string path, IReadOnlyList<string>? scenarios)
    {
        var sentences = new List<(int, SlurpSentence)>();
        var problems = new List<Problem>();
        foreach (var (line, value) in JsonLines.Read(path, (line, what) => problems.Add(new Problem(path, $"line {line}", what))))
        {
            try
            {
                var sentence = Parse(value);
                if (scenarios is not null && !scenarios.Contains(sentence.Meaning.Scenario))
                {
                    throw new FormatException($"the scenario \"{JsonLines.Short(sentence.Meaning.Scenario)}\" is none of the {scenarios.Count}");
                }
                sentences.Add((line, sentence));
            }
            catch (FormatException e)
            {
                problems.Add(new Problem(path, $"line {line}", e.Message));
            }
        }
        return (sentences, problems);
    }

    internal static BadInputException Refusal(IReadOnlyList<Problem> problems) => new(problems[0].File, problems[0].Place, problems.Count == 1
        ? problems[0].What : $"{problems[0].What} (and {problems.Count - 1} more problems; SlurpData.Check lists all, BadRows.LeaveOut opens the rest)");

    private static SlurpSentence Parse(JsonElement line)
    {
        var words = new Dictionary<int, string>();
        foreach (var token in JsonLines.List(line, "tokens").EnumerateArray())
        {
            var id = JsonLines.Number(JsonLines.Member(token, "id"), "id");
            if (!words.TryAdd(id, JsonLines.Text(token, "surface").ToLowerInvariant()))
            {
                throw new FormatException($"the token {id} is listed twice");
            }
        }
        var entities = new List<Entity>();
        foreach (var entity in JsonLines.List(line, "entities").EnumerateArray())
        {
            var type = JsonLines.Text(entity, "type");
            var span = JsonLines.List(entity, "span").EnumerateArray().Select(n => JsonLines.Number(n, "span")).ToArray();
            if (Array.FindIndex(span, n => !words.ContainsKey(n)) is var bad and >= 0)
            {
                throw new FormatException($"the entity \"{JsonLines.Short(type)}\" spans the token {span[bad]}; the sentence has {words.Count} tokens");
            }
            var filler = string.Join(' ', span.Select(n => words[n]));
            if (string.IsNullOrWhiteSpace(filler))
            {
                throw new FormatException($"the entity \"{JsonLines.Short(type)}\" spans no word");
            }
            entities.Add(new Entity(type, filler));
        }
        var recordings = JsonLines.List(line, "recordings").EnumerateArray().Select(r => FileName(JsonLines.Text(r, "file"))).ToArray();
        var intent = JsonLines.Find(line, "intent") is null ? "" : JsonLines.Text(line, "intent");
        return new SlurpSentence(JsonLines.Number(JsonLines.Member(line, "slurp_id"), "slurp_id"), JsonLines.Text(line, "sentence"),
            new Meaning(JsonLines.Text(line, "scenario"), JsonLines.Text(line, "action"), entities), intent, recordings);
    }

    // A name with folders in it would lead out of the audio folder.
    private static string FileName(string name) => name.Length > 0 && name.IndexOfAny(['/', '\\', '\0']) < 0 ? name
        : throw new FormatException($"the recording \"{JsonLines.Short(name)}\" is no file name");
}
