using Retort.Randomness;
using Retort.Text;

namespace Retort.Tests.Text;

public sealed class TokenizerTest
{
    private static readonly string[] Texts =
    [
        "calendar_set _SEP date _FILL tomorrow _SEP set a meeting for tomorrow", "calendar_set _SEP set a meeting",
        "calendar_query _SEP what is on tomorrow", "alarm_set _SEP time _FILL five am _SEP set an alarm for five am",
    ];

    private static readonly SpecialTokens Special = new();

    [Fact]
    public void WordTokenizer_Trained_OrdersByCountAndKnowsNoOtherWord()
    {
        var words = WordTokenizer.Train(Texts, mostTokens: 9);
        Assert.Equal(["[PAD]", "[UNK]", "[SOS]", "[EOS]", "_SEP", "set", "tomorrow", "_FILL", "a"], words.Tokens);
        Assert.Equal([4, 6, 1], words.Encode(" _SEP  tomorrow never "));
        Assert.Equal([2, 5, 3], words.EncodeMarked("set"));
        Assert.Equal("_SEP set", words.Decode([2, 4, 5, 1, 3, 0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => words.Decode([9]));
        Assert.Throws<ArgumentException>(() => new WordTokenizer(["[PAD]", "[UNK]", "[SOS]"]));
    }

    [Fact]
    public void CharacterTokenizer_TextsOfOtherPlanes_ComeBack()
    {
        var characters = CharacterTokenizer.Train(["a\U0001F600b", "ab c"]);
        Assert.Equal(["[PAD]", "[UNK]", "[SOS]", "[EOS]", " ", "a", "b", "c", "\U0001F600"], characters.Tokens);
        Assert.Equal("b \U0001F600", characters.Decode(characters.Encode("b \U0001F600")));
        Assert.Equal([5, 1], characters.Encode("az"));
    }

    [Fact]
    public void Bpe_TrainedOnThePapersExample_FindsItsMerges()
    {
        // Sennrich et al., section 3.2: low 5, lower 2, newest 6, widest 3. Of equal counts the smaller ids come first.
        var texts = Enumerable.Repeat("low", 5).Concat(Enumerable.Repeat("lower", 2)).Concat(Enumerable.Repeat("newest", 6)).Concat(Enumerable.Repeat("widest", 3)).ToArray();
        var bpe = BpeTokenizer.Train(texts, new BpeSettings { VocabularySize = 23 });
        // The alphabet in ordinal order: a letter before the same letter at a word's end.
        Assert.Equal(["d", "e", "i", "l", "n", "o", "r##", "s", "t##", "w", "w##"], bpe.Tokens.Skip(4).Take(11));
        // es 9, then est## 9 (es 4+11); of the sevens lo; of the sixes ne, wne...
        Assert.Equal(["es", "est##", "lo"], bpe.Tokens.Skip(15).Take(3));
        Assert.Equal(["newest", "lowest", "low"], new[] { "newest", "lowest", "low" }.Select(w => bpe.Decode(bpe.Encode(w))));
        Assert.Equal(bpe.Tokens, BpeTokenizer.Train(texts.Reverse(), new BpeSettings { VocabularySize = 23 }).Tokens);
        Assert.Throws<ArgumentException>(() => BpeTokenizer.Train(texts, new BpeSettings { VocabularySize = 10 }));
    }

    [Theory]
    [InlineData(BpeLevel.Characters)]
    [InlineData(BpeLevel.Bytes)]
    public void Bpe_Encode_IsTheMergesInTheirOrder(BpeLevel level)
    {
        var bpe = BpeTokenizer.Train(Texts, new BpeSettings { VocabularySize = level == BpeLevel.Bytes ? 300 : 60, Level = level });
        foreach (var text in Texts)
        {
            var ids = bpe.Encode(text);
            Assert.Equal(text, bpe.Decode(ids));
            Assert.Equal(ids, bpe.Encode(text));
            Assert.Equal(Slowly(bpe, text, level), ids.Select(id => bpe.Tokens[id]));
        }
    }

    // By the definition: again and again the first merge of the list that applies, everywhere from the left.
    private static List<string> Slowly(BpeTokenizer bpe, string text, BpeLevel level)
    {
        var bytes = level == BpeLevel.Bytes;
        var alphabet = bpe.Tokens.Skip(4).TakeWhile(t => (t.EndsWith("##") ? t[..^2] : t).Length <= 1).Count();
        var merged = bpe.Tokens.Skip(4 + alphabet).ToList();
        var all = new List<string>();
        foreach (var word in bytes ? [.. text.Split(' ').Select((w, i) => i == 0 ? w : "\u0120" + w)] : text.Split(' '))
        {
            var symbols = word.Select(c => c.ToString()).ToList();
            symbols[^1] += bytes ? "" : "##";
            foreach (var token in merged)
            {
                for (var i = 0; i + 1 < symbols.Count; i++)
                {
                    if (symbols[i] + symbols[i + 1] == token)
                    {
                        symbols[i] = token;
                        symbols.RemoveAt(i + 1);
                    }
                }
            }
            all.AddRange(symbols);
        }
        return all;
    }

    [Fact]
    public void Bpe_Bytes_SpellEveryText()
    {
        var bpe = BpeTokenizer.Train(Texts, new BpeSettings { VocabularySize = 280, Level = BpeLevel.Bytes });
        foreach (var text in new[] { "naïve \U0001F600 it's  two\n\n spaces ", " 12ab", "", "\t", "we'll've" })
        {
            Assert.Equal(text, bpe.Decode(bpe.Encode(text)));
        }
    }

    [Fact]
    public void Bpe_Dropout_IsAPureFunctionOfItsDrawAndKeepsTheText()
    {
        var bpe = BpeTokenizer.Train(Texts, new BpeSettings { VocabularySize = 80 });
        var plain = bpe.Encode(Texts[0]);
        var lengths = new List<int>();
        for (var epoch = 0; epoch < 200; epoch++)
        {
            var ids = bpe.Encode(Texts[0], RandomStream.Of(1, "bpe", "a", epoch), 0.3);
            Assert.Equal(ids, bpe.Encode(Texts[0], RandomStream.Of(1, "bpe", "a", epoch), 0.3));
            Assert.Equal(Texts[0], bpe.Decode(ids));
            lengths.Add(ids.Length);
        }
        Assert.True(lengths.Distinct().Count() > 3 && lengths.Average() > plain.Length + 1);
        Assert.Equal(plain, bpe.Encode(Texts[0], RandomStream.Of(1, "bpe"), 0));
        Assert.Equal(Texts[0].Count(c => c != ' '), bpe.Encode(Texts[0], RandomStream.Of(1, "bpe"), 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => bpe.Encode("a", RandomStream.Of(1, "bpe"), 1.5));
    }

    [Fact]
    public void Bpe_SpecialTokensInTheText_AreOneId()
    {
        var bpe = BpeTokenizer.Train(Texts, new BpeSettings { VocabularySize = 80 });
        Assert.Equal([bpe.StartId, .. bpe.Encode("set a"), bpe.EndId], bpe.Encode("[SOS]set a[EOS]"));
        Assert.Equal([bpe.UnknownId], bpe.Encode("\u00e9"));
        Assert.Equal(Special, bpe.Special);
    }
}
