using System.Text;
using Retort.Randomness;
using Retort.Text;

namespace Retort.Tests.Text;

/// <summary>SentencePiece models written here by the format's field numbers, against the algorithms stated plainly.</summary>
public sealed class SentencePieceTokenizerTest
{
    internal sealed record Part(string Text, float Score, int Kind = 1);

    // LLaMA's layout in small: unknown, start, end, 256 bytes, then pieces by falling score.
    internal static List<Part> Llama(params string[] pieces)
    {
        var parts = new List<Part> { new("<unk>", 0, 2), new("<s>", 0, 3), new("</s>", 0, 3) };
        parts.AddRange(Enumerable.Range(0, 256).Select(b => new Part($"<0x{b:X2}>", 0, 6)));
        parts.AddRange(pieces.Select((p, i) => new Part(p, -i)));
        return parts;
    }

    internal static byte[] Write(IEnumerable<Part> parts, int type = 2, bool fallback = true, bool prefix = true, bool extra = false, int unknown = 0, byte[]? map = null)
    {
        using var stream = new MemoryStream();
        void Varint(Stream to, ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                to.WriteByte((byte)(value | 0x80));
            }
            to.WriteByte((byte)value);
        }
        void Number(Stream to, int field, ulong value)
        {
            Varint(to, (ulong)field << 3);
            Varint(to, value);
        }
        void Bytes(Stream to, int field, byte[] value)
        {
            Varint(to, (ulong)field << 3 | 2);
            Varint(to, (ulong)value.Length);
            to.Write(value);
        }
        foreach (var part in parts)
        {
            using var piece = new MemoryStream();
            Bytes(piece, 1, Encoding.UTF8.GetBytes(part.Text));
            Varint(piece, 2 << 3 | 5);
            piece.Write(BitConverter.GetBytes(part.Score));
            Number(piece, 3, (ulong)part.Kind);
            Bytes(stream, 1, piece.ToArray());
        }
        using (var trainer = new MemoryStream())
        {
            Number(trainer, 3, (ulong)type);
            Number(trainer, 35, fallback ? 1u : 0);
            Number(trainer, 40, (ulong)unknown);
            Number(trainer, 99, 5);  // unknown fields are skipped
            Bytes(stream, 2, trainer.ToArray());
        }
        using (var normaliser = new MemoryStream())
        {
            Bytes(normaliser, 1, "identity"u8.ToArray());
            if (map is not null)
            {
                Bytes(normaliser, 2, map);
            }
            Number(normaliser, 3, prefix ? 1u : 0);
            Number(normaliser, 4, extra ? 1u : 0);
            Bytes(stream, 3, normaliser.ToArray());
        }
        return stream.ToArray();
    }

    private static SentencePieceTokenizer Load(byte[] bytes)
    {
        using var file = new TemporaryFile(bytes, "tokenizer.model");
        return SentencePieceTokenizer.Load(file.Name);
    }

    [Fact]
    public void Encode_LlamasLayout_MergesByScoreAndFallsBackToBytes()
    {
        var tokenizer = Load(Write(Llama("ab", "▁ab", "abab", "▁", "a", "b", "c")));
        string[] Pieces(string text) => [.. tokenizer.Encode(text).Select(i => tokenizer.Tokens[i])];
        // The pair "ab" has the best score and goes first, everywhere; then "▁ab"; "abab" only where two remain.
        Assert.Equal(["▁ab", "ab", "c"], Pieces("ababc"));
        Assert.Equal(["▁", "c", "abab"], Pieces("cabab"));
        Assert.Equal(["▁ab", "▁", "▁ab"], Pieces("ab  ab"));
        Assert.Equal(["▁ab", "<0xC3>", "<0xA9>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"], Pieces("abé😀"));
        Assert.Empty(tokenizer.Encode(""));
        Assert.Equal((0, 1, 2), (tokenizer.UnknownId, tokenizer.StartId, tokenizer.EndId));
        Assert.Equal("abé😀  c", tokenizer.Decode(tokenizer.EncodeMarked("abé😀  c")));
    }

    [Fact]
    public void Encode_RandomTextAndScores_EqualsThePlainAlgorithm()
    {
        var draw = RandomStream.Of(1, "pieces");
        for (var round = 0; round < 30; round++)
        {
            var pieces = new HashSet<string> { "▁", "a", "b", "c" };
            while (pieces.Count < 40)
            {
                pieces.Add((draw.Chance(0.3) ? "▁" : "") + string.Concat(Enumerable.Range(0, draw.Next(1, 5)).Select(_ => "abc"[draw.Next(3)])));
            }
            var scores = pieces.ToDictionary(p => p, _ => (float)-draw.Next(12));
            var tokenizer = Load(Write([.. Llama(), .. pieces.Select(p => new Part(p, scores[p]))]));
            for (var i = 0; i < 20; i++)
            {
                var text = string.Concat(Enumerable.Range(0, draw.Next(1, 25)).Select(_ => "aabbc "[draw.Next(6)]));
                Assert.Equal(Plain(text, scores), tokenizer.Encode(text).Select(t => tokenizer.Tokens[t]));
            }
        }
    }

    // The best-scored pair of neighbours, the leftmost of equals, until none is a piece.
    private static List<string> Plain(string text, Dictionary<string, float> scores)
    {
        var symbols = ("▁" + text.Replace(' ', '▁')).Select(c => c.ToString()).ToList();
        while (true)
        {
            var pairs = Enumerable.Range(0, symbols.Count - 1).Where(i => scores.ContainsKey(symbols[i] + symbols[i + 1])).ToArray();
            if (pairs.Length == 0)
            {
                return symbols;
            }
            var best = pairs.MaxBy(i => (scores[symbols[i] + symbols[i + 1]], -i));
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    [Fact]
    public void Encode_Unigram_TakesTheLikeliestSegmentation()
    {
        Part[] parts = [new("<unk>", 0, 2), new("<s>", 0, 3), new("</s>", 0, 3), new("▁", -3), new("a", -4), new("b", -4), new("▁ab", -5), new("ab", -6), new("ba", -5.5f)];
        var tokenizer = Load(Write(parts, type: 1, fallback: false, extra: true));
        string[] Pieces(string text) => [.. tokenizer.Encode(text).Select(i => tokenizer.Tokens[i])];
        Assert.Equal(["▁ab", "ab"], Pieces("abab"));  // -11 beats every other way
        Assert.Equal(["▁", "ba"], Pieces("  ba "));
        Assert.Equal(["▁ab", "<unk>", "a"], Pieces("abxya"));
    }

    [Fact]
    public void Load_FilesThatLie_AreBadInput()
    {
        string Problem(byte[] bytes) => Assert.Throws<BadInputException>(() => Load(bytes)).Problem;
        var good = Llama("a", "b");
        Assert.Contains("model type is 4", Problem(Write(good, type: 4)));
        Assert.Contains("map of characters", Problem(Write(good, map: [1, 2, 3])));
        Assert.Contains("there twice", Problem(Write([.. good, new Part("a", -9)])));
        Assert.Contains("number 7", Problem(Write(good, unknown: 7)));
        Assert.Contains("has 255 of the 256", Problem(Write(good.Where(p => p.Text != "<0x41>"))));
        Assert.Contains("no byte", Problem(Write([.. good, new Part("<0xZZ>", 0, 6)])));
        Assert.Contains("unused", Problem(Write([.. good, new Part("q", 0, 5)])));
        Assert.Contains("type 9", Problem(Write([.. good, new Part("q", 0, 9)])));
        var bytes = Write(good);
        foreach (var length in new[] { 0, 1, 3, 50, bytes.Length - 1 })
        {
            Assert.Throws<BadInputException>(() => Load(bytes[..length]));
        }
        Assert.Throws<BadInputException>(() => SentencePieceTokenizer.Load("/nowhere/tokenizer.model"));
    }

    [Fact]
    public void Load_MutatedFiles_GiveATokenizerOrBadInput()
    {
        var good = Write(Llama("a", "b", "ab"));
        var draw = RandomStream.Of(2, "mutations");
        for (var round = 0; round < 300; round++)
        {
            var bytes = (byte[])good.Clone();
            for (var i = draw.Next(1, 6); i > 0; i--)
            {
                bytes[draw.Next(bytes.Length)] = (byte)draw.Next(256);
            }
            try
            {
                Load(bytes).Encode("a b ab é");
            }
            catch (BadInputException)
            {
            }
        }
    }
}

/// <summary>BERT's word pieces.</summary>
public sealed class WordPieceTokenizerTest
{
    [Fact]
    public void Encode_Bert_LowersSplitsAndMatchesTheLongest()
    {
        using var file = new TemporaryFile(Encoding.UTF8.GetBytes("[PAD]\n[UNK]\n[CLS]\n[SEP]\nwrite\n##r\noff\n##s\n##rs\ncafe\n,\n'\n日\n!\n"), "vocab.txt");
        var tokenizer = WordPieceTokenizer.Load(file.Name);
        string[] Pieces(string text) => [.. tokenizer.Encode(text).Select(i => tokenizer.Tokens[i])];
        Assert.Equal(["write", "##rs", "off", "##s", ",", "cafe", "!"], Pieces("Writers  offs,\tCAFÉ!"));
        Assert.Equal(["[UNK]", "日", "[UNK]"], Pieces("xoff 日本"));
        Assert.Equal(["off", "'", "[UNK]"], Pieces("off'z"));
        Assert.Equal([2, 4, 3], tokenizer.EncodeMarked("write"));
        Assert.Equal("writers off", tokenizer.Decode(tokenizer.Encode("writers off")));
        using var bad = new TemporaryFile("[PAD]\n[UNK]\n[CLS]\nx\nx\n"u8.ToArray(), "vocab.txt");
        Assert.Throws<BadInputException>(() => WordPieceTokenizer.Load(bad.Name));
    }
}
