using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Retort.Text;

/// <summary>Reads and writes the part of Hugging Face's tokenizer.json that is about byte pair encoding. What it does not know it refuses.</summary>
internal static partial class BpeFile
{
    private const int MostTokens = 1 << 22;

    public static BpeTokenizer Read(string path, SpecialTokens special)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        try
        {
            using var document = JsonDocument.Parse(bytes.AsMemory(bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0));
            return Parse(path, document.RootElement, special);
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, "", $"is not JSON: {JsonLines.Short(e.Message)}", e);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new BadInputException(path, "", JsonLines.Short(e.Message), e);
        }
    }

    private static BpeTokenizer Parse(string path, JsonElement root, SpecialTokens special)
    {
        var model = JsonLines.Member(root, "model");
        if (JsonLines.Find(model, "type") is { ValueKind: JsonValueKind.String } type && type.GetString() != "BPE")
        {
            throw new BadInputException(path, "model", $"is \"{JsonLines.Short(type.GetString()!)}\"; only BPE is read");
        }
        var llama = LlamaPipeline.Read(path, root);
        var (words, addPrefixSpace) = llama is null ? Words(path, root) : (llama.Split is null ? PreTokenizer.None : PreTokenizer.ByteLevel, false);
        var vocabulary = Vocabulary(path, model);
        var fallback = JsonLines.Find(model, "byte_fallback") is { ValueKind: JsonValueKind.True };
        if (fallback && Enumerable.Range(0, 256).FirstOrDefault(b => !vocabulary.ContainsKey($"<0x{b:X2}>"), -1) is >= 0 and var lacking)
        {
            throw new BadInputException(path, "model.byte_fallback", $"the vocabulary lacks <0x{lacking:X2}>");
        }
        var (added, skipped) = Added(path, root, vocabulary);
        var tokens = Dense(path, vocabulary);
        var (decoder, suffix) = llama is { Pieces: true } ? (BpeDecoder.Spaces, "") : Decoder(path, root);
        var bpe = new BpeModel
        {
            Vocabulary = vocabulary,
            Merges = Merges(path, model),
            ContinuingPrefix = Text(model, "continuing_subword_prefix") ?? "",
            EndOfWord = Text(model, "end_of_word_suffix") ?? "",
            Unknown = Text(model, "unk_token"),
            FuseUnknown = JsonLines.Find(model, "fuse_unk") is { ValueKind: JsonValueKind.True },
            IgnoreMerges = JsonLines.Find(model, "ignore_merges") is { ValueKind: JsonValueKind.True },
            ByteFallback = fallback,
        };
        if (bpe.Unknown is { } unknown ? !vocabulary.ContainsKey(unknown) : words != PreTokenizer.ByteLevel || !VisibleBytes.All.All(c => Spells(bpe, c.ToString())))
        {
            throw new BadInputException(path, "model.unk_token", bpe.Unknown is null ? "is lacking, and the vocabulary does not spell every text" : $"\"{JsonLines.Short(bpe.Unknown)}\" is not in the vocabulary");
        }
        if (bpe.Prepare() is { } bad)
        {
            throw new BadInputException(path, $"model.merges, entry {bad.Merge}", bad.What);
        }
        foreach (var name in special.All)
        {
            if (name.Length == 0 || !vocabulary.ContainsKey(name))
            {
                throw new BadInputException(path, "model.vocab", $"the special token \"{name}\" is not among the {tokens.Length} tokens; give this file's names of the special tokens");
            }
        }
        var dropout = JsonLines.Find(model, "dropout") is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var p) ? p : 0;
        if (dropout is not (>= 0 and <= 1))
        {
            throw new BadInputException(path, "model.dropout", string.Create(CultureInfo.InvariantCulture, $"is {dropout}; expected a probability"));
        }
        return new BpeTokenizer(new BpeParts
        {
            Tokens = tokens,
            Added = added,
            Skipped = skipped,
            Words = words,
            AddPrefixSpace = addPrefixSpace,
            Decoder = decoder,
            DecoderSuffix = suffix,
            Model = bpe,
            Dropout = dropout,
            Llama = llama,
        }, special);
    }

    private static bool Spells(BpeModel bpe, string symbol) => new[]
    {
        symbol, symbol + bpe.EndOfWord, bpe.ContinuingPrefix + symbol, bpe.ContinuingPrefix + symbol + bpe.EndOfWord,
    }.All(bpe.Vocabulary.ContainsKey);

    private static (PreTokenizer Words, bool AddPrefixSpace) Words(string path, JsonElement root)
    {
        var kind = Kind(root, "pre_tokenizer");
        var part = kind is null ? default : JsonLines.Member(root, "pre_tokenizer");
        switch (kind)
        {
            case null:
                return (PreTokenizer.None, false);
            case "Whitespace":
                return (PreTokenizer.Whitespace, false);
            case "WhitespaceSplit":
                return (PreTokenizer.WhitespaceSplit, false);
            case "ByteLevel" when JsonLines.Find(part, "use_regex") is not { ValueKind: JsonValueKind.False }:
                return (PreTokenizer.ByteLevel, JsonLines.Find(part, "add_prefix_space") is not { ValueKind: JsonValueKind.False });
            default:
                throw new BadInputException(path, "pre_tokenizer", $"\"{JsonLines.Short(kind)}\" is not supported as it is set; expected Whitespace, WhitespaceSplit or ByteLevel (with its pattern), or none");
        }
    }

    private static (BpeDecoder Decoder, string Suffix) Decoder(string path, JsonElement root) => Kind(root, "decoder") switch
    {
        null => (BpeDecoder.Spaces, ""),
        "ByteLevel" => (BpeDecoder.Bytes, ""),
        "BPEDecoder" when Text(JsonLines.Member(root, "decoder"), "suffix") is { Length: > 0 } suffix => (BpeDecoder.EndOfWord, suffix),
        var kind => throw new BadInputException(path, "decoder", $"\"{JsonLines.Short(kind)}\" is not supported as it is set; expected BPEDecoder with its suffix, ByteLevel or none"),
    };

    private static Dictionary<string, int> Vocabulary(string path, JsonElement model)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var vocab = JsonLines.Member(model, "vocab");
        if (vocab.ValueKind != JsonValueKind.Object)
        {
            throw new BadInputException(path, "model.vocab", $"is of kind {vocab.ValueKind}; expected an object from token to id");
        }
        foreach (var entry in vocab.EnumerateObject())
        {
            var id = Id(path, "model.vocab", entry.Name, entry.Value);
            if (!vocabulary.TryAdd(entry.Name, id))
            {
                throw new BadInputException(path, "model.vocab", $"the token \"{JsonLines.Short(entry.Name)}\" is listed twice");
            }
        }
        return vocabulary;
    }

    // Tokens beside the model's own, which get their ids here, or stand in both.
    private static (List<string> Added, List<int> Skipped) Added(string path, JsonElement root, Dictionary<string, int> vocabulary)
    {
        var (added, skipped) = (new List<string>(), new List<int>());
        if (JsonLines.Find(root, "added_tokens") is not { ValueKind: not JsonValueKind.Null })
        {
            return (added, skipped);
        }
        foreach (var token in JsonLines.List(root, "added_tokens").EnumerateArray())
        {
            var content = JsonLines.Text(token, "content");
            var id = Id(path, "added_tokens", content, JsonLines.Member(token, "id"));
            if (content.Length == 0 || added.Contains(content) || (!vocabulary.TryAdd(content, id) && vocabulary[content] != id))
            {
                throw new BadInputException(path, "added_tokens", content.Length == 0 ? "a token is empty"
                    : $"\"{JsonLines.Short(content)}\" is listed twice, or has another id in the vocabulary");
            }
            foreach (var option in new[] { "single_word", "lstrip", "rstrip" })
            {
                if (JsonLines.Find(token, option) is { ValueKind: JsonValueKind.True })
                {
                    throw new BadInputException(path, "added_tokens", $"\"{JsonLines.Short(content)}\": {option} is not supported");
                }
            }
            added.Add(content);
            if (JsonLines.Find(token, "special") is { ValueKind: JsonValueKind.True })
            {
                skipped.Add(id);
            }
        }
        return (added, skipped);
    }

    private static string[] Dense(string path, Dictionary<string, int> vocabulary)
    {
        var tokens = new string?[vocabulary.Count];
        foreach (var (token, id) in vocabulary)
        {
            if (id >= tokens.Length || tokens[id] is not null)
            {
                throw new BadInputException(path, "model.vocab", id >= tokens.Length
                    ? $"\"{JsonLines.Short(token)}\" has the id {id}, and there are {tokens.Length} tokens; expected the ids 0 to {tokens.Length - 1}"
                    : $"\"{JsonLines.Short(token)}\" and \"{JsonLines.Short(tokens[id]!)}\" have the same id {id}");
            }
            tokens[id] = token;
        }
        return tokens!;
    }

    private static List<(string Left, string Right)> Merges(string path, JsonElement model)
    {
        var merges = new List<(string, string)>();
        foreach (var merge in JsonLines.List(model, "merges").EnumerateArray())
        {
            // Older files have "left right", newer ones ["left", "right"].
            string[] pair = merge.ValueKind switch
            {
                JsonValueKind.String => merge.GetString()!.Split(' '),
                JsonValueKind.Array when merge.GetArrayLength() == 2 && merge.EnumerateArray().All(m => m.ValueKind == JsonValueKind.String) =>
                    [.. merge.EnumerateArray().Select(m => m.GetString()!)],
                _ => [],
            };
            if (pair.Length != 2 || pair[0].Length == 0 || pair[1].Length == 0)
            {
                throw new BadInputException(path, $"model.merges, entry {merges.Count}", $"is {JsonLines.Short(merge.GetRawText())}; expected two tokens");
            }
            merges.Add((pair[0], pair[1]));
        }
        return merges;
    }

    private static int Id(string path, string place, string token, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id is >= 0 and < MostTokens ? id
            : throw new BadInputException(path, place, $"the id of \"{JsonLines.Short(token)}\" is {JsonLines.Short(value.GetRawText())}; expected a whole number from 0 to {MostTokens - 1}");

    private static string? Kind(JsonElement root, string name) =>
        JsonLines.Find(root, name) is not { ValueKind: not JsonValueKind.Null } part ? null : JsonLines.Text(part, "type");

    private static string? Text(JsonElement from, string name) =>
        JsonLines.Find(from, name) is not { ValueKind: not JsonValueKind.Null } ? null : JsonLines.Text(from, name);

    public static void Write(string path, BpeParts parts, SpecialTokens special) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (var token in parts.Added.OrderBy(token => parts.Model.Vocabulary[token]))
        {
            json.WriteStartObject();
            json.WriteNumber("id", parts.Model.Vocabulary[token]);
            json.WriteString("content", token);
            foreach (var option in new[] { "single_word", "lstrip", "rstrip", "normalized" })
            {
                json.WriteBoolean(option, false);
            }
            json.WriteBoolean("special", special.All.Contains(token) || parts.Skipped.Contains(parts.Model.Vocabulary[token]));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (parts.Llama is { } llama)
        {
            foreach (var (name, raw) in llama.Raw)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(raw);
            }
        }
        else
        {
            json.WriteNull("normalizer");
            WritePart(json, "pre_tokenizer", parts.Words == PreTokenizer.None ? null : parts.Words.ToString(), "", parts.AddPrefixSpace);
            WritePart(json, "decoder", parts.Decoder switch { BpeDecoder.Spaces => null, BpeDecoder.Bytes => "ByteLevel", _ => "BPEDecoder" }, parts.DecoderSuffix, parts.AddPrefixSpace);
        }
        json.WriteNull("post_processor");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        WriteNumber(json, "dropout", parts.Dropout);
        WriteText(json, "unk_token", parts.Model.Unknown ?? "");
        WriteText(json, "continuing_subword_prefix", parts.Model.ContinuingPrefix);
        WriteText(json, "end_of_word_suffix", parts.Model.EndOfWord);
        json.WriteBoolean("fuse_unk", parts.Model.FuseUnknown);
        json.WriteBoolean("byte_fallback", parts.Model.ByteFallback);
        json.WriteBoolean("ignore_merges", parts.Model.IgnoreMerges);
        json.WriteStartObject("vocab");
        for (var id = 0; id < parts.Tokens.Count; id++)
        {
            json.WriteNumber(parts.Tokens[id], id);
        }
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in parts.Model.Merges)
        {
            // The older form, where it can hold the pair, is read by every version of the library.
            if (left.Contains(' ') || right.Contains(' '))
            {
                json.WriteStartArray();
                json.WriteStringValue(left);
                json.WriteStringValue(right);
                json.WriteEndArray();
            }
            else
            {
                json.WriteStringValue($"{left} {right}");
            }
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static void WritePart(Utf8JsonWriter json, string name, string? type, string suffix, bool addPrefixSpace)
    {
        if (type is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteString("type", type);
        if (type == "ByteLevel")
        {
            json.WriteBoolean("add_prefix_space", addPrefixSpace);
            json.WriteBoolean("trim_offsets", true);
            json.WriteBoolean("use_regex", true);
        }
        else if (suffix.Length > 0)
        {
            json.WriteString("suffix", suffix);
        }
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string text)
    {
        if (text.Length > 0)
        {
            json.WriteString(name, text);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (value > 0)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
