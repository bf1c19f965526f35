using Retort.Data;
using Retort.Randomness;

namespace Retort.Tests.Data;

public sealed class CaptionScenesTest
{
    [Fact]
    public void Paraphrases_EveryTruth_ParseBackToTheSameTuples()
    {
        var scenes = new CaptionScenes(CaptionPart.Test, 400);
        for (var i = 0; i < scenes.Count; i++)
        {
            var truth = scenes.Truth(i);
            var expected = CaptionGrammar.Tuples(truth).Order();
            foreach (var caption in scenes.Captions(i))
            {
                Assert.Equal(expected, CaptionGrammar.Tuples(caption).Order());
            }
            Assert.Equal(5, scenes.Captions(i).Count);
        }
    }

    [Theory]
    [InlineData("a dog barks after a bell rings twice", "bell|bell, then, dog bark|bell, twice|dog bark")]
    [InlineData("the loud sound of a bell ringing", "bell|bell, loud")]
    [InlineData("rain falls and then a cat", "cat meow|rain|rain, then, cat meow")]
    [InlineData("a dog a bell", "bell|bell, while, dog bark|dog bark")]
    [InlineData("twice loudly then", "")]
    [InlineData("", "")]
    public void Tuples_AnyCaption_AreWhatItStates(string caption, string expected) =>
        Assert.Equal(expected, string.Join('|', CaptionGrammar.Tuples(caption).Order(StringComparer.Ordinal)));

    [Fact]
    public void Scene_SameNumber_SameBitsAndEventsWhereTheySay()
    {
        var scenes = new CaptionScenes(CaptionPart.Train, 40);
        for (var i = 0; i < scenes.Count; i++)
        {
            var (samples, sounds) = scenes.Scene(i);
            Assert.Equal(samples, new CaptionScenes(CaptionPart.Train, 7000).Samples(i));
            Assert.Equal(scenes.Truth(i).Events.Select(e => e.Class), sounds.Select(s => s.Class));
            Assert.All(sounds, s => Assert.InRange(s.Start, 0, 2 - s.Seconds + 1e-9));
            if (sounds.Count == 2 && scenes.Truth(i).Relation == Relation.Then)
            {
                Assert.True(sounds[0].Start + sounds[0].Seconds < sounds[1].Start);
            }
            Assert.InRange(samples.Max(MathF.Abs), 0.01f, 1f);
        }
    }

    [Fact]
    public void Parts_Clips_AreDisjointAndCaptioned()
    {
        string[] First(CaptionPart part) => [.. Enumerable.Range(0, 30).Select(i => string.Join(',', new CaptionScenes(part, 30).Samples(i).Take(64)))];
        var all = Enum.GetValues<CaptionPart>().SelectMany(First).ToArray();
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Single(new CaptionScenes(CaptionPart.Train, 3).Captions(1));
        Assert.Empty(new CaptionScenes(CaptionPart.AudioOnly, 3).Captions(1));
        Assert.Throws<InvalidOperationException>(() => new CaptionScenes(CaptionPart.AudioOnly, 3).Caption(1));
        Assert.NotEqual(new CaptionScenes(CaptionPart.Train, 3).Hash, new CaptionScenes(CaptionPart.Train, 3).Take(2).Hash);
    }

    [Fact]
    public void Say_Twice_SameRandomSameCaption() =>
        Assert.Equal(
            CaptionGrammar.Say(new CaptionTruth([new(0, Loudness.Loud, Times.Twice), new(7, Loudness.Plain, Times.Plain)], Relation.Then), 1, RandomStream.Of(1, "x")),
            CaptionGrammar.Say(new CaptionTruth([new(0, Loudness.Loud, Times.Twice), new(7, Loudness.Plain, Times.Plain)], Relation.Then), 1, RandomStream.Of(1, "x")));
}
