// LivePortrait's warping network for many frames of one face: same features as WarpingNetwork's. Batch norms are folded, convolutions over volumes are
// VolumeConvolution's and SpectralMask's. The 21 shifted copies of the small volume differ by shifts alone, so trilinear sampling is one product an axis, and
// their heat maps are products of three lines.

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>A warping network and a face made ready for inference (<see cref="WarpingNetwork.Prepare"/>); later changes of either do not reach it.</summary>
public sealed class PreparedWarping : IDisposable
{
    private const int Keypoints = WarpingNetwork.Keypoints, Small = WarpingNetwork.Compressed;
    private readonly List<Tensor> owned = [];
    private readonly Tensor features, small, source, heat;
    private readonly Tensor[] lines, places;
    private readonly Tensor third, thirdBias, fourth, fourthBias;
    private readonly VolumeConvolution[] downs, ups;
    private readonly VolumeConvolution last;
    private readonly SpectralMask mask;

    internal PreparedWarping(WarpingNetwork network, Tensor features, Tensor source)
    {
        if (features.shape is not [1, _, _, _, _] || source.shape is not [1, Keypoints, 3])
        {
            throw new ArgumentException($"features {string.Join(" x ", features.shape)} and keypoints {string.Join(" x ", source.shape)} are not one face's; expected 1 x 32 x D x H x W and 1 x {Keypoints} x 3");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var motion = network.Motion;
        var device = features.device;
        long depth = features.shape[2], height = features.shape[3], width = features.shape[4];
        this.features = Own(features.clone());
        this.source = Own(source.clone());
        // Coordinates from -1 to 1 along depth, height and width, and the same in places of the volume, as sampling takes them.
        lines = [.. new[] { depth, height, width }.Select(n => Own(WarpingNetwork.Line(n, device)))];
        places = [.. lines.Select(l => Own(arange(l.shape[0], dtype: float32, device: device)))];
        heat = Own(Heat(source));
        small = Own(nn.functional.relu(nn.functional.batch_norm(motion.Compress.call(features), motion.Norm.running_mean!, motion.Norm.running_var!, motion.Norm.weight, motion.Norm.bias))[0].permute(1, 2, 0, 3).contiguous());  // (D, H, 4, W)

        // Published: each keypoint's heat map and four channels together, the background's map (nothing) first. Here the maps, then the rest, without it.
        var order = tensor(Enumerable.Range(1, Keypoints).Select(k => (long)k * (Small + 1))
            .Concat(Enumerable.Range(0, Keypoints + 1).SelectMany(k => Enumerable.Range(1, Small).Select(c => (long)k * (Small + 1) + c))).ToArray()).to(device);
        var (falling, rising, end, norm) = motion.Hourglass.Parts;
        downs = [.. falling.Select((b, i) => new VolumeConvolution(Own, b.Conv, b.Norm, false, (height >> i, width >> i), i == 0 ? order : null))];
        ups = [.. rising.Select((b, i) => new VolumeConvolution(Own, b.Conv, b.Norm, true, (height >> (rising.Length - i), width >> (rising.Length - i))))];
        var risen = rising[^1].Conv.weight!.shape[0];
        var seen = cat([arange(risen, dtype: int64, device: device), order + risen], 0);
        last = new VolumeConvolution(Own, end, norm, false, (height, width), seen);
        mask = new SpectralMask(Own, motion.Mask, motion.Occlusion, arange(end.weight!.shape[0], dtype: int64, device: device));

        var (conv, after) = network.Third.Parts;
        var gain = after.weight! / (after.running_var! + 1e-5).sqrt();
        third = Own((conv.weight! * gain.view(-1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous());
        thirdBias = Own((conv.bias! - after.running_mean!) * gain + after.bias!);
        (fourth, fourthBias) = (Own(network.Fourth.weight!.flatten(1).t().contiguous()), Own(network.Fourth.bias!.clone()));
    }

    /// <summary>Warps the face to each of B driving poses.</summary>
    /// <param name="driving">keypoints (B, 21, 3) to move to</param>
    public Warped Warp(Tensor driving)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long batch = driving.shape[0], depth = lines[0].shape[0], height = lines[1].shape[0], width = lines[2].shape[0];
        var shift = nn.functional.pad(source - driving, [0, 0, 1, 0]);  // (B, 22, 3): x, y, z; the background stays
        var seen = Seen(driving, shift);
        var steps = new Stack<Tensor>([seen]);
        foreach (var down in downs)
        {
            var y = down.Of(steps.Peek());
            var pooled = nn.functional.avg_pool2d(y.flatten(0, 1).permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1).contiguous();
            steps.Push(pooled.view(batch, depth, pooled.shape[1], pooled.shape[2], pooled.shape[3]));
        }
        Tensor[] parts = [steps.Pop()];
        foreach (var up in ups)
        {
            parts = [up.Of(parts), steps.Pop()];
        }
        var (logits, hidden) = mask.Of(last.Of(parts));
        var weights = logits.softmax(-1);  // (B, D, H, W, 22)
        // The masks sum to 1: the flow is each place's own and the weighted shifts.
        var grid = stack([lines[2].view(1, 1, -1).expand(depth, height, width), lines[1].view(1, -1, 1).expand(depth, height, width), lines[0].view(-1, 1, 1).expand(depth, height, width)], -1);
        var deformation = matmul(weights.view(batch, -1, Keypoints + 1), shift).view(batch, depth, height, width, 3) + grid;
        var occlusion = hidden.sigmoid().unsqueeze(1);
        var warped = nn.functional.grid_sample(features.expand(batch, -1, -1, -1, -1), deformation, align_corners: false).flatten(1, 2);
        var x = nn.functional.conv2d(warped.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), third.permute(0, 3, 1, 2), thirdBias, padding: [1, 1]);
        x = nn.functional.leaky_relu(x, 0.01, inplace: true).permute(0, 2, 3, 1).reshape(batch * height * width, -1);
        var result = addmm(fourthBias, x, fourth, 1, 1).view(batch, height, width, -1).permute(0, 3, 1, 2) * occlusion;
        return new Warped(result.MoveToOuterDisposeScope(), occlusion.MoveToOuterDisposeScope(), deformation.MoveToOuterDisposeScope(), weights.permute(0, 4, 1, 2, 3).MoveToOuterDisposeScope());
    }

    /// <summary>Frees weights and face.</summary>
    public void Dispose()
    {
        foreach (var tensor in owned)
        {
            tensor.Dispose();
        }
    }

    private Tensor Own(Tensor x)
    {
        var kept = x.detach().DetachFromDisposeScope();
        owned.Add(kept);
        return kept;
    }

    // What the hourglass sees, (B, D, H, W, 21 + 22 * 4): differences of heat maps, and the small volume at each shift.
    private Tensor Seen(Tensor driving, Tensor shift)
    {
        using var scope = NewDisposeScope();
        long batch = driving.shape[0], depth = lines[0].shape[0], height = lines[1].shape[0], width = lines[2].shape[0], all = batch * (Keypoints + 1);
        // Linear sampling of n values at n shifted places: (B 22, n, n), at most two of a row's numbers not zero; nothing beyond the ends.
        Tensor Sampling(int axis)
        {
            var n = lines[axis].shape[0];
            var at = ((lines[axis] + shift.select(2, 2 - axis).reshape(-1, 1) + 1) * n - 1) / 2;
            return (1 - (at.unsqueeze(-1) - places[axis]).abs()).clamp_min(0);
        }
        var moved = matmul(Sampling(0).view(all * depth, depth), small.flatten(1)).view(all, depth * height * Small, width);
        moved = matmul(moved, Sampling(2).transpose(1, 2)).view(all, depth, height, Small * width);
        moved = matmul(Sampling(1).unsqueeze(1), moved).view(batch, Keypoints + 1, depth, height, Small, width);
        var seen = empty([batch, depth, height, width, Keypoints + (Keypoints + 1) * Small], device: driving.device);
        seen.narrow(4, 0, Keypoints).copy_(Heat(driving) - heat);
        seen.narrow(4, Keypoints, (Keypoints + 1) * Small).view(batch, depth, height, width, Keypoints + 1, Small).copy_(moved.permute(0, 2, 3, 5, 1, 4));
        return seen.MoveToOuterDisposeScope();
    }

    // (B, D, H, W, 21)
    private Tensor Heat(Tensor points)
    {
        using var scope = NewDisposeScope();
        Tensor Line(int axis) => ((lines[axis].view(1, -1, 1) - points.select(2, 2 - axis).unsqueeze(1)).square() * (-0.5 / 0.01)).exp();
        var plane = Line(0).unsqueeze(2) * Line(1).unsqueeze(1);
        return (plane.unsqueeze(3) * Line(2).unsqueeze(1).unsqueeze(1)).MoveToOuterDisposeScope();
    }
}
