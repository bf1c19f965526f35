// Building blocks of LivePortrait's networks (Guo et al., 2024, after Face-vid2vid, Wang et al., CVPR 2021), under their
// published names.

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>Convolution, batch norm, ReLU or leaky ReLU, and a pooling by 2 where asked. Keys: <c>conv</c>, <c>norm</c>.</summary>
internal sealed class Block2d : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d norm;
    private readonly bool pool;
    private readonly double slope;

    internal Block2d(int from, int to, bool pool = false, double slope = 0) : base(nameof(Block2d))
    {
        this.pool = pool;
        this.slope = slope;
        conv = nn.Conv2d(from, to, 3, padding: 1);
        norm = nn.BatchNorm2d(to);
        RegisterComponents();
    }

    internal (Conv2d Conv, BatchNorm2d Norm) Parts => (conv, norm);

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = norm.call(conv.call(x));
        y = slope == 0 ? nn.functional.relu(y) : nn.functional.leaky_relu(y, slope);
        return (pool ? nn.functional.avg_pool2d(y, 2) : y).MoveToOuterDisposeScope();
    }
}

/// <summary>3D convolution, batch norm, ReLU; before it height and width doubled, or after it halved. Keys: <c>conv</c>, <c>norm</c>.</summary>
internal sealed class Block3d : nn.Module<Tensor, Tensor>
{
    private readonly Conv3d conv;
    private readonly BatchNorm3d norm;
    private readonly bool up;

    internal Block3d(int from, int to, bool up) : base(nameof(Block3d))
    {
        this.up = up;
        conv = nn.Conv3d(from, to, 3, padding: 1);
        norm = nn.BatchNorm3d(to);
        RegisterComponents();
    }

    internal Conv3d Conv => conv;

    internal BatchNorm3d Norm => norm;

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var input = up ? nn.functional.interpolate(x, scale_factor: [1, 2, 2]) : x;
        var y = nn.functional.relu(norm.call(conv.call(input)));
        return (up ? y : nn.functional.avg_pool3d(y, [1, 2, 2])).MoveToOuterDisposeScope();
    }
}

/// <summary>x + conv(relu(norm(conv(relu(norm(x)))))) in 3D. Keys: <c>conv1</c>, <c>conv2</c>, <c>norm1</c>, <c>norm2</c>.</summary>
internal sealed class Residual3d : nn.Module<Tensor, Tensor>
{
    private readonly Conv3d conv1;
    private readonly Conv3d conv2;
    private readonly BatchNorm3d norm1;
    private readonly BatchNorm3d norm2;

    internal Residual3d(int channels) : base(nameof(Residual3d))
    {
        conv1 = nn.Conv3d(channels, channels, 3, padding: 1);
        conv2 = nn.Conv3d(channels, channels, 3, padding: 1);
        norm1 = nn.BatchNorm3d(channels);
        norm2 = nn.BatchNorm3d(channels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = conv1.call(nn.functional.relu(norm1.call(x)));
        return (conv2.call(nn.functional.relu(norm2.call(y))) + x).MoveToOuterDisposeScope();
    }
}

/// <summary>Five blocks down, five up, each with what was seen at its size on the way down. Keys: <c>encoder.down_blocks</c>, <c>decoder</c>.</summary>
internal sealed class Hourglass : nn.Module<Tensor, Tensor>
{
    private readonly Down encoder;
    private readonly Up decoder;

    internal Hourglass(int from, int width, int blocks, int most) : base(nameof(Hourglass))
    {
        encoder = new Down(from, width, blocks, most);
        decoder = new Up(from, width, blocks, most);
        Channels = from + width;
        RegisterComponents();
    }

    internal int Channels { get; }

    /// <summary>The blocks downwards, those upwards, and the convolution and norm at the end.</summary>
    internal (Block3d[] Down, Block3d[] Up, Conv3d Conv, BatchNorm3d Norm) Parts => ([.. encoder.Blocks], [.. decoder.Blocks], decoder.Conv, decoder.Norm);

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return decoder.Run(encoder.Run(x)).MoveToOuterDisposeScope();
    }

    private static int Width(int width, int level, int most) => Math.Min(most, width << level);

    private sealed class Down : nn.Module
    {
        private readonly ModuleList<Block3d> down_blocks;

        internal Down(int from, int width, int blocks, int most) : base(nameof(Down))
        {
            down_blocks = new ModuleList<Block3d>([.. Enumerable.Range(0, blocks).Select(i =>
                new Block3d(i == 0 ? from : Width(width, i, most), Width(width, i + 1, most), up: false))]);
            RegisterComponents();
        }

        internal IEnumerable<Block3d> Blocks => down_blocks;

        internal Stack<Tensor> Run(Tensor x)
        {
            var seen = new Stack<Tensor>([x]);
            foreach (var block in down_blocks)
            {
                seen.Push(block.call(seen.Peek()));
            }
            return seen;
        }
    }

    private sealed class Up : nn.Module
    {
        private readonly ModuleList<Block3d> up_blocks;
        private readonly Conv3d conv;
        private readonly BatchNorm3d norm;

        internal Up(int from, int width, int blocks, int most) : base(nameof(Up))
        {
            up_blocks = new ModuleList<Block3d>([.. Enumerable.Range(0, blocks).Reverse().Select(i =>
                new Block3d((i == blocks - 1 ? 1 : 2) * Width(width, i + 1, most), Width(width, i, most), up: true))]);
            conv = nn.Conv3d(from + width, from + width, 3, padding: 1);
            norm = nn.BatchNorm3d(from + width);
            RegisterComponents();
        }

        internal IEnumerable<Block3d> Blocks => up_blocks;

        internal Conv3d Conv => conv;

        internal BatchNorm3d Norm => norm;

        internal Tensor Run(Stack<Tensor> seen)
        {
            var y = seen.Pop();
            foreach (var block in up_blocks)
            {
                y = cat([block.call(y), seen.Pop()], 1);
            }
            return nn.functional.relu(norm.call(conv.call(y)));
        }
    }
}

/// <summary>
/// A convolution whose weight is divided by an estimate of its largest singular value, u^T W v (Miyato et al., ICLR 2018), with
/// the stored u and v, as in evaluation. Keys: <c>weight_orig</c>, <c>weight_u</c>, <c>weight_v</c>, <c>bias</c>.
/// </summary>
internal sealed class SpectralConvolution : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight_orig;
    private readonly Parameter? bias;
    private readonly Tensor weight_u;
    private readonly Tensor weight_v;

    internal SpectralConvolution(int from, int to, int kernel, bool bias = true) : base(nameof(SpectralConvolution))
    {
        weight_orig = new Parameter(zeros(to, from, kernel, kernel));
        this.bias = bias ? new Parameter(zeros(to)) : null;
        weight_u = full(to, 1 / Math.Sqrt(to));
        weight_v = full(from * kernel * kernel, 1 / Math.Sqrt(from * kernel * kernel));
        RegisterComponents();
        this.OutliveScopes();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var around = weight_orig.shape[2] / 2;
        return nn.functional.conv2d(x, Normalised(), bias, padding: [around, around]).MoveToOuterDisposeScope();
    }

    internal Tensor? Bias => bias;

    /// <summary>The weight that is convolved with.</summary>
    internal Tensor Normalised()
    {
        using var scope = NewDisposeScope();
        // By elements, which autocast leaves in float32.
        var norm = ((weight_orig.flatten(1) * weight_v).sum(1) * weight_u).sum();
        return (weight_orig / norm).MoveToOuterDisposeScope();
    }
}
