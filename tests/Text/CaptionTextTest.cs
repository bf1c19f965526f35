using Retort.Text;

namespace Retort.Tests.Text;

public sealed class CaptionTextTest
{
    [Theory]
    [InlineData("A man's dog barks, twice!", "a man 's dog barks twice")]
    [InlineData("It doesn't stop... a well-known 3.5 kHz tone", "it does n't stop a well-known 3.5 khz tone")]
    [InlineData("Rain (heavy) falls; \"splash\" - and/or wind", "rain heavy falls splash and/or wind")]
    [InlineData("they're off & we'll see", "they 're off & we 'll see")]
    [InlineData("  ", "")]
    public void Normalise_Captions_FollowsTheRules(string caption, string expected) => Assert.Equal(expected, CaptionWords.Normalise(caption));

    [Fact]
    public void Train_Captions_NumbersWordsByFirstAppearance()
    {
        var vocabulary = CaptionVocabulary.Train(["A dog barks.", "a bell rings as a dog barks"]);
        Assert.Equal(["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "barks", "bell", "rings", "as"], vocabulary.Tokens);
        Assert.Equal([1, 4, 3, 5, 2], vocabulary.EncodeMarked("a blue dog"));
        Assert.Equal("a dog", vocabulary.Decode([1, 4, 3, 5, 2]));
    }

    [Fact]
    public void Load_JsonTokenizerAndPickle_GiveTheSameWords()
    {
        var vocabulary = CaptionVocabulary.Train(["a dog barks"]);
        using var json = new TemporaryFile(name: "vocab.json");
        CaptionVocabulary.Save(vocabulary, json.Name);
        Assert.Equal(vocabulary.Tokens, CaptionVocabulary.Load(json.Name).Tokens);
        using var tokenizer = new TemporaryFile(name: "tokenizer.json");
        File.WriteAllText(tokenizer.Name, $"{{\"version\":\"1.0\",\"model\":{{\"type\":\"WordLevel\",\"vocab\":{File.ReadAllText(json.Name)},\"unk_token\":\"<unk>\"}}}}");
        Assert.Equal(vocabulary.Tokens, CaptionVocabulary.Load(tokenizer.Name).Tokens);
        // pickle.dumps({"<pad>": 0, "<start>": 1, "<end>": 2, "<unk>": 3, "a": 4}, protocol=2), written out.
        using var pickle = new TemporaryFile(name: "vocab.pkl");
        byte[] Word(string word, byte number) => [(byte)'X', (byte)word.Length, 0, 0, 0, .. System.Text.Encoding.UTF8.GetBytes(word), (byte)'K', number];
        File.WriteAllBytes(pickle.Name, [0x80, 2, (byte)'}', (byte)'(', .. Word("<pad>", 0), .. Word("<start>", 1), .. Word("<end>", 2), .. Word("<unk>", 3), .. Word("a", 4), (byte)'u', (byte)'.']);
        Assert.Equal(["<pad>", "<start>", "<end>", "<unk>", "a"], CaptionVocabulary.Load(pickle.Name).Tokens);
    }

    [Fact]
    public void Load_TrainingCheckpoint_TakesItsTokenizer()
    {
        // torch.save({"model": {"w": zeros(2)}, "tokenizer": {"<pad>": 0, ..., "a": 4, "dog": 5}, "epoch": 3}) by PyTorch 1.13.
        var golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Text", "Golden", "caption_checkpoint.pth.base64.txt"));
        using var file = new TemporaryFile(Convert.FromBase64String(golden), "swa.pth");
        Assert.Equal(["<pad>", "<start>", "<end>", "<unk>", "a", "dog"], CaptionVocabulary.Load(file.Name).Tokens);
        Assert.Equal(3L, Retort.Torch.PyTorchFile.LoadEntry(file.Name, "epoch"));
        Assert.Contains("'words'", Assert.Throws<BadInputException>(() => Retort.Torch.PyTorchFile.LoadEntry(file.Name, "words")).Message);
    }

    [Theory]
    [InlineData("{\"<pad>\":0,\"<start>\":1,\"<end>\":2,\"<unk>\":3,\"a\":3}", "\"a\"")]
    [InlineData("{\"<pad>\":0,\"<start>\":1,\"<end>\":2,\"<unk>\":3,\"a\":9}", "9")]
    [InlineData("{\"a\":0,\"<start>\":1,\"<end>\":2,\"<unk>\":3}", "first words")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "WordLevel")]
    [InlineData("[1,2]", "object")]
    [InlineData("{", "JSON")]
    public void Load_WrongVocabulary_SaysWhat(string text, string part)
    {
        using var file = new TemporaryFile(name: "vocab.json");
        File.WriteAllText(file.Name, text);
        var error = Assert.Throws<BadInputException>(() => CaptionVocabulary.Load(file.Name));
        Assert.Contains(part, error.Message);
        Assert.Contains("vocab.json", error.Message);
    }

    [Fact]
    public void Load_PickleThatRunsCode_IsRefused()
    {
        using var file = new TemporaryFile(name: "vocab.pkl");
        File.WriteAllText(file.Name, "cos\nsystem\n(S'true'\ntR.");
        Assert.Throws<BadInputException>(() => CaptionVocabulary.Load(file.Name));
    }
}
