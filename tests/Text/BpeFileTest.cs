using System.Text.Json.Nodes;
using Retort.Text;

namespace Retort.Tests.Text;

public sealed class BpeFileTest
{
    // As the Hugging Face library writes them: ids of our own choice, merges in the older and in the newer form.
    internal const string Characters = """
        {"version":"1.0","truncation":null,"padding":null,
         "added_tokens":[{"id":0,"special":true,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
          {"id":1,"special":true,"content":"[UNK]"},{"id":2,"special":true,"content":"[SOS]"},{"id":3,"special":true,"content":"[EOS]"}],
         "normalizer":null,"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,
         "decoder":{"type":"BPEDecoder","suffix":"##"},
         "model":{"type":"BPE","dropout":0.1,"unk_token":"[UNK]","continuing_subword_prefix":null,"end_of_word_suffix":"##","fuse_unk":false,
          "vocab":{"[PAD]":0,"[UNK]":1,"[SOS]":2,"[EOS]":3,"_":4,"a":5,"b":6,"a##":7,"b##":8,"ab":9,"ab##":10,"abab##":11,"_a":12,"!##":13},
          "merges":["a b","a b##",["ab","ab##"],"_ a"]}}
        """;

    internal const string Prefixed = """
        {"model":{"unk_token":"u","continuing_subword_prefix":"@","ignore_merges":true,"fuse_unk":true,"vocab":{"u":0,"a":1,"@b":2,"@a":3,"ab":4,"@ba":5,"aba":6,"abab":7},
         "merges":["a @b","@b @a"]},"pre_tokenizer":{"type":"WhitespaceSplit"}}
        """;

    private static readonly SpecialTokens U = new("u", "u", "u", "u");

    private static BpeTokenizer Load(string json, SpecialTokens? special = null)
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Name, json);
        return BpeTokenizer.Load(file.Name, special);
    }

    [Fact]
    public void Load_CharacterFile_MergesLowestRankFirst()
    {
        var bpe = Load(Characters);
        Assert.Equal((14, 0, 1, 2, 3, 0.1), (bpe.Count, bpe.PaddingId, bpe.UnknownId, bpe.StartId, bpe.EndId, bpe.FileDropout));
        Assert.Equal([11], bpe.Encode("abab"));
        // Underscore is a word character; other signs are words of their own. "a b" comes before "_ a".
        Assert.Equal([4, 9, 7, 13, 1], bpe.Encode("_aba! ?"));
        Assert.Equal([12, 7], bpe.Encode("_aa"));
        Assert.Equal("abab b a", bpe.Decode([2, 11, 8, 7, 3]));
        Assert.Equal([2, 10, 3], bpe.Encode("[SOS] ab[EOS]"));
    }

    [Fact]
    public void Load_PrefixedFile_WholeWordsAndFusedUnknowns()
    {
        var bpe = Load(Prefixed, U);
        Assert.Equal([7, 4], bpe.Encode("abab ab"));
        Assert.Equal([1, 0, 2], bpe.Encode("axyb"));
        Assert.Equal([4, 3, 0], bpe.Encode("abaz"));
        Assert.Equal("abab ab", bpe.Decode([7, 4]));
    }

    // BART's files in small: every byte, a space before a word as Ġ, merges by rank.
    [Fact]
    public void Load_VocabularyAndMerges_IsTheTokenizerJsonOfTheSame()
    {
        string[] merges = ["Ġ d", "o g", "Ġd og", "Ġdog s"];
        string[] tokens = ["<s>", "<pad>", "</s>", "<unk>", .. VisibleBytes.All.Select(c => c.ToString()).Order(StringComparer.Ordinal), .. merges.Select(m => m.Replace(" ", "")), "<mask>"];
        var vocabulary = new JsonObject(tokens.Select((t, i) => KeyValuePair.Create(t, (JsonNode?)i)));
        using TemporaryFile words = new(), pairs = new();
        File.WriteAllText(words.Name, vocabulary.ToJsonString());
        File.WriteAllLines(pairs.Name, ["#version: 0.2", .. merges, ""]);
        var bart = BpeTokenizer.LoadVocabularyAndMerges(words.Name, pairs.Name);
        Assert.Equal((0, 1, 2, 3), (bart.StartId, bart.PaddingId, bart.EndId, bart.UnknownId));
        Assert.Equal([bart.IdOf("a")!.Value, bart.IdOf("Ġdogs")!.Value, bart.IdOf("Ġd")!.Value, bart.IdOf("o")!.Value], bart.Encode("a dogs do"));
        Assert.Equal("a dogs do é", bart.Decode(bart.EncodeMarked("a dogs do é")));
        using var whole = new TemporaryFile();
        bart.Save(whole.Name);
        Assert.Equal(bart.Encode("two dogs, one dog"), BpeTokenizer.Load(whole.Name, BpeTokenizer.Bart).Encode("two dogs, one dog"));

        File.WriteAllLines(pairs.Name, [.. merges, "x y z"]);
        Assert.Contains("line 5", Assert.Throws<BadInputException>(() => BpeTokenizer.LoadVocabularyAndMerges(words.Name, pairs.Name)).Message);
        File.WriteAllLines(pairs.Name, ["q qq"]);
        Assert.Throws<BadInputException>(() => BpeTokenizer.LoadVocabularyAndMerges(words.Name, pairs.Name));
        File.WriteAllText(words.Name, "[1]");
        Assert.Throws<BadInputException>(() => BpeTokenizer.LoadVocabularyAndMerges(words.Name, pairs.Name));
    }

    [Theory]
    [InlineData(BpeLevel.Characters)]
    [InlineData(BpeLevel.Bytes)]
    public void Save_ThenLoad_IsTheSameTokenizer(BpeLevel level)
    {
        string[] texts = ["set an alarm for five", "set a timer \"now\" é", "cancel the alarm"];
        var bpe = BpeTokenizer.Train(texts, new BpeSettings { VocabularySize = 300, Level = level });
        using var file = new TemporaryFile();
        bpe.Save(file.Name);
        var read = BpeTokenizer.Load(file.Name);
        Assert.Equal(bpe.Tokens, read.Tokens);
        foreach (var text in texts.Append("for the timer an [EOS] é ü"))
        {
            Assert.Equal(bpe.Encode(text), read.Encode(text));
            Assert.Equal(bpe.Decode(bpe.Encode(text)), read.Decode(read.Encode(text)));
        }
    }

    [Theory]
    [InlineData("model.vocab.b", "7", "model.vocab", "same id")]
    [InlineData("model.vocab.b", "99", "model.vocab", "expected the ids 0 to 13")]
    [InlineData("model.vocab.b", "-1", "model.vocab", "whole number")]
    [InlineData("model.vocab.b", "\"6\"", "model.vocab", "whole number")]
    [InlineData("model.vocab.b", "1e30", "model.vocab", "whole number")]
    [InlineData("model.vocab.b", "6.5", "model.vocab", "whole number")]
    [InlineData("model.vocab.b", "2147483647", "model.vocab", "whole number from 0 to")]
    [InlineData("model.vocab.b", "null", "model.vocab", "whole number")]
    [InlineData("model.merges", "[[\"a\",\"b\",\"c\"]]", "model.merges, entry 0", "two tokens")]
    [InlineData("model.merges", "[\"a _\"]", "model.merges, entry 0", "not in the vocabulary")]
    [InlineData("model.merges", "[\"a b\",\"b zz\"]", "model.merges, entry 1", "\"zz\" is not in the vocabulary")]
    [InlineData("model.merges", "[\"a b\",\"a b\"]", "model.merges, entry 1", "merged before")]
    [InlineData("model.merges", "[\"a\"]", "model.merges, entry 0", "two tokens")]
    [InlineData("model.merges", "[\"a\",3]", "model.merges, entry 0", "two tokens")]
    [InlineData("model.unk_token", "\"nope\"", "model.unk_token", "not in the vocabulary")]
    [InlineData("model.unk_token", "null", "model.unk_token", "lacking")]
    [InlineData("model.type", "\"WordPiece\"", "model", "only BPE")]
    [InlineData("model.dropout", "2", "model.dropout", "probability")]
    [InlineData("model.byte_fallback", "true", "model.byte_fallback", "the vocabulary lacks <0x00>")]
    [InlineData("normalizer", "{\"type\":\"NFC\"}", "normalizer", "NFC")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\"}", "pre_tokenizer", "Metaspace")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "decoder", "WordPiece")]
    [InlineData("added_tokens", "[{\"id\":5,\"content\":\"[PAD]\"}]", "added_tokens", "another id")]
    [InlineData("added_tokens", "[{\"id\":14,\"content\":\"\"}]", "added_tokens", "empty")]
    [InlineData("added_tokens", "[{\"id\":0,\"content\":\"[PAD]\",\"lstrip\":true}]", "added_tokens", "lstrip")]
    [InlineData("model.vocab", "[]", "model.vocab", "an object")]
    public void Load_FileThatLies_IsRefused(string where, string value, string place, string problem)
    {
        var root = JsonNode.Parse(Characters)!;
        var path = where.Split('.');
        var parent = path.SkipLast(1).Aggregate(root, (node, name) => node[name]!);
        parent[path[^1]] = JsonNode.Parse(value);
        var e = Assert.Throws<BadInputException>(() => Load(root.ToJsonString()));
        Assert.Equal(place, e.Place);
        Assert.Contains(problem, e.Problem);
    }

    [Fact]
    public void Load_NoSuchSpecialToken_SaysWhatToDo()
    {
        Assert.Contains("[PAD]", Assert.Throws<BadInputException>(() => Load(Prefixed)).Problem);
        Assert.Contains("is not JSON", Assert.Throws<BadInputException>(() => Load("{")).Problem);
        Assert.Contains("\"model\" is missing", Assert.Throws<BadInputException>(() => Load("{}")).Problem);
    }
}
