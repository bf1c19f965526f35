using System.Text.Json;
using Retort.Torch;

namespace Retort.Text;

/// <summary>What a model wrote of an utterance, and the file of such lines that SLURP's official scorer takes.</summary>
/// <param name="File">the utterance</param>
/// <param name="Text">the decoded string</param>
public sealed record SlurpPrediction(string File, string Text)
{
    /// <summary>What the string means.</summary>
    public Meaning Meaning => SlurpTarget.Read(Text).Meaning;

    /// <summary>Its transcript.</summary>
    public string Transcript => SlurpTarget.Read(Text).Transcript;

    /// <summary>Writes predictions, whole: one JSON object a line, the official scorer's fields and the decoded string.</summary>
    public static void Save(string path, IEnumerable<SlurpPrediction> predictions) => AtomicFile.WriteText(path, string.Concat(predictions.Select(p =>
        JsonSerializer.Serialize(new
        {
            file = p.File,
            scenario = p.Meaning.Scenario,
            action = p.Meaning.Action,
            entities = p.Meaning.Entities.Select(e => new { type = e.Type, filler = e.Filler }),
            text = p.Text,
        }) + "\n")));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="BadInputException">A line is something else.</exception>
    public static IReadOnlyList<SlurpPrediction> Load(string path)
    {
        var predictions = new List<SlurpPrediction>();
        foreach (var (line, item) in JsonLines.Read(path, (line, problem) => throw new BadInputException(path, $"line {line}", problem)))
        {
            try
            {
                predictions.Add(new SlurpPrediction(JsonLines.Text(item, "file"), JsonLines.Text(item, "text")));
            }
            catch (FormatException e)
            {
                throw new BadInputException(path, $"line {line}", e.Message, e);
            }
        }
        return predictions;
    }
}
