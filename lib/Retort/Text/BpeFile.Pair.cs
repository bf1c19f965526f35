using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Text;

internal static partial class BpeFile
{
    /// <summary>The older pair of files, of GPT-2 and BART: they say the same as a tokenizer.json with bytes as symbols.</summary>
    public static BpeTokenizer Read(string vocabularyPath, string mergesPath, SpecialTokens special)
    {
        string[] lines;
        JsonObject root;
        try
        {
            lines = File.ReadAllLines(mergesPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(mergesPath, "", $"cannot be read: {e.Message}", e);
        }
        var merges = new JsonArray();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length == 0 || (i == 0 && lines[i].StartsWith("#version", StringComparison.Ordinal)))
            {
                continue;
            }
            if (lines[i].Split(' ') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                throw new BadInputException(mergesPath, $"line {i + 1}", $"is \"{JsonLines.Short(lines[i])}\"; expected two tokens");
            }
            merges.Add(lines[i]);
        }
        try
        {
            var vocabulary = JsonNode.Parse(File.ReadAllText(vocabularyPath)) as JsonObject
                ?? throw new BadInputException(vocabularyPath, "", "expected an object from token to id");
            var marks = special.All.Distinct().Where(vocabulary.ContainsKey).Select(t => (JsonNode)new JsonObject { ["content"] = t, ["id"] = vocabulary[t]!.DeepClone(), ["special"] = true });
            root = new JsonObject
            {
                ["added_tokens"] = new JsonArray([.. marks]),
                ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false },
                ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
                ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary.DeepClone(), ["merges"] = merges },
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            throw new BadInputException(vocabularyPath, "", $"cannot be read as an object from token to id: {JsonLines.Short(e.Message)}", e);
        }
        try
        {
            using var document = JsonDocument.Parse(root.ToJsonString());
            return Parse(vocabularyPath, document.RootElement, special);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new BadInputException(vocabularyPath, "", JsonLines.Short(e.Message), e);
        }
    }
}
