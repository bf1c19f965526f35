// Modules that rearrange, resize or compare.

using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

public sealed class Identity : ParameterLessModule<Tensor, Tensor>
{
    internal Identity() : base(nameof(Identity)) { }

    public override Tensor forward(Tensor tensor) => tensor.alias();
}

public sealed class Flatten : ParameterLessModule<Tensor, Tensor>
{
    internal Flatten(long start_dim, long end_dim) : base(nameof(Flatten))
    {
        this.start_dim = start_dim;
        this.end_dim = end_dim;
    }

    public long start_dim { get; set; }
    public long end_dim { get; set; }

    public override Tensor forward(Tensor input) => Aten.flatten_using_ints.Call(input, start_dim, end_dim);
}

public sealed class Unflatten : ParameterLessModule<Tensor, Tensor>
{
    internal Unflatten(long dim, long[] unflattened_size) : base(nameof(Unflatten))
    {
        this.dim = dim;
        this.unflattened_size = unflattened_size;
    }

    public long dim { get; set; }
    public long[] unflattened_size { get; set; }

    public override Tensor forward(Tensor tensor) => Aten.unflatten_int.Call(tensor, dim, unflattened_size);
}

public sealed class PixelShuffle : ParameterLessModule<Tensor, Tensor>
{
    internal PixelShuffle(long upscale_factor) : base(nameof(PixelShuffle)) => this.upscale_factor = upscale_factor;

    public long upscale_factor { get; set; }

    public override Tensor forward(Tensor input) => F.pixel_shuffle(input, upscale_factor);
}

public sealed class PixelUnshuffle : ParameterLessModule<Tensor, Tensor>
{
    internal PixelUnshuffle(long downscale_factor) : base(nameof(PixelUnshuffle)) => this.downscale_factor = downscale_factor;

    public long downscale_factor { get; set; }

    public override Tensor forward(Tensor input) => F.pixel_unshuffle(input, downscale_factor);
}

public sealed class ChannelShuffle : ParameterLessModule<Tensor, Tensor>
{
    internal ChannelShuffle(long groups) : base(nameof(ChannelShuffle)) => this.groups = groups;

    public long groups { get; set; }

    public override string GetName() => nameof(ChannelShuffle);

    /// <summary>(N, g c, ...) as (N, g, c, ...) with g and c exchanged. ATen's own operator has no gradient in libtorch 1.13.</summary>
    public override Tensor forward(Tensor tensor)
    {
        var shape = tensor.shape;
        using var grouped = Aten.reshape.Call(tensor, (long[])[shape[0], groups, shape[1] / groups, .. shape[2..]]);
        using var exchanged = Aten.transpose_int.Call(grouped, 1, 2);
        return Aten.reshape.Call(exchanged, shape);
    }
}

public sealed class Unfold : ParameterLessModule<Tensor, Tensor>
{
    internal Unfold((long, long) kernel_size, (long, long) dilation, (long, long) padding, (long, long) stride) : base(nameof(Unfold))
    {
        this.kernel_size = kernel_size;
        this.dilation = dilation;
        this.padding = padding;
        this.stride = stride;
    }

    public (long, long) kernel_size { get; set; }
    public (long, long) dilation { get; set; }
    public (long, long) padding { get; set; }
    public (long, long) stride { get; set; }

    public override Tensor forward(Tensor tensor) => F.unfold(tensor, kernel_size, dilation, padding, stride);
}

public sealed class Fold : ParameterLessModule<Tensor, Tensor>
{
    internal Fold((long, long) output_size, (long, long) kernel_size, (long, long) dilation, (long, long) padding, (long, long) stride) : base(nameof(Fold))
    {
        this.output_size = output_size;
        this.kernel_size = kernel_size;
        this.dilation = dilation;
        this.padding = padding;
        this.stride = stride;
    }

    public (long, long) output_size { get; set; }
    public (long, long) kernel_size { get; set; }
    public (long, long) dilation { get; set; }
    public (long, long) padding { get; set; }
    public (long, long) stride { get; set; }

    public override Tensor forward(Tensor tensor) => F.fold(tensor, output_size, kernel_size, dilation, padding, stride);
}

public sealed class LocalResponseNorm : ParameterLessModule<Tensor, Tensor>
{
    internal LocalResponseNorm(long size, double alpha, double beta, double k) : base(nameof(LocalResponseNorm))
    {
        this.size = size;
        this.alpha = alpha;
        this.beta = beta;
        this.k = k;
    }

    public long size { get; set; }
    public double alpha { get; set; }
    public double beta { get; set; }
    public double k { get; set; }

    public override Tensor forward(Tensor input) => F.local_response_norm(input, size, alpha, beta, k);
}

public sealed class Upsample : ParameterLessModule<Tensor, Tensor>
{
    private readonly long[]? sizes;
    private readonly double[]? factors;

    internal Upsample(long[]? size, double[]? scale_factor, UpsampleMode mode, bool? align_corners, bool? recompute_scale_factor) : base(nameof(Upsample))
    {
        sizes = size;
        factors = scale_factor;
        this.mode = mode;
        this.align_corners = align_corners;
        this.recompute_scale_factor = recompute_scale_factor;
    }

    public UpsampleMode mode { get; }
    public bool? align_corners { get; }
    public bool? recompute_scale_factor { get; set; }
    public ReadOnlySpan<double> scale_factor => factors;
    public ReadOnlySpan<long> size => sizes;

    public override Tensor forward(Tensor input) =>
        F.interpolate(input, sizes, factors, (InterpolationMode)(int)mode, align_corners, recompute_scale_factor ?? false);
}

public sealed class CosineSimilarity : ParameterLessModule<Tensor, Tensor, Tensor>
{
    internal CosineSimilarity(long dim, double eps) : base(nameof(CosineSimilarity))
    {
        this.dim = dim;
        this.eps = eps;
    }

    public long dim { get; set; }
    public double eps { get; set; }

    public override Tensor forward(Tensor input1, Tensor input2) => F.cosine_similarity(input1, input2, dim, eps);
}

public sealed class PairwiseDistance : ParameterLessModule<Tensor, Tensor, Tensor>
{
    internal PairwiseDistance(double norm, double eps, bool keepdim) : base(nameof(PairwiseDistance))
    {
        this.norm = norm;
        this.eps = eps;
        this.keepdim = keepdim;
    }

    public double norm { get; set; }
    public double eps { get; set; }
    public bool keepdim { get; set; }

    public override Tensor forward(Tensor input1, Tensor input2) => F.pairwise_distance(input1, input2, norm, eps, keepdim);
}
