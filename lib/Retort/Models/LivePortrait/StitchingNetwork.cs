using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>
/// LivePortrait's small networks on keypoints: stitching, which moves driving keypoints so that the head fits its shoulders, and the
/// retargeting of lips and eyes. KDTalker ships but never calls them.
/// </summary>
public sealed class StitchingNetwork : nn.Module<Tensor, Tensor>
{
    private readonly Sequential mlp;

    private StitchingNetwork(int from, int[] hidden, int to) : base(nameof(StitchingNetwork))
    {
        var steps = new List<nn.Module<Tensor, Tensor>>();
        foreach (var width in hidden)
        {
            steps.Add(nn.Linear(from, width));
            steps.Add(nn.ReLU());
            from = width;
        }
        steps.Add(nn.Linear(from, to));
        mlp = nn.Sequential([.. steps]);
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>Source and driving keypoints (B, 126) to shifts of each (63) and of all in x and y (2). 45,249 parameters. Weights are to be loaded.</summary>
    public static StitchingNetwork Stitching() => new(126, [128, 128, 64], 65);

    /// <summary>Keypoints and lip openings of source and target (B, 65) to shifts (63). 37,311 parameters. Weights are to be loaded.</summary>
    public static StitchingNetwork Lips() => new(65, [128, 128, 64], 63);

    /// <summary>Keypoints, two eye openings of the source and the target's (B, 66) to shifts (63). 144,703 parameters. Weights are to be loaded.</summary>
    public static StitchingNetwork Eyes() => new(66, [256, 256, 128, 128, 64], 63);

    /// <summary>(B, inputs) to (B, outputs).</summary>
    public override Tensor forward(Tensor x) => mlp.call(x);

    /// <summary>Driving keypoints (B, 21, 3) as the stitching network moves them.</summary>
    /// <param name="source">(1 or B, 21, 3)</param>
    /// <param name="driving">(B, 21, 3)</param>
    public Tensor Stitch(Tensor source, Tensor driving)
    {
        using var scope = NewDisposeScope();
        var batch = driving.shape[0];
        var shift = call(cat([source.expand(batch, -1, -1).flatten(1), driving.flatten(1)], 1));
        var all = nn.functional.pad(shift.narrow(1, 63, 2), [0, 1]).unsqueeze(1);  // x and y of all, z stays
        return (driving + shift.narrow(1, 0, 63).view(batch, 21, 3) + all).MoveToOuterDisposeScope();
    }
}
