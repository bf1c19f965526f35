using Retort.Randomness;
using Retort.Text;

namespace Retort.Tests.Text;

public sealed class EditDistanceTest
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("", "ab", 2)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("abcabba", "cbabac", 4)]
    [InlineData("same", "same", 0)]
    public void Of_KnownPairs_IsTheirDistance(string a, string b, int distance)
    {
        Assert.Equal(distance, EditDistance.Of<char>(a, b));
        Assert.Equal(distance, EditDistance.Of<char>(b, a));
    }

    [Fact]
    public void Align_RandomPairs_CostsTheDistanceAndRebuildsBoth()
    {
        var draw = RandomStream.Of(1, "edit distance");
        for (var n = 0; n < 500; n++)
        {
            int[] a = [.. Enumerable.Range(0, draw.Next(12)).Select(_ => draw.Next(3))], b = [.. Enumerable.Range(0, draw.Next(12)).Select(_ => draw.Next(3))];
            var steps = EditDistance.Align<int>(a, b);
            Assert.Equal(EditDistance.Of<int>(a, b), steps.Count(s => s.Kind != EditKind.Match));
            Assert.Equal(Enumerable.Range(0, a.Length), steps.Where(s => s.Kind != EditKind.Insertion).Select(s => s.Reference));
            Assert.Equal(Enumerable.Range(0, b.Length), steps.Where(s => s.Kind != EditKind.Deletion).Select(s => s.Hypothesis));
            Assert.All(steps, s => Assert.True(s.Kind is EditKind.Insertion or EditKind.Deletion || s.Kind == EditKind.Match == (a[s.Reference] == b[s.Hypothesis])));
        }
    }

    [Fact]
    public void Align_LostAndAddedWord_NamesThem()
    {
        var steps = EditDistance.Align<string>(["wake", "me", "up", "at", "five"], ["wake", "up", "at", "nine", "now"]);
        Assert.Equal(
            [new EditStep(EditKind.Match, 0, 0), new(EditKind.Deletion, 1, 1), new(EditKind.Match, 2, 1), new(EditKind.Match, 3, 2),
                new(EditKind.Insertion, 4, 3), new(EditKind.Substitution, 4, 4)], steps);
    }
}
