using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>What the warping network gives.</summary>
/// <param name="Features">(B, 256, H, W)</param>
/// <param name="Occlusion">(B, 1, H, W) in 0..1, by which the features are multiplied already</param>
/// <param name="Deformation">(B, 16, H, W, 3): where each place of the volume is taken from, in -1..1</param>
/// <param name="Mask">(B, 22, 16, H, W): how much each keypoint's flow counts; the first is the background's</param>
public sealed record Warped(Tensor Features, Tensor Occlusion, Tensor Deformation, Tensor Mask);

/// <summary>
/// LivePortrait's W (45,529,829 parameters): moves a volume of features by 21 pairs of keypoints. Flows are shifts (no Jacobians). Kept as
/// published: the grid of coordinates puts the corner pixels' centres at -1 and 1, and sampling takes these for the corners.
/// </summary>
public sealed class WarpingNetwork : nn.Module<Tensor, Tensor, Tensor, Warped>
{
    internal const int Keypoints = 21, Compressed = 4;
    private readonly DenseMotion dense_motion_network;
    private readonly Block2d third;
    private readonly Conv2d fourth;

    /// <summary>A network whose weights are to be loaded.</summary>
    public WarpingNetwork() : base(nameof(WarpingNetwork))
    {
        dense_motion_network = new DenseMotion();
        third = new Block2d(512, 256, slope: 0.01);
        fourth = nn.Conv2d(256, 256, 1);
        RegisterComponents();
        this.OutliveScopes();
    }

    internal DenseMotion Motion => dense_motion_network;

    internal Block2d Third => third;

    internal Conv2d Fourth => fourth;

    /// <summary>The network's weights and a face made ready for inference on many frames; the network as in evaluation.</summary>
    /// <param name="features">the face's, (1, 32, 16, H, W)</param>
    /// <param name="source">keypoints (1, 21, 3) of the face</param>
    /// <exception cref="ArgumentException">They are not those of one face.</exception>
    public PreparedWarping Prepare(Tensor features, Tensor source) => new(this, features, source);

    /// <summary>Warps a face's features to each of B driving poses.</summary>
    /// <param name="features">(1 or B, 32, 16, H, W)</param>
    /// <param name="source">keypoints (1 or B, 21, 3) of the features' face</param>
    /// <param name="driving">keypoints (B, 21, 3) to move to</param>
    public override Warped forward(Tensor features, Tensor source, Tensor driving)
    {
        using var scope = NewDisposeScope();
        var batch = driving.shape[0];
        var all = features.expand(batch, -1, -1, -1, -1);
        var (deformation, mask, occlusion) = dense_motion_network.Run(features, source.expand(batch, -1, -1), driving);
        var warped = nn.functional.grid_sample(all, deformation, align_corners: false);
        var y = fourth.call(third.call(warped.flatten(1, 2))) * occlusion;
        return new Warped(y.MoveToOuterDisposeScope(), occlusion.MoveToOuterDisposeScope(), deformation.MoveToOuterDisposeScope(), mask.MoveToOuterDisposeScope());
    }

    // From -1 at the first place to 1 at the last.
    internal static Tensor Line(long count, Device device) => arange(count, dtype: float32, device: device) / (count - 1) * 2 - 1;

    internal sealed class DenseMotion : nn.Module
    {
        private const int Depth = 16;
        private readonly Hourglass hourglass;
        private readonly Conv3d mask;
        private readonly Conv3d compress;
        private readonly BatchNorm3d norm;
        private readonly Conv2d occlusion;

        internal DenseMotion() : base(nameof(DenseMotion))
        {
            hourglass = new Hourglass((Keypoints + 1) * (Compressed + 1), 32, 5, 1024);
            mask = nn.Conv3d(hourglass.Channels, Keypoints + 1, 7, padding: 3);
            compress = nn.Conv3d(32, Compressed, 1);
            norm = nn.BatchNorm3d(Compressed);
            occlusion = nn.Conv2d(hourglass.Channels * Depth, 1, 7, padding: 3);
            RegisterComponents();
        }

        internal Hourglass Hourglass => hourglass;

        internal Conv3d Mask => mask;

        internal Conv3d Compress => compress;

        internal BatchNorm3d Norm => norm;

        internal Conv2d Occlusion => occlusion;

        internal (Tensor Deformation, Tensor Mask, Tensor Occlusion) Run(Tensor features, Tensor source, Tensor driving)
        {
            using var scope = NewDisposeScope();
            var small = nn.functional.relu(norm.call(compress.call(features)));  // (1 or B, 4, D, H, W)
            long batch = driving.shape[0], depth = small.shape[2], height = small.shape[3], width = small.shape[4];
            var grid = Grid(depth, height, width, driving.device);  // (D, H, W, 3)
            Tensor At(Tensor points) => points.view(batch, Keypoints, 1, 1, 1, 3);
            var moved = grid - At(driving) + At(source);
            var flows = cat([grid.expand(batch, 1, -1, -1, -1, -1), moved], 1);  // (B, 22, D, H, W, 3)

            // All flows of a sample at once, behind one another in depth.
            var places = flows.reshape(batch, (Keypoints + 1) * depth, height, width, 3);
            var deformed = nn.functional.grid_sample(small.expand(batch, -1, -1, -1, -1), places, align_corners: false)
                .view(batch, Compressed, Keypoints + 1, depth, height, width).transpose(1, 2);  // (B, 22, 4, D, H, W)
            Tensor Heat(Tensor points) => ((grid - At(points)).square().sum(-1) * (-0.5 / 0.01)).exp();
            var heat = Heat(driving) - Heat(source);
            heat = cat([zeros_like(heat.narrow(1, 0, 1)), heat], 1).unsqueeze(2);
            var seen = hourglass.call(cat([heat, deformed], 2).flatten(1, 2));
            var weights = mask.call(seen).softmax(1);  // (B, 22, D, H, W)
            var deformation = (flows * weights.unsqueeze(-1)).sum(1);
            var hidden = occlusion.call(seen.flatten(1, 2)).sigmoid();
            return (deformation.MoveToOuterDisposeScope(), weights.MoveToOuterDisposeScope(), hidden.MoveToOuterDisposeScope());
        }

        /// <summary>x right, y down, z in, each from -1 at the first place to 1 at the last.</summary>
        private static Tensor Grid(long depth, long height, long width, Device device)
        {
            Tensor x = Line(width, device).view(1, 1, -1).expand(depth, height, width), y = Line(height, device).view(1, -1, 1).expand(depth, height, width);
            return stack([x, y, Line(depth, device).view(-1, 1, 1).expand(depth, height, width)], -1);
        }
    }
}
