using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>
/// LivePortrait's G (55,365,388 parameters): warped features (B, 256, H, W) to pictures (B, 3, 8 H, 8 W) in 0..1, each block's norm
/// modulated by the features themselves (SPADE, Park et al., CVPR 2019).
/// </summary>
public sealed class SpadeDecoder : nn.Module<Tensor, Tensor>
{
    private const int Hidden = 128, Seen = 256;
    private readonly Conv2d fc;
    private readonly Block G_middle_0, G_middle_1, G_middle_2, G_middle_3, G_middle_4, G_middle_5, up_0, up_1;
    private readonly Sequential conv_img;

    /// <summary>A network whose weights are to be loaded.</summary>
    public SpadeDecoder() : base(nameof(SpadeDecoder))
    {
        fc = nn.Conv2d(Seen, 512, 3, padding: 1);
        G_middle_0 = new Block(512, 512);
        G_middle_1 = new Block(512, 512);
        G_middle_2 = new Block(512, 512);
        G_middle_3 = new Block(512, 512);
        G_middle_4 = new Block(512, 512);
        G_middle_5 = new Block(512, 512);
        up_0 = new Block(512, 256);
        up_1 = new Block(256, 64);
        conv_img = nn.Sequential(nn.Conv2d(64, 12, 3, padding: 1), nn.PixelShuffle(2));
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The decoder for many frames, without gradients, with its present weights.</summary>
    /// <param name="half">whether it computes in bfloat16; pictures then differ by a hundredth or so</param>
    public PreparedDecoder Prepare(bool half = false) => new(this, half ? ScalarType.BFloat16 : ScalarType.Float32);

    internal Conv2d First => fc;

    internal Conv2d Image => (Conv2d)conv_img[0];

    /// <summary>The blocks in order, how many times the features' size each works at, and whether it doubles what it is given.</summary>
    internal IEnumerable<(Block Block, int Scale, bool Doubles)> Blocks =>
        [.. new[] { G_middle_0, G_middle_1, G_middle_2, G_middle_3, G_middle_4, G_middle_5 }.Select(b => (b, 1, false)), (up_0, 2, true), (up_1, 4, true)];

    /// <summary>(B, 256, H, W) to (B, 3, 8 H, 8 W) in 0..1.</summary>
    public override Tensor forward(Tensor features)
    {
        using var scope = NewDisposeScope();
        var x = fc.call(features);
        foreach (var block in new[] { G_middle_0, G_middle_1, G_middle_2, G_middle_3, G_middle_4, G_middle_5 })
        {
            x = Next(block, x, features);
        }
        x = Next(up_0, nn.functional.interpolate(x, scale_factor: [2, 2]), features);
        x = Next(up_1, nn.functional.interpolate(x, scale_factor: [2, 2]), features);
        return conv_img.call(nn.functional.leaky_relu(x, 0.2)).sigmoid().MoveToOuterDisposeScope();

        // Pictures are large: what a block needed goes before the next.
        static Tensor Next(Block block, Tensor x, Tensor features)
        {
            var y = block.call(x, features);
            x.Dispose();
            return y;
        }
    }

    /// <summary>Two normed convolutions beside a shortcut, which is normed and projected where the widths differ.</summary>
    internal sealed class Block : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly SpectralConvolution conv_0;
        private readonly SpectralConvolution conv_1;
        private readonly SpectralConvolution? conv_s;
        private readonly Spade norm_0;
        private readonly Spade norm_1;
        private readonly Spade? norm_s;

        internal Block(int from, int to) : base(nameof(Block))
        {
            var middle = Math.Min(from, to);
            conv_0 = new SpectralConvolution(from, middle, 3);
            conv_1 = new SpectralConvolution(middle, to, 3);
            norm_0 = new Spade(from);
            norm_1 = new Spade(middle);
            if (from != to)
            {
                conv_s = new SpectralConvolution(from, to, 1, bias: false);
                norm_s = new Spade(from);
            }
            RegisterComponents();
        }

        internal SpectralConvolution First => conv_0;

        internal SpectralConvolution Second => conv_1;

        internal SpectralConvolution? Short => conv_s;

        internal Spade NormFirst => norm_0;

        internal Spade NormSecond => norm_1;

        internal Spade? NormShort => norm_s;

        public override Tensor forward(Tensor x, Tensor features)
        {
            using var scope = NewDisposeScope();
            var seen = features.shape[2] == x.shape[2] ? features : nn.functional.interpolate(features, [x.shape[2], x.shape[3]]);
            var y = conv_0.call(Active(norm_0, x));
            y = conv_1.call(Active(norm_1, y));
            return (y + (conv_s is null ? x : conv_s.call(norm_s!.call(x, seen)))).MoveToOuterDisposeScope();

            Tensor Active(Spade norm, Tensor input)
            {
                using var normed = norm.call(input, seen);
                return nn.functional.leaky_relu(normed, 0.2);
            }
        }
    }

    /// <summary>Instance norm times 1 + gamma plus beta, both convolutions of what is seen.</summary>
    internal sealed class Spade : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Sequential mlp_shared;
        private readonly Conv2d mlp_gamma;
        private readonly Conv2d mlp_beta;

        internal Spade(int width) : base(nameof(Spade))
        {
            mlp_shared = nn.Sequential(nn.Conv2d(Seen, Hidden, 3, padding: 1), nn.ReLU());
            mlp_gamma = nn.Conv2d(Hidden, width, 3, padding: 1);
            mlp_beta = nn.Conv2d(Hidden, width, 3, padding: 1);
            RegisterComponents();
        }

        internal Conv2d Shared => (Conv2d)mlp_shared[0];

        internal Conv2d Gamma => mlp_gamma;

        internal Conv2d Beta => mlp_beta;

        public override Tensor forward(Tensor x, Tensor seen)
        {
            using var scope = NewDisposeScope();
            var shared = mlp_shared.call(seen);
            var gamma = mlp_gamma.call(shared) + 1;
            return addcmul(mlp_beta.call(shared), nn.functional.instance_norm(x), gamma, 1).MoveToOuterDisposeScope();
        }
    }
}
