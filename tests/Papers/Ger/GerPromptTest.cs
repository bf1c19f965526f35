using System.Security.Cryptography;
using System.Text;
using Retort.Data;
using Retort.Papers.Ger;
using Retort.Tests.Text;
using Retort.Text;

namespace Retort.Tests.Papers.Ger;

/// <summary>How lists become tokens: one text with the answer, or the tokens that came with the list.</summary>
public sealed class GerPromptTest
{
    private const string Layout = "best: {best}\nothers: {others}\nresponse:\n";
    private static readonly NBestList list = new("utt-7", ["a b", "a", "b", "c", "a c"], "a b c");

    private static SentencePieceTokenizer Tokenizer()
    {
        using var file = new TemporaryFile(SentencePieceTokenizerTest.Write(SentencePieceTokenizerTest.Llama("▁a", "▁", "a", "b", "c", ".")), "tokenizer.model");
        return SentencePieceTokenizer.Load(file.Name);
    }

    [Fact]
    public void EncodeWithAnswer_OfATemplate_IsOneTextMaskedByThePromptsLength()
    {
        var tokenizer = Tokenizer();
        var prompt = GerPrompt.Of(tokenizer, Layout);
        var (tokens, length) = prompt.EncodeWithAnswer(list);
        Assert.Equal([.. tokenizer.Encode(prompt.Text(list) + "a b c"), tokenizer.EndId], tokens);
        Assert.Equal(prompt.Encode(list), tokens[..length]);
        // Behind a line's end the first word has no space before it; alone it would be "▁a".
        Assert.Equal("a", tokenizer.Tokens[tokens[length]]);
        Assert.Equal("▁a", tokenizer.Tokens[tokenizer.Encode("a b c")[0]]);
        var (marked, more) = GerPrompt.Of(tokenizer, Layout, bos: true).EncodeWithAnswer(list);
        Assert.Equal(length + 1, more);
        Assert.Equal([tokenizer.StartId, .. tokens], marked);
    }

    [Fact]
    public void Short_WithATaskNamed_HasItBeforeTheLastHeadingAndNothingElse()
    {
        var words = new WordTokenizer([.. new SpecialTokens().All, .. GerData.Headings, "a", "b", "c"], new SpecialTokens());
        var (plain, length) = GerPrompt.Short(words).EncodeWithAnswer(list);
        var (named, more) = GerPrompt.Short(words, GerPrompt.Task).EncodeWithAnswer(list);
        Assert.Equal(length + 1, more);
        Assert.Equal([.. plain[..(length - 1)], words.IdOf(GerPrompt.Task)!.Value, .. plain[(length - 1)..]], named);
    }

    [Fact]
    public void Encode_ListWithTokens_TakesThemUnlessToldToEncodeAnew()
    {
        var tokenizer = Tokenizer();
        var own = list with { PromptTokens = tokenizer.Encode("other words, a b."), AnswerTokens = [.. tokenizer.Encode("a"), tokenizer.EndId] };
        var prompt = GerPrompt.Of(tokenizer, Layout, bos: true);
        Assert.Equal(own.PromptTokens, prompt.Encode(own));
        var (tokens, length) = prompt.EncodeWithAnswer(own);
        Assert.Equal([.. own.PromptTokens, .. own.AnswerTokens], tokens);
        Assert.Equal(own.PromptTokens.Length, length);
        Assert.Equal(prompt.Encode(list), GerPrompt.Of(tokenizer, Layout, bos: true, anew: true).Encode(own));
        string Says(NBestList foreign) => Assert.Throws<ArgumentException>(() => prompt.EncodeWithAnswer(foreign)).Message;
        Assert.Contains("list utt-7 brings token 31999, and the tokenizer has 265", Says(own with { AnswerTokens = [31_999, 2] }));
        Assert.Contains("not its best text \"a b\"", Says(own with { PromptTokens = tokenizer.Encode("nothing of it") }));
        Assert.Contains("none of its answer", Says(own with { AnswerTokens = null }));
    }

    [Fact]
    public void Recognise_Template_IsToldByItsHashWhateverItsLineEnds()
    {
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Layout))).ToLowerInvariant();
        Assert.Equal((Layout, "the published template"), GerPrompt.Recognise(Layout, hash));
        Assert.Equal((Layout, "the published template"), GerPrompt.Recognise(Layout.Replace("\n", "\r\n").TrimEnd() + "\r\n\r\n", hash));
        Assert.Equal("this library's template", GerPrompt.Recognise(GerPrompt.Template).Name);
        var (kept, name) = GerPrompt.Recognise("mine: {best} {others}");
        Assert.Equal("mine: {best} {others}", kept);
        Assert.Contains("not the published one", name);
    }
}
