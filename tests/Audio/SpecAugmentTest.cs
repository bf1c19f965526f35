using Retort.Audio;
using Retort.Randomness;
using static TorchSharp.torch;

namespace Retort.Tests.Audio;

public class SpecAugmentTest
{
    [Fact]
    public void Apply_Stripes_AreZeroDbAndNarrowerThanTheGreatest()
    {
        using var scope = NewDisposeScope();
        var settings = new SpecAugment { TimeStripes = 1, TimeWidth = 5, MelStripes = 1, MelWidth = 3 };
        bool wide = false, tall = false;
        for (var trial = 0; trial < 200; trial++)
        {
            var masked = settings.Apply(full([1, 20, 8], -30f), _ => RandomStream.Of(trial, "test"));
            var gone = masked.eq(0);
            Assert.True(gone.logical_or(masked.eq(-30)).all().item<bool>());
            var columns = gone.all(2).sum().item<long>();
            var bins = gone.all(1).sum().item<long>();
            Assert.InRange(columns, 0, 4);
            Assert.InRange(bins, 0, 2);
            Assert.Equal(columns * 8 + bins * 20 - columns * bins, gone.sum().item<long>());
            (wide, tall) = (wide || columns == 4, tall || bins == 2);
        }
        Assert.True(wide && tall);
    }

    [Fact]
    public void Apply_EachClip_HasItsOwnStripesAndTheSameAgain()
    {
        using var scope = NewDisposeScope();
        var sound = full([2, 101, 32], -30f);
        var first = new SpecAugment().Apply(sound, b => RandomStream.Of(3, "test", $"{b}"));
        Assert.False(allclose(first[0], first[1]));
        Assert.True(allclose(first, new SpecAugment().Apply(sound, b => RandomStream.Of(3, "test", $"{b}"))));
        // Few columns: a stripe leaves at least one.
        Assert.True(new SpecAugment { TimeStripes = 1, MelStripes = 0 }.Apply(full([1, 3, 4], -30f), _ => RandomStream.Of(1, "test")).ne(0).any().item<bool>());
    }
}
