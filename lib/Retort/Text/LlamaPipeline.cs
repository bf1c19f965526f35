// The parts around the merges in tokenizer.json files of the LLaMA family: a normaliser that writes spaces as a visible sign, a
// pattern that cuts text before bytes are made visible (Llama 3), and the decoder of pieces (LLaMA, LLaMA-2).

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Retort.Text;

/// <summary>What a tokenizer.json says of the LLaMA family's normaliser, cutting and decoding.</summary>
internal sealed record LlamaPipeline
{
    /// <summary>Done in turn with each stretch of text between added tokens: an empty From puts To in front.</summary>
    public IReadOnlyList<(string From, string To)> Steps { get; init; } = [];

    /// <summary>Cuts the text: matches and what lies between them are words; null for no cutting.</summary>
    public Regex? Split { get; init; }

    /// <summary>Whether spaces and bytes are read back from pieces, and one space at the very front is left out.</summary>
    public bool Pieces { get; init; }

    /// <summary>The sign that spaces are written as.</summary>
    public string Sign { get; init; } = "▁";

    /// <summary>The file's own texts of "normalizer", "pre_tokenizer" and "decoder", to be written again.</summary>
    public IReadOnlyDictionary<string, string> Raw { get; init; } = new Dictionary<string, string>();

    /// <summary>The pipeline of a file, or null where it has none of these parts.</summary>
    /// <exception cref="BadInputException">A part is there that is not read.</exception>
    public static LlamaPipeline? Read(string path, JsonElement root)
    {
        var normalizer = JsonLines.Find(root, "normalizer") is { ValueKind: JsonValueKind.Object } n ? n : (JsonElement?)null;
        var cutter = JsonLines.Find(root, "pre_tokenizer") is { ValueKind: JsonValueKind.Object } p && JsonLines.Text(p, "type") is "Sequence" or "Metaspace" ? JsonLines.Member(root, "pre_tokenizer") : (JsonElement?)null;
        var decoder = JsonLines.Find(root, "decoder") is { ValueKind: JsonValueKind.Object } d && JsonLines.Text(d, "type") is "Sequence" or "Metaspace" ? JsonLines.Member(root, "decoder") : (JsonElement?)null;
        if (normalizer is null && cutter is null && decoder is null)
        {
            return null;
        }
        var pipeline = new LlamaPipeline
        {
            Steps = normalizer is { } one ? [.. Normalisers(path, one)] : [],
            Raw = new[] { "normalizer", "pre_tokenizer", "decoder" }.ToDictionary(name => name, name => JsonLines.Find(root, name)?.GetRawText() ?? "null"),
        };
        if (cutter is { } cut)
        {
            pipeline = Cutter(path, cut, pipeline);
        }
        return decoder is { } read ? Decoder(path, read, pipeline) : pipeline;
    }

    /// <summary>The text with the normaliser's steps done.</summary>
    public string Normalise(string text) => text.Length == 0 ? text
        : Steps.Aggregate(text, (t, step) => step.From.Length == 0 ? step.To + t : t.Replace(step.From, step.To, StringComparison.Ordinal));

    /// <summary>The words of a text.</summary>
    public IEnumerable<string> Words(string text)
    {
        if (Split is null)
        {
            return text.Length > 0 ? [text] : [];
        }
        var words = new List<string>();
        var at = 0;
        foreach (Match match in Split.Matches(text))
        {
            if (match.Index > at)
            {
                words.Add(text[at..match.Index]);
            }
            if (match.Length > 0)
            {
                words.Add(match.Value);
            }
            at = match.Index + match.Length;
        }
        if (at < text.Length)
        {
            words.Add(text[at..]);
        }
        return words;
    }

    /// <summary>The text of pieces.</summary>
    public string Join(IReadOnlyList<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>' && byte.TryParse(token.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var b))
            {
                bytes.Add(b);
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(token.Replace(Sign, " ", StringComparison.Ordinal)));
            }
        }
        var text = Encoding.UTF8.GetString([.. bytes]);
        return text.StartsWith(' ') ? text[1..] : text;
    }

    private static IEnumerable<(string, string)> Normalisers(string path, JsonElement part)
    {
        switch (JsonLines.Text(part, "type"))
        {
            case "Sequence":
                return JsonLines.List(part, "normalizers").EnumerateArray().SelectMany(p => Normalisers(path, p)).ToArray();
            case "Prepend":
                return [("", JsonLines.Text(part, "prepend"))];
            case "Replace" when JsonLines.Find(JsonLines.Member(part, "pattern"), "String") is { ValueKind: JsonValueKind.String } from && from.GetString() is { Length: > 0 } old:
                return [(old, JsonLines.Text(part, "content"))];
            case var kind:
                throw new BadInputException(path, "normalizer", $"\"{JsonLines.Short(kind)}\" is not supported as it is set; expected Prepend and Replace of a text, or none");
        }
    }

    private static LlamaPipeline Cutter(string path, JsonElement part, LlamaPipeline pipeline)
    {
        BadInputException Bad(string what) => new(path, "pre_tokenizer", $"{what} is not supported as it is set; expected Metaspace without splitting, or a Split by a pattern and ByteLevel");
        if (JsonLines.Text(part, "type") == "Metaspace")
        {
            if (JsonLines.Find(part, "split") is not { ValueKind: JsonValueKind.False } || pipeline.Steps.Count > 0)
            {
                throw Bad("Metaspace");
            }
            var sign = JsonLines.Text(part, "replacement");
            var scheme = JsonLines.Find(part, "prepend_scheme") is { ValueKind: JsonValueKind.String } s ? s.GetString() : JsonLines.Find(part, "add_prefix_space") is { ValueKind: JsonValueKind.False } ? "never" : "always";
            return scheme switch
            {
                "never" => pipeline with { Steps = [(" ", sign)], Sign = sign },
                // "first" puts the sign before the whole text alone; what follows an added token here gets one, too.
                "always" or "first" => pipeline with { Steps = [("", sign), (" ", sign)], Sign = sign },
                _ => throw Bad($"prepend_scheme \"{scheme}\""),
            };
        }
        var inner = JsonLines.List(part, "pretokenizers").EnumerateArray().ToArray();
        if (inner.Length != 2 || JsonLines.Text(inner[0], "type") != "Split" || JsonLines.Text(inner[1], "type") != "ByteLevel"
            || JsonLines.Text(inner[0], "behavior") != "Isolated" || JsonLines.Find(inner[0], "invert") is { ValueKind: JsonValueKind.True }
            || JsonLines.Find(inner[1], "use_regex") is not { ValueKind: JsonValueKind.False } || JsonLines.Find(inner[1], "add_prefix_space") is not { ValueKind: JsonValueKind.False }
            || JsonLines.Find(JsonLines.Member(inner[0], "pattern"), "Regex") is not { ValueKind: JsonValueKind.String } regex)
        {
            throw Bad("the sequence");
        }
        try
        {
            return pipeline with { Split = new Regex(regex.GetString()!, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)) };
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(path, "pre_tokenizer", $"the pattern cannot be read: {JsonLines.Short(e.Message)}", e);
        }
    }

    private static LlamaPipeline Decoder(string path, JsonElement part, LlamaPipeline pipeline)
    {
        if (JsonLines.Text(part, "type") == "Metaspace")
        {
            return pipeline with { Pieces = true, Sign = JsonLines.Text(part, "replacement") };
        }
        var kinds = JsonLines.List(part, "decoders").EnumerateArray().Select(d => JsonLines.Text(d, "type")).ToArray();
        return kinds is ["Replace", "ByteFallback", "Fuse", "Strip"] or ["Replace", "ByteFallback", "Fuse"] ? pipeline with { Pieces = true }
            : throw new BadInputException(path, "decoder", $"the sequence {JsonLines.Short(string.Join(", ", kinds))} is not supported; expected Replace, ByteFallback, Fuse, Strip");
    }
}
