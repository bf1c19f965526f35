using Retort.Audio;

namespace Retort.Tests.Audio;

public sealed class ViewTest
{
    // Published: v = m = 0.5 on 1001 frames and 64 bins masks frames 452..547 and bins 26..37.
    [Theory]
    [InlineData(0.5f, 0.5f, 1001, 192, 452, 96)]
    [InlineData(0.5f, 0.5f, 64, 24, 26, 12)]
    [InlineData(0f, 0.9f, 64, 24, 57, 0)]
    [InlineData(0.99999994f, 0.99999994f, 64, 24, 39, 23)]
    [InlineData(0.9f, 0.3f, 51, 10, 12, 9)]
    public void Span_OfPublishedArithmetic_IsItsSpan(float v, float m, int size, int parameter, int start, int width) =>
        Assert.Equal((start, width), View.Span(v, m, size, parameter));

    [Fact]
    public void Span_WiderThanTheSpectrogram_StaysInside()
    {
        for (var step = 0; step < 100; step++)
        {
            var (start, width) = View.Span(step / 100f, 1 - step / 100f, 50, 192);
            Assert.InRange(start, 0, 50);
            Assert.InRange(start + width, 0, 50);
        }
    }

    [Fact]
    public void Of_SameName_SameView()
    {
        var settings = new ViewSettings();
        Assert.Equal(View.Of(7, "clip", 3, 160000, settings), View.Of(7, "clip", 3, 160000, settings));
        Assert.NotEqual(View.Of(7, "clip", 3, 160000, settings), View.Of(7, "clip", 4, 160000, settings));
        Assert.NotEqual(View.Of(7, "clip", 3, 160000, settings), View.Of(7, "clip2", 3, 160000, settings));
    }

    // The numbers of version 1 of our own algorithm. A change of them needs a new name in ViewAlgorithm, or stored seeds lie.
    [Fact]
    public void FromSeed_Version1_KeepsItsNumbers()
    {
        var views = new[] { 42, 43, 44, 46 }.Select(seed => View.FromSeed(seed, 160000, new ViewSettings()));
        Assert.Equal(["0 0.9699963 0.061721027", "0 0.42211533 0.0444538", "0 0.43145752 0.78609335", "-45179 0.9803748 0.6407486"],
            views.Select(v => $"{v.Shift} {v.TimeWidth:R} {v.TimePlace:R}"));
    }

    [Fact]
    public void FromSeed_DefaultSettings_ShiftsHalfOfTheViewsEvenly()
    {
        var settings = new ViewSettings();
        var views = Enumerable.Range(0, 4000).Select(i => View.Of(1, "clip", i, 1000, settings)).ToArray();
        var shifts = views.Where(v => v.Shift != 0).Select(v => v.Shift).ToArray();
        Assert.InRange(shifts.Length, 1850, 2150);
        Assert.InRange(shifts.Min(), -500, -490);
        Assert.InRange(shifts.Max(), 490, 500);
        Assert.All(views, v => Assert.Equal((v.TimeWidth, v.TimePlace), (v.FrequencyWidth, v.FrequencyPlace)));
        Assert.Equal(0.5, views.Average(v => v.TimeWidth), 0.02);
    }

    [Fact]
    public void FromSeed_IndependentMasks_ChangesOnlyTheFrequencyMask()
    {
        var settings = new ViewSettings();
        var together = View.FromSeed(5, 1000, settings);
        var apart = View.FromSeed(5, 1000, settings with { IndependentMasks = true });
        Assert.Equal((together.Shift, together.TimeWidth, together.TimePlace), (apart.Shift, apart.TimeWidth, apart.TimePlace));
        Assert.NotEqual(together.FrequencyWidth, apart.FrequencyWidth);
    }

    [Fact]
    public void FromSeed_NoShift_KeepsTheMasks()
    {
        var settings = new ViewSettings();
        for (var seed = 0; seed < 50; seed++)
        {
            var view = View.FromSeed(seed, 1000, settings with { ShiftProbability = 0 });
            Assert.Equal(View.FromSeed(seed, 1000, settings) with { Shift = 0 }, view);
        }
    }

    [Fact]
    public void Identity_OfOtherSettings_Differs()
    {
        var settings = new ViewSettings();
        var others = new[]
        {
            settings with { Algorithm = ViewAlgorithm.Upstream }, settings with { ShiftProbability = 0.4 },
            settings with { MaximumShift = 0.4 }, settings with { TimeMask = 1 }, settings with { FrequencyMask = 1 },
            settings with { IndependentMasks = true }, settings with { Fill = MaskFill.Mean }, settings with { FillValue = -1 },
        };
        Assert.Equal(others.Length + 1, others.Append(settings).Select(s => s.Identity).Distinct().Count());
    }

    // Check values of the published replay (torch_audiomentations 0.11.0's Shift and two draws), clips of 160000 samples.
    [Theory]
    [InlineData(0, 72326, 0.08847743f, 0.13203049f)]
    [InlineData(1, 0, 0.27931088f, 0.40306926f)]
    [InlineData(2, 0, 0.38101286f, 0.63711435f)]
    [InlineData(3, -850, 0.28584248f, 0.02695483f)]
    [InlineData(42, 0, 0.91500396f, 0.38286376f)]
    [InlineData(123456789, -20932, 0.73897088f, 0.36755139f)]
    [InlineData(2147483647, 0, 0.35423911f, 0.10543233f)]
    public void Upstream_StoredSeed_GivesThePublishedView(int seed, int shift, float v, float m)
    {
        var view = View.FromSeed(seed, 160000, new ViewSettings { Algorithm = ViewAlgorithm.Upstream });
        Assert.Equal(shift, view.Shift);
        Assert.Equal(v, view.TimeWidth, 1e-8f);
        Assert.Equal(m, view.TimePlace, 1e-8f);
        Assert.Equal((view.TimeWidth, view.TimePlace), (view.FrequencyWidth, view.FrequencyPlace));
    }

    [Fact]
    public void FromSeed_UpstreamWithOtherSettings_IsRefused() =>
        Assert.Throws<ArgumentException>(() =>
            View.FromSeed(0, 1000, new ViewSettings { Algorithm = ViewAlgorithm.Upstream, ShiftProbability = 0.3 }));
}
