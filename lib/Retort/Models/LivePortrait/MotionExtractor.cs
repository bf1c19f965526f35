using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>What the motion extractor reads from faces. All (B, ...).</summary>
/// <param name="Canonical">canonical keypoints (B, 21, 3): the face at rest, from the front</param>
/// <param name="Expression">deviation of each keypoint (B, 21, 3), after rotation</param>
/// <param name="Pitch">(B), degrees</param>
/// <param name="Yaw">(B), degrees</param>
/// <param name="Roll">(B), degrees</param>
/// <param name="Translation">(B, 3)</param>
/// <param name="Scale">(B)</param>
public sealed record FaceMotion(Tensor Canonical, Tensor Expression, Tensor Pitch, Tensor Yaw, Tensor Roll, Tensor Translation, Tensor Scale)
{
    /// <summary>The keypoints (B, 21, 3) in the picture.</summary>
    public Tensor Keypoints()
    {
        using var scope = NewDisposeScope();
        return KeypointTransform.Apply(Canonical, KeypointTransform.Rotation(Pitch, Yaw, Roll), Expression, Scale, Translation).MoveToOuterDisposeScope();
    }

    /// <summary>KDTalker's 70 numbers a face (B, 70): scale, yaw, pitch, roll, translation, expression.</summary>
    public Tensor Vector() => cat([stack([Scale, Yaw, Pitch, Roll], 1), Translation, Expression.flatten(1)], 1);
}

/// <summary>
/// LivePortrait's M (28,118,728 parameters): ConvNeXt V2 tiny (Woo et al., CVPR 2023) with seven heads on faces (B, 3, 256, 256) in
/// 0..1. All keys begin with <c>detector.</c>, as published.
/// </summary>
public sealed class MotionExtractor : nn.Module<Tensor, FaceMotion>
{
    private readonly Backbone detector;

    /// <summary>A network whose weights are to be loaded.</summary>
    public MotionExtractor() : base(nameof(MotionExtractor))
    {
        detector = new Backbone();
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The motion of faces (B, 3, H, W) in 0..1.</summary>
    public override FaceMotion forward(Tensor faces)
    {
        var outputs = Outputs(faces);
        using var scope = NewDisposeScope();
        Tensor Keep(Tensor t) => t.MoveToOuterDisposeScope();
        var motion = new FaceMotion(Keep(outputs["kp"].view(-1, 21, 3)), Keep(outputs["exp"].view(-1, 21, 3)),
            Keep(KeypointTransform.Degrees(outputs["pitch"])), Keep(KeypointTransform.Degrees(outputs["yaw"])), Keep(KeypointTransform.Degrees(outputs["roll"])),
            outputs["t"], Keep(outputs["scale"].view(-1)));
        return motion;
    }

    /// <summary>What each head gives, by its published name: kp and exp (B, 63), t (B, 3), scale (B, 1), and 66 logits an angle.</summary>
    public IReadOnlyDictionary<string, Tensor> Outputs(Tensor faces) => detector.Run(faces);

    private sealed class Backbone : nn.Module
    {
        private static readonly int[] widths = [96, 192, 384, 768], depths = [3, 3, 9, 3];
        private readonly ModuleList<Sequential> downsample_layers;
        private readonly ModuleList<Sequential> stages;
        private readonly LayerNorm norm;
        private readonly Linear fc_kp, fc_scale, fc_pitch, fc_yaw, fc_roll, fc_t, fc_exp;

        internal Backbone() : base(nameof(Backbone))
        {
            downsample_layers = new ModuleList<Sequential>([.. Enumerable.Range(0, 4).Select(i => i == 0
                ? nn.Sequential(nn.Conv2d(3, widths[0], 4, stride: 4), new ChannelsFirstNorm(widths[0]))
                : nn.Sequential(new ChannelsFirstNorm(widths[i - 1]), nn.Conv2d(widths[i - 1], widths[i], 2, stride: 2)))]);
            stages = new ModuleList<Sequential>([.. widths.Select((w, i) =>
                nn.Sequential([.. Enumerable.Range(0, depths[i]).Select(_ => (nn.Module<Tensor, Tensor>)new Block(w))]))]);
            norm = nn.LayerNorm(widths[^1], 1e-6);
            Linear Head(int outputs) => nn.Linear(widths[^1], outputs);
            (fc_kp, fc_scale, fc_pitch, fc_yaw, fc_roll, fc_t, fc_exp) = (Head(63), Head(1), Head(66), Head(66), Head(66), Head(3), Head(63));
            RegisterComponents();
        }

        internal Dictionary<string, Tensor> Run(Tensor x)
        {
            using var scope = NewDisposeScope();
            for (var i = 0; i < widths.Length; i++)
            {
                x = stages[i].call(downsample_layers[i].call(x));
            }
            var pooled = norm.call(x.mean([2, 3]));
            Tensor Of(Linear head) => head.call(pooled).MoveToOuterDisposeScope();
            return new Dictionary<string, Tensor>
            {
                ["kp"] = Of(fc_kp),
                ["scale"] = Of(fc_scale),
                ["pitch"] = Of(fc_pitch),
                ["yaw"] = Of(fc_yaw),
                ["roll"] = Of(fc_roll),
                ["t"] = Of(fc_t),
                ["exp"] = Of(fc_exp),
            };
        }
    }

    /// <summary>LayerNorm over the channels of (B, C, H, W).</summary>
    private sealed class ChannelsFirstNorm : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter weight;
        private readonly Parameter bias;

        internal ChannelsFirstNorm(int channels) : base(nameof(ChannelsFirstNorm))
        {
            weight = new Parameter(ones(channels));
            bias = new Parameter(zeros(channels));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return nn.functional.layer_norm(x.permute(0, 2, 3, 1), [x.shape[1]], weight, bias, 1e-6).permute(0, 3, 1, 2).contiguous().MoveToOuterDisposeScope();
        }
    }

    /// <summary>Depthwise 7x7, norm, four times as wide, GELU, response normalisation, and back.</summary>
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d dwconv;
        private readonly LayerNorm norm;
        private readonly Linear pwconv1;
        private readonly ResponseNorm grn;
        private readonly Linear pwconv2;

        internal Block(int width) : base(nameof(Block))
        {
            dwconv = nn.Conv2d(width, width, 7, padding: 3, groups: width);
            norm = nn.LayerNorm(width, 1e-6);
            pwconv1 = nn.Linear(width, 4 * width);
            grn = new ResponseNorm(4 * width);
            pwconv2 = nn.Linear(4 * width, width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = nn.functional.gelu(pwconv1.call(norm.call(dwconv.call(x).permute(0, 2, 3, 1))));
            return (x + pwconv2.call(grn.call(y)).permute(0, 3, 1, 2)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>gamma x N + beta + x, with N a channel's Euclidean norm over the picture divided by the channels' mean of it (plus 1e-6).</summary>
    private sealed class ResponseNorm : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "gamma")]
        private readonly Parameter gamma;
        [ComponentName(Name = "beta")]
        private readonly Parameter beta;

        internal ResponseNorm(int width) : base(nameof(ResponseNorm))
        {
            gamma = new Parameter(zeros(1, 1, 1, width));
            beta = new Parameter(zeros(1, 1, 1, width));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var size = x.square().sum([1, 2], keepdim: true).sqrt();
            var relative = size / (size.mean([-1], keepdim: true) + 1e-6);
            return (gamma * (x * relative) + beta + x).MoveToOuterDisposeScope();
        }
    }
}
