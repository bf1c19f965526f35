using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Torch;

/// <summary>Dimensions with names.</summary>
public sealed class NamedTensorTest
{
    [Fact]
    public void Names_GivenToAFactory_AreThere()
    {
        using var x = zeros(2, 3, 4, names: ["N", "C", "T"]);
        Assert.True(x.has_names());
        Assert.Equal(["N", "C", "T"], x.names);
        using var plain = zeros(2, 3);
        Assert.False(plain.has_names());
        Assert.Throws<ArgumentException>(() => x.rename(["N", "C"]));
    }

    [Fact]
    public void Rename_WithDots_KeepsThoseBetween()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3, 4, names: ["N", "C", "T"]);
        Assert.Equal(["B", "C", "T"], x.rename(["B", "..."]).names);
        Assert.Equal(["N", "C", "F"], x.rename(["...", "F"]).names);
        Assert.False(x.rename(null!).has_names());
        x.rename_(["A", "...", "Z"]);
        Assert.Equal(["A", "C", "Z"], x.names);
    }

    [Fact]
    public void RefineNames_OfUnnamedDimensions_KeepsWhatIsNamed()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3, 4).refine_names("N", "...", "T");
        Assert.Equal(["N", null!, "T"], x.names);
        Assert.Equal(["N", "C", "T"], x.refine_names("N", "C", "T").names);
        Assert.ThrowsAny<Exception>(() => x.refine_names("B", "C", "T"));
    }

    [Fact]
    public void AlignTo_AnotherOrder_PermutesAndAddsDimensions()
    {
        using var scope = NewDisposeScope();
        var x = arange(24).reshape(2, 3, 4).refine_names("N", "C", "T");
        var aligned = x.align_to("T", "X", "N", "C");
        Assert.Equal([4L, 1, 2, 3], aligned.shape);
        Assert.Equal(["T", "X", "N", "C"], aligned.names);
        Assert.Equal([4L, 2, 3], x.align_to("T", "...").shape);
    }

    [Fact]
    public void FlattenAndUnflatten_ByName_AreEachOthersInverse()
    {
        using var scope = NewDisposeScope();
        var x = arange(24).reshape(2, 3, 4).refine_names("N", "C", "T");
        var flat = x.flatten(["C", "T"], "F");
        Assert.Equal([2L, 12], flat.shape);
        Assert.Equal(["N", "F"], flat.names);
        var back = flat.unflatten("F", ("C", 3), ("T", 4));
        Assert.Equal(["N", "C", "T"], back.names);
        Assert.True(back.rename(null!).Equals(x.rename(null!)));
    }
}
