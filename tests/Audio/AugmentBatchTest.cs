using Retort.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Audio;

public sealed class AugmentBatchTest
{
    private static readonly ViewSettings settings = new() { TimeMask = 10, FrequencyMask = 4 };

    private static Tensor Ramp(params long[] shape)
    {
        var count = shape.Aggregate(1L, (a, b) => a * b);
        return tensor(Enumerable.Range(1, (int)count).Select(i => (float)i).ToArray()).view(shape);
    }

    [Fact]
    public void Shift_Batch_IsEachWaveShifted()
    {
        using var scope = NewDisposeScope();
        var waves = Ramp(3, 5);
        var views = new[] { new View(2, 0, 0, 0, 0), View.Identity, new View(-1, 0, 0, 0, 0) };
        Assert.Equal([4f, 5, 1, 2, 3, 6, 7, 8, 9, 10, 12, 13, 14, 15, 11], Augment.Shift(waves, views).data<float>().ToArray());
    }

    [Theory]
    [InlineData(MaskFill.Constant)]
    [InlineData(MaskFill.Mean)]
    public void Mask_Batch_FillsEachClipsSpansAndNothingElse(MaskFill fill)
    {
        using var scope = NewDisposeScope();
        var mel = Ramp(3, 8, 20);
        var views = new[] { new View(0, 0.5f, 0.2f, 0.9f, 0.7f), View.Identity, new View(0, 0.99f, 0.99f, 0.1f, 0.5f) };
        var used = settings with { Fill = fill, FillValue = -7 };
        var masked = Augment.Mask(mel, views, used);
        for (var b = 0; b < 3; b++)
        {
            var (t, w) = views[b].TimeSpan(20, used);
            var (f, h) = views[b].FrequencySpan(8, used);
            var value = fill == MaskFill.Constant ? -7 : mel[b].mean().item<float>();
            for (var i = 0; i < 8; i++)
            {
                for (var j = 0; j < 20; j++)
                {
                    var inside = (j >= t && j < t + w) || (i >= f && i < f + h);
                    Assert.Equal(inside ? value : mel[b, i, j].item<float>(), masked[b, i, j].item<float>(), 1e-3f);
                }
            }
        }
        Assert.Equal(1f, mel[0, 0, 0].item<float>());
        Assert.Equal(fill == MaskFill.Constant, Augment.MaskInPlace(mel, views, used));
        Assert.Equal(fill == MaskFill.Constant, mel.equal(masked).item<bool>());
    }

    [Fact]
    public void Mask_PublishedMiddle_CoversThePublishedFramesAndBins()
    {
        using var scope = NewDisposeScope();
        var masked = Augment.Mask(ones(1, 64, 1001), [new View(0, 0.5f, 0.5f, 0.5f, 0.5f)], new ViewSettings());
        Assert.Equal(64 * 1001 - 64 * 96 - 12 * 1001 + 12 * 96, masked.sum().item<float>());
        Assert.Equal((1f, 0f, 0f, 1f), (masked[0, 0, 451].item<float>(), masked[0, 0, 452].item<float>(), masked[0, 0, 547].item<float>(), masked[0, 0, 548].item<float>()));
        Assert.Equal((1f, 0f, 0f, 1f), (masked[0, 25, 0].item<float>(), masked[0, 26, 0].item<float>(), masked[0, 37, 0].item<float>(), masked[0, 38, 0].item<float>()));
    }

    [Fact]
    public void Mixup_PartnerIsTheBatchReversed()
    {
        using var scope = NewDisposeScope();
        var mixed = Augment.Mixup(Ramp(3, 2), [0.25f, 0.6f, 1f]);
        Assert.Equal([0.75f * 1 + 0.25f * 5, 0.75f * 2 + 0.25f * 6, 3, 4, 1, 2], mixed.data<float>().ToArray().Select(x => MathF.Round(x, 5)));
    }

    [Fact]
    public void Mask_OtherNumberOfViews_IsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => Augment.Mask(ones(2, 8, 20), [View.Identity], settings));
    }
}
