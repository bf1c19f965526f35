using System.Text.Json;
using Retort.Torch;

namespace Retort.Text;

/// <summary>
/// The word vocabulary of captioning models: <c>&lt;pad&gt;</c> 0, <c>&lt;start&gt;</c> 1, <c>&lt;end&gt;</c> 2, <c>&lt;unk&gt;</c> 3, then words in order of first
/// appearance, as published (Xu et al., Interspeech 2024). A word outside it is <c>&lt;unk&gt;</c>, and left out when captions are read back.
/// </summary>
public static class CaptionVocabulary
{
    /// <summary>The names of the special tokens.</summary>
    public static SpecialTokens Special { get; } = new("<pad>", "<unk>", "<start>", "<end>");

    private static readonly string[] First = [Special.Padding, Special.Start, Special.End, Special.Unknown];

    /// <summary>The vocabulary of these captions, each as <see cref="CaptionWords"/> splits it.</summary>
    /// <param name="captions">the training captions, in order</param>
    public static WordTokenizer Train(IEnumerable<string> captions)
    {
        var words = new List<string>(First);
        var known = new HashSet<string>(First, StringComparer.Ordinal);
        words.AddRange(captions.SelectMany(CaptionWords.Split).Where(known.Add));
        return new WordTokenizer(words, Special);
    }

    /// <summary>
    /// Reads a vocabulary: a JSON object of word and number, a Hugging Face tokenizer.json whose model is WordLevel, or a pickled dict
    /// of word and number (<c>vocab.pkl</c>, or the one that a training checkpoint of the released code, <c>swa.pth</c>, holds as its tokenizer), which is read as data and never run.
    /// </summary>
    /// <exception cref="BadInputException">The file is damaged, has no such vocabulary, or its numbers are not 0 to V - 1, each once, with the special tokens at 0 to 3.</exception>
    public static WordTokenizer Load(string path)
    {
        var numbers = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".pkl" => Pickled(PickleFile.Load(path), path),
            ".pth" or ".pt" => Pickled(PyTorchFile.LoadEntry(path, "tokenizer"), path),
            _ => Json(path),
        };
        var words = new string[numbers.Count];
        foreach (var (word, number) in numbers)
        {
            if (number < 0 || number >= words.Length || words[number] is not null)
            {
                throw new BadInputException(path, $"\"{word}\"", $"the number {number}; a vocabulary of {words.Length} words has each of 0 to {words.Length - 1} once");
            }
            words[number] = word;
        }
        if (words.Length < First.Length || !words.Take(First.Length).SequenceEqual(First))
        {
            throw new BadInputException(path, "", $"the first words are {string.Join(", ", words.Take(First.Length))}; expected {string.Join(", ", First)}");
        }
        return new WordTokenizer(words, Special);
    }

    /// <summary>Writes a vocabulary as a JSON object of word and number.</summary>
    public static void Save(WordTokenizer vocabulary, string path) =>
        AtomicFile.Write(path, stream =>
        {
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            json.WriteStartObject();
            for (var i = 0; i < vocabulary.Count; i++)
            {
                json.WriteNumber(vocabulary.Tokens[i], i);
            }
            json.WriteEndObject();
        });

    private static List<(string Word, long Number)> Pickled(object? read, string path)
    {
        if (read is not Dictionary<object, object?> dictionary)
        {
            throw new BadInputException(path, "", "the vocabulary is no dict of words and numbers");
        }
        return [.. dictionary.Select(entry => entry is { Key: string word, Value: long number } ? (word, number)
            : throw new BadInputException(path, $"{entry.Key}", "expected a word and a number"))];
    }

    private static List<(string Word, long Number)> Json(string path)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read as JSON: {e.Message}", e);
        }
        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.Object)
            {
                if (!model.TryGetProperty("type", out var type) || type.GetString() != "WordLevel" || !model.TryGetProperty("vocab", out root))
                {
                    throw new BadInputException(path, "model", "expected a tokenizer whose model is WordLevel, with a vocab");
                }
            }
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new BadInputException(path, "", "expected an object of words and numbers");
            }
            return [.. root.EnumerateObject().Select(p => p.Value.ValueKind == JsonValueKind.Number && p.Value.TryGetInt64(out var number) ? (p.Name, number)
                : throw new BadInputException(path, $"\"{p.Name}\"", "expected a whole number"))];
        }
    }
}
