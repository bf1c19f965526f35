using System.Text;
using System.Text.Json;
using Retort.Randomness;
using Retort.Text;

namespace Retort.Tests.Text;

/// <summary>tokenizer.json files as the LLaMA family has them.</summary>
public sealed class LlamaTokenizerJsonTest
{
    private static readonly SpecialTokens marks = new("<unk>", "<unk>", "<s>", "</s>");
    private static readonly string[] pieces = ["ab", "▁a", "▁ab", "abab", "ba", "bab", "▁▁", "▁", "a", "b", "c"];

    private static string Json(string normalizer, string preTokenizer, string decoder, IEnumerable<string> vocabulary, IEnumerable<string[]> merges, bool fallback, bool ignore = false, params string[] added) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["added_tokens"] = added.Select((a, i) => new { id = vocabulary.ToList().IndexOf(a) is >= 0 and var at ? at : vocabulary.Count() + i, content = a, special = true }).ToArray(),
        ["normalizer"] = JsonSerializer.Deserialize<JsonElement>(normalizer),
        ["pre_tokenizer"] = JsonSerializer.Deserialize<JsonElement>(preTokenizer),
        ["decoder"] = JsonSerializer.Deserialize<JsonElement>(decoder),
        ["model"] = new { type = "BPE", unk_token = fallback ? "<unk>" : null, byte_fallback = fallback, ignore_merges = ignore, vocab = vocabulary.Select((v, i) => (v, i)).ToDictionary(p => p.v, p => p.i), merges },
    });

    private static BpeTokenizer Load(string json, SpecialTokens special)
    {
        using var file = new TemporaryFile(Encoding.UTF8.GetBytes(json), "tokenizer.json");
        return BpeTokenizer.Load(file.Name, special);
    }

    // Every way to make a piece of two, in the order of the pieces' scores: what the converters write.
    private static IEnumerable<string[]> Merges() => pieces.SelectMany(p => Enumerable.Range(1, p.Length - 1).Select(i => new[] { p[..i], p[i..] })).Where(m => m.All(pieces.Contains));

    private static string Llama2(string normalizer, string preTokenizer) => Json(normalizer, preTokenizer,
        """{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}""",
        ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), .. pieces], Merges(), true, false, "<unk>", "<s>", "</s>");

    private const string Normaliser = """{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}""";

    [Theory]
    [InlineData(Normaliser, "null")]
    [InlineData("null", """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": false}""")]
    public void Load_Llama2_EncodesAsSentencePieceDoes(string normalizer, string preTokenizer)
    {
        var tokenizer = Load(Llama2(normalizer, preTokenizer), marks);
        using var file = new TemporaryFile(SentencePieceTokenizerTest.Write(SentencePieceTokenizerTest.Llama(pieces)), "tokenizer.model");
        var reference = SentencePieceTokenizer.Load(file.Name);
        var draw = RandomStream.Of(1, "texts");
        for (var i = 0; i < 200; i++)
        {
            var text = string.Concat(Enumerable.Range(0, draw.Next(1, 20)).Select(_ => "aabbc é😀 "[draw.Next(7)])).Replace("\ud83d", "").Replace("\ude00", "x");
            Assert.Equal(reference.Encode(text), tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeMarked(text)));
        }
        // An added token in the text is itself.
        Assert.Equal(tokenizer.EndId, tokenizer.Encode("ab</s>ab")[1]);
    }

    [Fact]
    public void Load_Llama3_CutsByThePatternAndTakesWholeWords()
    {
        const string Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        var alphabet = VisibleBytes.All.Select(c => c.ToString());
        string[] vocabulary = [.. alphabet, "Ġh", "el", "Ġhel", "Ġhello"];
        var json = Json("null", $$"""{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": {{JsonSerializer.Serialize(Pattern)}}}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}]}""",
            """{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}""", vocabulary, [["Ġ", "h"], ["e", "l"], ["Ġh", "el"]], false, true, "<|begin_of_text|>", "<|end_of_text|>");
        var special = new SpecialTokens("<|end_of_text|>", "<|end_of_text|>", "<|begin_of_text|>", "<|end_of_text|>");
        var tokenizer = Load(json, special);
        string[] Pieces(string text) => [.. tokenizer.Encode(text).Select(i => tokenizer.Tokens[i])];
        // "Ġhello" has no merges, and is taken whole; "hello" at the beginning is another word; numbers go by three.
        Assert.Equal(["Ġhello", "Ġhel", "p"], Pieces(" hello help"));
        Assert.Equal(["h", "el", "l", "o", "1", "2", "3", "4"], Pieces("hello1234"));
        Assert.Equal(["a", "'", "S", "Ġ", "Ġh"], Pieces("a'S  h"));
        Assert.Equal("é 😀 hello", tokenizer.Decode(tokenizer.EncodeMarked("é 😀 hello")));
        Assert.Equal(special.Start, tokenizer.Tokens[tokenizer.Encode("<|begin_of_text|>a")[0]]);
        using var saved = new TemporaryFile(null, "saved.json");
        tokenizer.Save(saved.Name);
        Assert.Equal(tokenizer.Encode(" hello, 1234's é"), BpeTokenizer.Load(saved.Name, special).Encode(" hello, 1234's é"));
    }

    [Theory]
    [InlineData("""{"type": "NFC"}""", "null", "normalizer")]
    [InlineData("null", """{"type": "Sequence", "pretokenizers": [{"type": "Digits"}]}""", "pre_tokenizer")]
    [InlineData("null", """{"type": "Metaspace", "replacement": "▁", "split": true}""", "pre_tokenizer")]
    [InlineData("null", """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}, {"type": "ByteLevel", "use_regex": false, "add_prefix_space": false}]}""", "pattern")]
    public void Load_PartsThatAreNotRead_AreNamed(string normalizer, string preTokenizer, string says) =>
        Assert.Contains(says, Assert.Throws<BadInputException>(() => Load(Llama2(normalizer, preTokenizer), marks)).Message);

    [Fact]
    public void Load_ByteFallbackWithoutAllBytes_IsBadInput() =>
        Assert.Contains("<0x41>", Assert.Throws<BadInputException>(() => Load(Llama2(Normaliser, "null").Replace("\\u003C0x41\\u003E", "<0xQQ>"), marks)).Message);
}
