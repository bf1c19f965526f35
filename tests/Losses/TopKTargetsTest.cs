using Retort.Losses;
using Retort.Randomness;

namespace Retort.Tests.Losses;

public sealed class TopKTargetsTest
{
    [Theory]
    [InlineData(TargetFill.Zero, 0f)]
    [InlineData(TargetFill.LastMean, 0.2f / 4)]
    [InlineData(TargetFill.LastHalf, 0.1f)]
    [InlineData(TargetFill.Uniform, 1f / 6)]
    public void Fill_ByRule_GivesTheOthersTheRulesValue(TargetFill fill, float rest)
    {
        var target = Enumerable.Repeat(9f, 6).ToArray();
        TopKTargets.Fill(target, [0.2f, 0.7f], [4, 1], fill);
        Assert.Equal([rest, 0.7f, rest, rest, 0.2f, rest], target);
    }

    [Fact]
    public void Fill_LastRandom_StaysBelowTheLeastAndFollowsTheDraw()
    {
        float[] Once()
        {
            var target = new float[100];
            TopKTargets.Fill(target, [0.2f, 0.7f], [4, 1], TargetFill.LastRandom, RandomStream.Of(1, "fill", "clip", 2));
            return target;
        }
        var target = Once();
        Assert.Equal(target, Once());
        Assert.Equal((0.7f, 0.2f), (target[1], target[4]));
        Assert.All(target.Where((_, i) => i != 1 && i != 4), x => Assert.InRange(x, 0f, 0.2f));
        Assert.Equal(0.1, target.Average(), 0.03);
    }

    [Fact]
    public void Fill_AllClassesStored_IsTheStoredValues()
    {
        var target = new float[2];
        TopKTargets.Fill(target, [0.2f, 0.7f], [1, 0], TargetFill.LastMean);
        Assert.Equal([0.7f, 0.2f], target);
    }

    [Fact]
    public void Fill_ClassOutOfRange_IsNamed()
    {
        var error = Assert.Throws<ArgumentException>(() => TopKTargets.Fill(new float[3], [0.5f], [3], TargetFill.Zero));
        Assert.Contains("class 3", error.Message);
    }

    [Fact]
    public void Fill_LastRandomWithoutDraw_IsRefused() =>
        Assert.Throws<ArgumentNullException>(() => TopKTargets.Fill(new float[3], [0.5f], [1], TargetFill.LastRandom));
}
