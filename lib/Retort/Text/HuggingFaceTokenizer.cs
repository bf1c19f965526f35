using System.Text.Json;

namespace Retort.Text;

/// <summary>Opens the tokenizer that lies beside a model's weights.</summary>
internal static class HuggingFaceTokenizer
{
    /// <summary>The tokenizer of a Hugging Face folder: tokenizer.model where it is there, else tokenizer.json.</summary>
    /// <param name="folder">the folder</param>
    /// <param name="vocabulary">the model's tokens: a tokenizer with more does not fit it</param>
    /// <exception cref="BadInputException">There is none, it is damaged, or it has more tokens than the model.</exception>
    internal static Tokenizer Read(string folder, int vocabulary)
    {
        string pieces = Path.Combine(folder, "tokenizer.model"), json = Path.Combine(folder, "tokenizer.json");
        var (path, tokenizer) = File.Exists(pieces) || !File.Exists(json) ? (pieces, (Tokenizer)SentencePieceTokenizer.Load(pieces)) : (json, BpeTokenizer.Load(json, ReadSpecial(folder)));
        return tokenizer.Count <= vocabulary ? tokenizer : throw new BadInputException(path, "", $"has {tokenizer.Count} tokens, and the model {vocabulary}");
    }

    // Names of the start and end symbols, which tokenizer.json does not tell; each is a text or an object with "content".
    private static SpecialTokens ReadSpecial(string folder)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            string? Name(string field) => JsonLines.Find(document.RootElement, field) switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString(),
                { ValueKind: JsonValueKind.Object } named => JsonLines.Text(named, "content"),
                _ => null,
            };
            var end = Name("eos_token") ?? throw new FormatException("the field \"eos_token\" is missing");
            return new SpecialTokens(Name("pad_token") ?? end, Name("unk_token") ?? end, Name("bos_token") ?? end, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new BadInputException(path, "", $"does not name the special tokens of tokenizer.json: {e.Message}", e);
        }
    }
}
