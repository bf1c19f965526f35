using Retort.Data;
using Retort.Text;

namespace Retort.Tests.Text;

public sealed class SlurpTargetTest
{
    private static Meaning Of(int entities) => new("email", "sendemail", [.. Enumerable.Range(1, entities).Select(n => new Entity($"t{n}", $"f{n}"))]);

    [Theory]
    [InlineData(0, "email_sendemail _SEP w", "email_sendemail _SEP w")]
    [InlineData(1, "email_sendemail _SEP t1 _FILL f1 _SEP w", "email_sendemail _SEP t1 _FILL f1 _SEP w")]
    [InlineData(2, "email_sendemail _SEP t1 _FILL f1 _SEP t2 _FILL f2 _SEP w", "email_sendemail _SEP t1 _FILL f1 _SEP w")]
    [InlineData(3, "email_sendemail _SEP t1 _FILL f1 _SEP t2 _FILL f2 _SEP t3 _FILL f3 _SEP w", "email_sendemail _SEP t1 _FILL f1 _SEP wt2 _FILL f2 _SEP w")]
    public void Write_Entities_AllOrAsPublished(int entities, string all, string published)
    {
        Assert.Equal(all, SlurpTarget.Write(Of(entities), "w"));
        Assert.Equal(published, SlurpTarget.Write(Of(entities), "w", TargetEntities.PublishedDefect));
        var (meaning, transcript) = SlurpTarget.Read(all);
        Assert.Equal(Of(entities).Entities, meaning.Entities);
        Assert.Equal("w", transcript);
    }

    [Theory]
    [InlineData("Reply at 5 o'clock, e-mail \u2019s $5 <b>!", "reply at 5 oclock email s 5 b")]
    [InlineData("caf\u00e9", "caf\u00e9")]
    public void Transcript_Punctuation_IsTakenOut(string sentence, string transcript) => Assert.Equal(transcript, SlurpTarget.Transcript(sentence));

    [Theory]
    [InlineData("", "", "", 0, "")]
    [InlineData("stop", "stop", "stop", 0, "")]
    [InlineData("audio_volume_down _SEP turn it down", "audio", "volume_down", 0, "turn it down")]
    [InlineData("a_b _SEP t _FILL f _FILL g _SEP u _FILL v _SEP", "a", "b", 1, "")]
    [InlineData("a_b _SEP t _FILL f", "a", "b", 0, "t _FILL f")]
    public void Read_AnyString_IsRead(string target, string scenario, string action, int entities, string transcript)
    {
        var (meaning, words) = SlurpTarget.Read(target);
        Assert.Equal((scenario, action, entities, transcript), (meaning.Scenario, meaning.Action, meaning.Entities.Count, words));
    }
}
