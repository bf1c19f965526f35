// Normalization by a batch's statistics, with running ones for evaluation; and by each instance's.

using static TorchSharp.torch;

namespace TorchSharp.Modules;

public abstract class NormBase : nn.Module<Tensor, Tensor>
{
    private Parameter? _weight;
    private Parameter? _bias;
    private Tensor? _running_mean;
    private Tensor? _running_var;
    private Tensor? _num_batches_tracked;

    public NormBase(long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name) : base(name)
    {
        this.num_features = num_features;
        this.eps = eps;
        this.momentum = momentum;
        this.affine = affine;
        this.track_running_stats = track_running_stats;
        if (affine)
        {
            weight = Fresh.Constant([num_features], 1, device, dtype);
            bias = Fresh.Constant([num_features], 0, device, dtype);
        }
        if (track_running_stats)
        {
            running_mean = zeros([num_features], dtype: dtype, device: device);
            running_var = ones([num_features], dtype: dtype, device: device);
            num_batches_tracked = zeros([], dtype: ScalarType.Int64, device: device);
        }
    }

    public long num_features { get; }
    public double eps { get; set; }
    public double? momentum { get; set; }
    public bool affine { get; }
    public bool track_running_stats { get; }

    public Parameter? weight
    {
        get => _weight;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public Parameter? bias
    {
        get => _bias;
        set => Fresh.Put(ref _bias, value, nameof(bias), ConditionallyRegisterParameter);
    }

    public Tensor? running_mean
    {
        get => _running_mean;
        set => Fresh.Put(ref _running_mean, value, nameof(running_mean), Keep);
    }

    public Tensor? running_var
    {
        get => _running_var;
        set => Fresh.Put(ref _running_var, value, nameof(running_var), Keep);
    }

    public Tensor? num_batches_tracked
    {
        get => _num_batches_tracked;
        set => Fresh.Put(ref _num_batches_tracked, value, nameof(num_batches_tracked), Keep);
    }

    private void Keep(string name, Tensor value) => ConditionallyRegisterBuffer(name, value);

    public void reset_running_stats()
    {
        using var guard = no_grad();
        if (_running_mean is not null)
        {
            Aten.fill_Scalar_.Run(_running_mean, 0);
            Aten.fill_Scalar_.Run(_running_var, 1);
            Aten.fill_Scalar_.Run(_num_batches_tracked, 0);
        }
    }

    public void reset_parameters()
    {
        reset_running_stats();
        using var guard = no_grad();
        if (_weight is not null)
        {
            Aten.fill_Scalar_.Run(_weight, 1);
            Aten.fill_Scalar_.Run(_bias, 0);
        }
    }

    protected abstract void ValidateInputDimensions(Tensor input);

    private protected static void Expect(Tensor input, int least, int most, string module)
    {
        var axes = input.dim();
        if (axes < least || axes > most)
        {
            throw new ArgumentException($"{module} takes {least}{(most > least ? $" or {most}" : "")} axes, the input has {axes}", nameof(input));
        }
    }
}

public abstract class BatchNorm : NormBase
{
    public BatchNorm(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name) { }

    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        var factor = momentum ?? 0;
        if (training && num_batches_tracked is { } count)
        {
            using (no_grad())
            {
                Aten.add_Scalar_.Run(count, 1);
            }
            factor = momentum ?? 1.0 / count.item<long>(); // no momentum: a plain average over all batches
        }
        // Running statistics are given only where they are used: to update them, or to normalize by them.
        var given = !training || track_running_stats;
        return Aten.batch_norm.Call(input, weight, bias, given ? running_mean : null, given ? running_var : null,
            training || running_mean is null, factor, eps, true);
    }
}

public sealed class BatchNorm1d : BatchNorm
{
    internal BatchNorm1d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm1d)) { }

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 2, 3, nameof(BatchNorm1d));
}

public sealed class BatchNorm2d : BatchNorm
{
    internal BatchNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm2d)) { }

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 4, 4, nameof(BatchNorm2d));
}

public sealed class BatchNorm3d : BatchNorm
{
    internal BatchNorm3d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(BatchNorm3d)) { }

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 5, 5, nameof(BatchNorm3d));
}

public abstract class InstanceNorm : NormBase
{
    public InstanceNorm(long num_features, double eps, double? momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name) { }

    /// <summary>How many axes an input with a batch axis has.</summary>
    protected abstract long GetNumberOfBatchDimensions();

    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        if (input.dim() == GetNumberOfBatchDimensions())
        {
            return Normalized(input);
        }
        using var batch = Aten.unsqueeze.Call(input, 0);
        using var output = Normalized(batch);
        return Aten.squeeze_dim.Call(output, 0);
    }

    private Tensor Normalized(Tensor input) => Aten.instance_norm.Call(input, weight, bias, running_mean, running_var,
        training || !track_running_stats, momentum ?? 0, eps, true);
}

public sealed class InstanceNorm1d : InstanceNorm
{
    internal InstanceNorm1d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm1d)) { }

    protected override long GetNumberOfBatchDimensions() => 3;

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 2, 3, nameof(InstanceNorm1d));
}

public sealed class InstanceNorm2d : InstanceNorm
{
    internal InstanceNorm2d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm2d)) { }

    protected override long GetNumberOfBatchDimensions() => 4;

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 3, 4, nameof(InstanceNorm2d));
}

public sealed class InstanceNorm3d : InstanceNorm
{
    internal InstanceNorm3d(long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, nameof(InstanceNorm3d)) { }

    protected override long GetNumberOfBatchDimensions() => 5;

    protected override void ValidateInputDimensions(Tensor input) => Expect(input, 4, 5, nameof(InstanceNorm3d));
}
