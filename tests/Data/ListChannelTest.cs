using Retort.Data;
using Retort.Metrics;
using Retort.Papers.Ger;
using Retort.Randomness;
using Retort.Text;

namespace Retort.Tests.Data;

/// <summary>A noise channel estimated from lists: its lists of other sentences are like those that it knows.</summary>
public sealed class ListChannelTest
{
    private static readonly IReadOnlyDictionary<string, string[]> text = NoisyMinutes.Sentences([("known", 600), ("new", 600)], 5);
    private static readonly TextCorruption sounds = new([.. text.Values.SelectMany(s => s).SelectMany(s => s.Split(' ')).Distinct().Order(StringComparer.Ordinal)]);

    // A recogniser by rule: every third list loses its second half and says "in" for the last word; in the others "in" is heard as
    // "and" by all, "on" as "an" by the last three, and the last hypothesis says its first word twice.
    private static NBestList Heard(string sentence, int i)
    {
        var words = sentence.Split(' ');
        string Text(int k) => string.Join(' ', i % 3 == 0 ? [.. words.Take(words.Length / 2), k == 4 ? "the" : "in"]
            : words.Select((w, at) => w == "in" ? "and" : w == "on" && k > 1 ? "an" : k == 4 && at == 0 ? $"{w} {w}" : w));
        return new NBestList($"{i}", [.. Enumerable.Range(0, 5).Select(Text)], sentence);
    }

    private static NBestList[] New(ListChannel channel) => [.. text["new"].Select((s, i) => channel.List(s, RandomStream.Of(1, "channel", $"{i}")))];

    private static (double Substituted, double Deleted, double Inserted) Errors(IReadOnlyList<NBestList> lists, int hypothesis)
    {
        var steps = lists.SelectMany(l => EditDistance.Align<string>(l.Truth.Split(' '), l.Hypotheses[hypothesis].Split(' ')).ToArray()).ToArray();
        double words = lists.Sum(l => l.Truth.Split(' ').Length);
        double Of(EditKind kind) => 100 * steps.Count(s => s.Kind == kind) / words;
        return (Of(EditKind.Substitution), Of(EditKind.Deletion), Of(EditKind.Insertion));
    }

    [Fact]
    public void List_OfOtherSentences_HasTheErrorsOfTheKnownLists()
    {
        NBestList[] known = [.. text["known"].Select(Heard)];
        var lists = New(new ListChannel(known, sounds));
        foreach (var k in new[] { 0, 4 })
        {
            var (expected, found) = (Errors(known, k), Errors(lists, k));
            Assert.InRange(found.Substituted, 0.7 * expected.Substituted, 1.3 * expected.Substituted);
            Assert.InRange(found.Deleted, 0.7 * expected.Deleted, 1.3 * expected.Deleted);
            Assert.InRange(found.Inserted, 0.7 * expected.Inserted - 0.5, 1.3 * expected.Inserted + 0.5);
        }
        double Oracle(IReadOnlyList<NBestList> of) => 100 * NBestOracle.Best([.. of.Select(l => l.Truth)], [.. of.Select(l => l.Hypotheses)]).Rate;
        Assert.InRange(Oracle(lists), 0.75 * Oracle(known), 1.25 * Oracle(known));
        // By sound alone hardly a word is lost.
        NBestList[] bySound = [.. text["new"].Select((s, i) => sounds.List(s, RandomStream.Of(1, "sound", $"{i}")))];
        Assert.True(Errors(bySound, 0).Deleted < 0.2 * Errors(known, 0).Deleted);
    }

    [Fact]
    public void List_WordTakenForAnother_IsTakenForItInNewSentencesToo()
    {
        var lists = New(new ListChannel([.. text["known"].Select(Heard)], sounds));
        var wrong = lists.SelectMany(l => EditDistance.Align<string>(l.Truth.Split(' '), l.Hypotheses[4].Split(' ')).Where(s => s.Kind == EditKind.Substitution)
            .Select(s => (Said: l.Truth.Split(' ')[s.Reference], Heard: l.Hypotheses[4].Split(' ')[s.Hypothesis]))).ToArray();
        Assert.True(wrong.Count(w => w is ("on", "an")) > 20);
        Assert.True(wrong.Count(w => w is ("in", "and")) > 0.6 * wrong.Count(w => w.Said == "in"));
        // What a hypothesis put in was the word beside it: it is the new sentence's word now.
        Assert.True(lists.Count(l => l.Hypotheses[4].Split(' ') is [var first, var second, ..] && first == second && l.Truth.StartsWith(first + " ", StringComparison.Ordinal)) > 200);
    }

    [Fact]
    public void List_SameDraw_IsTheSame()
    {
        NBestList[] known = [.. text["known"].Take(50).Select(Heard)];
        var (a, b) = (new ListChannel(known, sounds), new ListChannel(known, sounds));
        Assert.Equal(a.ResultKey, b.ResultKey);
        Assert.NotEqual(a.ResultKey, new ListChannel(known[1..], sounds).ResultKey);
        Assert.Equal(New(a).SelectMany(l => l.Hypotheses), New(b).SelectMany(l => l.Hypotheses));
        Assert.All(New(a), l => Assert.Equal(5, l.Hypotheses.Count));
    }

    [Fact]
    public void Estimated_NothingHeard_GivesUnknown()
    {
        var channel = new ListChannel([new("a", ["<UNK>", "<UNK>", "<UNK>", "<UNK>", "<UNK>"], text["known"][0])], sounds);
        Assert.Equal(Enumerable.Repeat(NBestList.Unknown, 5), channel.List(text["new"][0], RandomStream.Of(1, "a")).Hypotheses);
    }

    [Fact]
    public void Estimated_ListsOfDifferentSizes_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new ListChannel([], sounds));
        Assert.Throws<ArgumentException>(() => new ListChannel([new("a", ["x"], "x"), new("b", ["x", "y"], "x")], sounds));
    }
}
