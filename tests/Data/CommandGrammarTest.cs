using System.Security.Cryptography;
using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class CommandGrammarTest
{
    private const string Start = """{"macros":{"please":["","please"]},"fillers":{"item":["milk","two eggs"]},"generic":["stone"],"scenarios":{"lists":{"weight":1,"actions":{"add":[""";
    private const string End = """]}}}}""";

    [Fact]
    public void Embedded_HasTheScenariosOfSlurp()
    {
        var grammar = CommandGrammar.Embedded;
        Assert.Equal(SlurpScenarios.All, grammar.Scenarios);
        Assert.Equal(59, grammar.Scenarios.Sum(s => grammar.Actions(s).Count));
        Assert.Equal(39, grammar.EntityTypes.Count);
        Assert.True(grammar.Scenarios.Select(grammar.Weight).Distinct().Count() > 5);
    }

    [Fact]
    public void Embedded_IsTheFileInDataWithItsChecksum()
    {
        var data = Path.Combine(Repository.Root, "data");
        Assert.Equal(CommandGrammar.Read(), File.ReadAllText(Path.Combine(data, "spoken-commands.json")));
        var sum = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(data, "spoken-commands.json"))));
        Assert.Contains($"{sum}  spoken-commands.json", File.ReadAllText(Path.Combine(data, "CHECKSUMS")));
    }

    [Fact]
    public void Sentences_EntityTypes_AreAllUsedAndOftenShared()
    {
        var used = SyntheticSpeechTest.Sentences(150).SelectMany(s => s.Meaning.Entities.Select(e => (e.Type, s.Meaning.Scenario))).Distinct().ToLookup(p => p.Type);
        Assert.Equal(CommandGrammar.Embedded.EntityTypes.Order(), used.Select(g => g.Key).Order());
        Assert.Equal(21, used.Count(g => g.Count() > 1)); // in more than one scenario
        Assert.Equal(12, used["date"].Count());
    }

    [Fact]
    public void Sentences_OfOneText_HaveOneMeaning()
    {
        var meanings = SyntheticSpeechTest.Sentences(300).ToLookup(s => s.Sentence, s => s.Meaning.Intent + string.Concat(s.Meaning.Entities.Select(e => $"|{e.Type}:{e.Filler}")));
        Assert.Empty(meanings.Where(g => g.Distinct().Count() > 1).Select(g => g.Key));
    }

    [Fact]
    public void Sentences_OfEachIntent_AreManyInEachSplit()
    {
        foreach (var intent in SyntheticSpeechTest.Sentences(300).GroupBy(s => s.Meaning.Intent))
        {
            Assert.True(intent.Select(s => s.Sentence).Distinct().Count() >= 15, intent.Key);
        }
    }

    [Fact]
    public void Sentence_OfATemplate_TakesEveryAlternative()
    {
        var grammar = CommandGrammar.Parse("mine.json", Start + "\"<please> (add|put) {item} (on my {item} list|)\"" + End);
        var said = Enumerable.Range(0, 400).Select(i => grammar.Sentence("lists", "add", RandomStream.Of(0, "sentence", $"{i}"))).ToArray();
        Assert.Equal(2 * 2 * (2 * 2 + 2), said.Select(s => s.Sentence).Distinct().Count());
        var (_, meaning) = said.First(s => s.Sentence == "please put milk on my two eggs list");
        Assert.Equal("lists_add item:milk item:two eggs", $"{meaning.Intent} {string.Join(' ', meaning.Entities.Select(e => $"{e.Type}:{e.Filler}"))}");
    }

    [Theory]
    [InlineData("\"add {thing}\"", "thing")]
    [InlineData("\"add {item\"", "item")]
    [InlineData("\"<hello> add\"", "hello")]
    [InlineData("\"(add|put {item}\"", "not closed")]
    [InlineData("\"add) it\"", "parentheses")]
    [InlineData("\"(a(b|c))\"", "parentheses")]
    [InlineData("\"a|b\"", "parentheses")]
    [InlineData("\"Add it\"", "'A'")]
    [InlineData("", "no template")]
    public void Parse_ABadTemplate_NamesThePlace(string templates, string problem)
    {
        var error = Assert.Throws<BadInputException>(() => CommandGrammar.Parse("mine.json", Start + templates + End));
        Assert.Contains("mine.json", error.Message);
        Assert.Contains("lists_add", error.Message);
        Assert.Contains(problem, error.Message);
    }

    [Theory]
    [InlineData("{", "not a grammar")]
    [InlineData("{}", "missing")]
    [InlineData("null", "missing")]
    [InlineData("""{"macros":{},"fillers":{"item":["Milk"]},"generic":["a"],"scenarios":{"lists":{"weight":1,"actions":{"add":["b"]}}}}""", "item")]
    [InlineData("""{"macros":{},"fillers":{"item":[""]},"generic":["a"],"scenarios":{"lists":{"weight":1,"actions":{"add":["b"]}}}}""", "item")]
    [InlineData("""{"macros":{},"fillers":{},"generic":["a b"],"scenarios":{"lists":{"weight":1,"actions":{"add":["b"]}}}}""", "generic word 1")]
    [InlineData("""{"macros":{},"fillers":{},"generic":[null],"scenarios":{"lists":{"weight":1,"actions":{"add":["b"]}}}}""", "generic word 1")]
    [InlineData("""{"macros":{},"fillers":{},"generic":["a"],"scenarios":{"lists":{"weight":0,"actions":{"add":["b"]}}}}""", "lists")]
    [InlineData("""{"macros":{},"fillers":{},"generic":["a"],"scenarios":{"lists":null}}""", "lists")]
    public void Parse_NotAGrammar_SaysWhy(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<BadInputException>(() => CommandGrammar.Parse("mine.json", text)).Message);
}
