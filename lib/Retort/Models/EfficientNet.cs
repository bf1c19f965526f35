// EfficientNet (Tan and Le 2019) as efficientnet_pytorch 0.7.1 builds it, from its shapes: inverted residual blocks with
// depthwise convolutions and squeeze-and-excitation gates. The published code works "same" padding out for a fixed image.

using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Images (B, 1, H, W) to feature maps (B, C, H', W') with W' = W / stride, rounded by the padding. Keys of its state are the published
/// ones: <c>_conv_stem</c>, <c>_bn0</c>, <c>_blocks.i</c>, <c>_conv_head</c>, <c>_bn1</c>.
/// </summary>
public sealed class EfficientNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _conv_stem;
    private readonly BatchNorm2d _bn0;
    private readonly ModuleList<Block> _blocks;
    private readonly Conv2d _conv_head;
    private readonly BatchNorm2d _bn1;
    private readonly NormedConvolution stem;
    private readonly NormedConvolution head;

    /// <summary>A network with fresh weights: PyTorch's start of convolutions, norms at 1 and 0.</summary>
    /// <param name="settings">its settings; null for B2's</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="generator">what drop-connect draws from; null for one of its own</param>
    /// <exception cref="ArgumentException">The settings are not possible.</exception>
    public EfficientNet(EfficientNetSettings? settings = null, long seed = 0, Generator? generator = null) : base(nameof(EfficientNet))
    {
        Settings = settings ?? new EfficientNetSettings();
        Settings.Check();
        generator ??= new Generator((ulong)seed);
        var side = Settings.NominalSide;
        _conv_stem = nn.Conv2d(1, Settings.Stem, 3, stride: 2, bias: false);
        _bn0 = Norm(Settings, Settings.Stem);
        stem = new NormedConvolution(_conv_stem, _bn0, 3, 2, ref side, 1);
        var blocks = new List<Block>();
        var count = Settings.Stages.Sum(s => s.Repeats);
        var channels = Settings.Stem;
        foreach (var stage in Settings.Stages)
        {
            for (var i = 0; i < stage.Repeats; i++)
            {
                var drop = Settings.DropConnect * blocks.Count / count;
                blocks.Add(new Block(Settings, stage with { Stride = i == 0 ? stage.Stride : 1 }, channels, ref side, drop, generator));
                channels = stage.Channels;
            }
        }
        _blocks = new ModuleList<Block>([.. blocks]);
        _conv_head = nn.Conv2d(channels, Settings.Head, 1, bias: false);
        _bn1 = Norm(Settings, Settings.Head);
        head = new NormedConvolution(_conv_head, _bn1, 1, 1, ref side, 1);
        RegisterComponents();
        // A bias starts within the bound of its convolution's weights: by the channels that come in.
        var inputs = named_parameters().Where(p => p.parameter.dim() == 4).ToDictionary(p => p.name, p => p.parameter.numel() / p.parameter.shape[0]);
        FreshWeights.Fill(this, seed, "efficientnet", (name, shape, draw) =>
            inputs.TryGetValue(name.Replace(".bias", ".weight"), out var fan) ? FreshWeights.Uniform(draw, fan) : null);
        this.OutliveScopes();
    }

    /// <summary>The settings.</summary>
    public EfficientNetSettings Settings { get; }

    /// <summary>Columns of the map of an image with so many.</summary>
    public long Columns(long columns) => Parts().Aggregate(columns, (width, part) => part.Columns(width));

    /// <summary>Multiply-adds of an image of so many rows and columns: convolutions and gates, without norms and activations.</summary>
    public long MultiplyAdds(long rows, long columns)
    {
        var total = stem.MultiplyAdds(ref rows, ref columns);
        foreach (var block in _blocks)
        {
            total += block.MultiplyAdds(ref rows, ref columns);
        }
        return total + head.MultiplyAdds(ref rows, ref columns);
    }

    /// <summary>(B, 1, H, W) to (B, C, H', W').</summary>
    public override Tensor forward(Tensor image) => Run(image, null);

    /// <summary>As <see cref="forward"/>; the maps after the stem, before each later halving of the resolution and at the end are given to a reader.</summary>
    internal Tensor Run(Tensor image, Action<Tensor>? map)
    {
        using var scope = NewDisposeScope();
        var x = stem.Run(image, silu: true);
        map?.Invoke(x);
        foreach (var block in _blocks)
        {
            if (block.Halves)
            {
                map?.Invoke(x);
            }
            x = block.call(x);
        }
        map?.Invoke(x);
        return head.Run(x, silu: true).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Multiplies the batch norms' running statistics into the convolutions, for inference: outputs change by rounding only. Used
    /// outside training and gradients until the next <see cref="Unfold"/>; weights that change after it are not seen.
    /// </summary>
    public void Fold()
    {
        foreach (var part in Parts())
        {
            part.Fold(Settings.Epsilon);
        }
    }

    /// <summary>Takes <see cref="Fold"/> back.</summary>
    public void Unfold()
    {
        foreach (var part in Parts())
        {
            part.Unfold();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Unfold();
        }
        base.Dispose(disposing);
    }

    private IEnumerable<NormedConvolution> Parts() => [stem, head, .. _blocks.SelectMany(b => b.Parts)];

    private static BatchNorm2d Norm(EfficientNetSettings settings, int channels) => nn.BatchNorm2d(channels, settings.Epsilon, settings.Momentum);

    /// <summary>A convolution with its batch norm and static padding; no module, so that the keys stay flat.</summary>
    private sealed class NormedConvolution
    {
        private readonly Conv2d convolution;
        private readonly BatchNorm2d norm;
        private readonly (int Before, int After) padding;
        private readonly int kernel;
        private readonly int stride;
        private readonly int groups;
        private Tensor? weight;
        private Tensor? bias;

        internal NormedConvolution(Conv2d convolution, BatchNorm2d norm, int kernel, int stride, ref int side, int groups)
        {
            this.convolution = convolution;
            this.norm = norm;
            this.kernel = kernel;
            this.stride = stride;
            this.groups = groups;
            var smaller = (side + stride - 1) / stride;
            var total = Math.Max((smaller - 1) * stride + kernel - side, 0);
            padding = (total / 2, total - total / 2);
            side = smaller;
        }

        internal long Columns(long columns) => (columns + padding.Before + padding.After - kernel) / stride + 1;

        internal long MultiplyAdds(ref long rows, ref long columns)
        {
            (rows, columns) = (Columns(rows), Columns(columns));
            return rows * columns * convolution.weight!.numel();
        }

        // The convolution, its norm and, if asked for, SiLU.
        internal Tensor Run(Tensor x, bool silu)
        {
            var (now, added) = weight is not null && !convolution.training && !is_grad_enabled() ? (weight, bias) : (convolution.weight!, null);
            if (groups > 1 && Fused.Depthwise(x, now, stride, padding.Before, padding.After, added, silu && added is not null) is { } planes)
            {
                return added is not null ? planes : Normed(planes, silu);
            }
            var even = padding.Before == padding.After ? padding.Before : 0;
            if (padding.Before != padding.After)
            {
                x = nn.functional.pad(x, (padding.Before, padding.After, padding.Before, padding.After));
            }
            if (added is null)
            {
                return Normed(nn.functional.conv2d(x, now, null, [stride, stride], [even, even], groups: groups), silu);
            }
            var products = (kernel == 1 ? Fused.Pointwise(x, now, silu ? null : added) : null)
                ?? nn.functional.conv2d(x, now, silu ? null : added, [stride, stride], [even, even], groups: groups);
            if (!silu)
            {
                return products;
            }
            return Fused.BiasSilu_(products, added) ?? nn.functional.silu(products + added.view(-1, 1, 1));
        }

        // W (g x) as (W g) x of each sample, where that has fewer numbers to multiply: at inference, in the early blocks, whose maps are large and weights few.
        internal Tensor? Gated(Tensor x, Tensor gate)
        {
            if (weight is null || convolution.training || is_grad_enabled() || x.shape[2] * x.shape[3] < 2 * weight.shape[0])
            {
                return null;
            }
            var parts = Enumerable.Range(0, (int)x.shape[0]).Select(b =>
            {
                var gated = weight * gate.select(0, b).view(1, -1, 1, 1);
                return Fused.Pointwise(x.narrow(0, b, 1), gated, bias) ?? nn.functional.conv2d(x.narrow(0, b, 1), gated, bias);
            }).ToArray();
            return parts.Length == 1 ? parts[0] : cat(parts);
        }

        private Tensor Normed(Tensor x, bool silu)
        {
            if (norm.training && Fused.BatchNorm(x, norm.weight!, norm.bias!, norm.running_mean!, norm.running_var!, norm.momentum!.Value, norm.eps, silu) is { } y)
            {
                using var none = no_grad();
                norm.num_batches_tracked!.add_(1);
                return y;
            }
            return silu ? nn.functional.silu(norm.call(x)) : norm.call(x);
        }

        internal void Fold(double epsilon)
        {
            Unfold();
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var factor = norm.weight! / (norm.running_var! + epsilon).sqrt();
            weight = (convolution.weight! * factor.view(-1, 1, 1, 1)).DetachFromDisposeScope();
            bias = (norm.bias! - norm.running_mean! * factor).DetachFromDisposeScope();
        }

        internal void Unfold()
        {
            weight?.Dispose();
            bias?.Dispose();
            (weight, bias) = (null, null);
        }
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d? _expand_conv;
        private readonly BatchNorm2d? _bn0;
        private readonly Conv2d _depthwise_conv;
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _se_reduce;
        private readonly Conv2d _se_expand;
        private readonly Conv2d _project_conv;
        private readonly BatchNorm2d _bn2;
        private readonly NormedConvolution? expand;
        private readonly NormedConvolution depthwise;
        private readonly NormedConvolution project;
        private readonly Generator generator;
        private readonly double drop;
        private readonly bool residual;

        internal Block(EfficientNetSettings settings, EfficientNetStage stage, int channels, ref int side, double drop, Generator generator) : base(nameof(Block))
        {
            this.generator = generator;
            this.drop = drop;
            residual = stage.Stride == 1 && stage.Channels == channels;
            Halves = stage.Stride == 2;
            var inner = channels * stage.Expand;
            if (stage.Expand > 1)
            {
                _expand_conv = nn.Conv2d(channels, inner, 1, bias: false);
                _bn0 = Norm(settings, inner);
                expand = new NormedConvolution(_expand_conv, _bn0, 1, 1, ref side, 1);
            }
            _depthwise_conv = nn.Conv2d(inner, inner, stage.Kernel, stride: stage.Stride, groups: inner, bias: false);
            _bn1 = Norm(settings, inner);
            depthwise = new NormedConvolution(_depthwise_conv, _bn1, stage.Kernel, stage.Stride, ref side, inner);
            var gate = Math.Max(1, (int)(channels * settings.GateRatio));
            _se_reduce = nn.Conv2d(inner, gate, 1);
            _se_expand = nn.Conv2d(gate, inner, 1);
            _project_conv = nn.Conv2d(inner, stage.Channels, 1, bias: false);
            _bn2 = Norm(settings, stage.Channels);
            project = new NormedConvolution(_project_conv, _bn2, 1, 1, ref side, 1);
            RegisterComponents();
        }

        internal bool Halves { get; }

        internal long MultiplyAdds(ref long rows, ref long columns)
        {
            var total = _se_reduce.weight!.numel() + _se_expand.weight!.numel();
            foreach (var part in Parts)
            {
                total += part.MultiplyAdds(ref rows, ref columns);
            }
            return total;
        }

        internal IEnumerable<NormedConvolution> Parts => expand is null ? [depthwise, project] : [expand, depthwise, project];

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var x = expand is null ? input : expand.Run(input, silu: true);
            x = depthwise.Run(x, silu: true);
            var gate = _se_expand.call(nn.functional.silu(_se_reduce.call(x.mean([2, 3], keepdim: true)))).sigmoid();
            x = project.Gated(x, gate) ?? project.Run(is_grad_enabled() ? x * gate : x.mul_(gate), silu: false);
            if (!residual)
            {
                return x.MoveToOuterDisposeScope();
            }
            if (training && drop > 0)
            {
                // Per sample: floor(keep + u) / keep.
                var keep = 1 - drop;
                var kept = (rand(x.shape[0], 1, 1, 1, generator: generator) + keep).floor() / keep;
                x = x * kept.to(x.device).to(x.dtype);
            }
            return (x + input).MoveToOuterDisposeScope();
        }
    }
}
