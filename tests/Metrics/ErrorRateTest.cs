using Retort.Metrics;

namespace Retort.Tests.Metrics;

public sealed class ErrorRateTest
{
    [Fact]
    public void Words_OfSeveralPairs_IsAllEditsOverAllReferenceWords()
    {
        var rate = ErrorRate.Words(["play some jazz", "what  time is it", "stop"], ["play jazz", "what time was it now", "stop"]);
        Assert.Equal((1, 1, 1, 8L), (rate.Substitutions, rate.Deletions, rate.Insertions, rate.ReferenceLength));
        Assert.Equal(3.0 / 8, rate.Rate, 1e-15);
    }

    [Fact]
    public void Characters_OutsideTheBasicPlane_CountOnce()
    {
        var rate = ErrorRate.Characters(["a\U0001F600b"], ["a\U0001F601b"]);
        Assert.Equal((1L, 3L), (rate.Edits, rate.ReferenceLength));
    }

    [Fact]
    public void Rate_EmptyReference_IsZeroOrInfinite()
    {
        Assert.Equal(0, ErrorRate.Words([""], [" "]).Rate);
        Assert.Equal(double.PositiveInfinity, ErrorRate.Words([""], ["word"]).Rate);
        Assert.Equal(2, ErrorRate.Words(["one"], ["two words"]).Rate);
        Assert.Throws<ArgumentException>(() => ErrorRate.Words(["a"], []));
    }
}
