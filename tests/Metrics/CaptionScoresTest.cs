using System.Text.Json;
using Retort.Metrics;

namespace Retort.Tests.Metrics;

/// <summary>Against the numbers of the published scorers.</summary>
public sealed class CaptionScoresTest
{
    private static readonly JsonElement golden = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Metrics", "Golden", "caption_scores.json"))).RootElement;

    private static void Near(JsonElement expected, IReadOnlyList<double> bleu, double rouge, double cider)
    {
        for (var n = 0; n < 4; n++)
        {
            Assert.Equal(expected.GetProperty("bleu")[n].GetDouble(), bleu[n], 1e-9);
        }
        Assert.Equal(expected.GetProperty("rouge_l").GetDouble(), rouge, 1e-9);
        Assert.Equal(expected.GetProperty("cider_d").GetDouble(), cider, 1e-9);
    }

    [Fact]
    public void Of_Golden_MatchesTheCorpusAndEachItem()
    {
        var items = golden.GetProperty("items").EnumerateArray().ToArray();
        string[] captions = [.. items.Select(i => i.GetProperty("hypothesis").GetString()!)];
        string[][] references = [.. items.Select(i => i.GetProperty("references").EnumerateArray().Select(r => r.GetString()!).ToArray())];
        var scores = CaptionScores.Of(captions, references);
        Near(golden.GetProperty("corpus"), scores.Bleu, scores.RougeL, scores.CiderD);
        for (var i = 0; i < items.Length; i++)
        {
            Near(items[i].GetProperty("scores"), scores.Items[i].Bleu, scores.Items[i].RougeL, scores.Items[i].CiderD);
        }
        Assert.Equal(captions.SelectMany(c => c.Split(' ')).Distinct().Count(), scores.Vocabulary);
    }

    [Fact]
    public void Of_RepeatedAndShortCaptions_MatchTheDossier()
    {
        var scores = CaptionScores.Of(["the the the the", "bell"], [["the cat", "the dog the"], ["a bell rings", "bell"]]);
        Assert.Equal(0.599999999880, scores.Bleu[0], 1e-11);
        Assert.Equal(1.4142135619959716e-08, scores.Bleu[1], 1e-16);
        Assert.Equal(0.793269231, scores.RougeL, 1e-8);
        Assert.Equal(1.346511733, scores.CiderD, 1e-8);
        Assert.Equal(0.760336024, scores.Items[0].CiderD, 1e-8);
    }

    [Fact]
    public void Of_EmptyCaption_ScoresNothingAndBreaksNothing()
    {
        var scores = CaptionScores.Of(["", "a bell rings"], [["a dog barks"], ["a bell rings"]]);
        Assert.Equal(0, scores.Items[0].CiderD);
        Assert.Equal(0, scores.Items[0].RougeL);
        Assert.True(double.IsFinite(scores.Bleu[3]));
    }

    [Fact]
    public void Of_NothingToScore_SaysWhat()
    {
        Assert.Throws<ArgumentException>(() => CaptionScores.Of([], []));
        Assert.Contains("item 1", Assert.Throws<ArgumentException>(() => CaptionScores.Of(["a", "b"], [["a"], []])).Message);
    }
}
