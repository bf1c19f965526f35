// Activations. Their formulas stand with PyTorch's functions of the same names.

using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

public sealed class ReLU : ParameterLessModule<Tensor, Tensor>
{
    internal ReLU(bool inplace) : base(nameof(ReLU)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.relu(tensor, inplace);
}

public sealed class ReLU6 : ParameterLessModule<Tensor, Tensor>
{
    internal ReLU6(bool inplace) : base(nameof(ReLU6)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.relu6(tensor, inplace);
}

public sealed class SiLU : ParameterLessModule<Tensor, Tensor>
{
    internal SiLU(bool inplace) : base(nameof(SiLU)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override string GetName() => nameof(SiLU);

    public override Tensor forward(Tensor tensor) => F.silu(tensor, inplace);
}

public sealed class Mish : ParameterLessModule<Tensor, Tensor>
{
    internal Mish(bool inplace) : base(nameof(Mish)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.mish(tensor, inplace);
}

public sealed class Hardswish : ParameterLessModule<Tensor, Tensor>
{
    internal Hardswish(bool inplace) : base(nameof(Hardswish)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.hardswish(tensor, inplace);
}

public sealed class Hardsigmoid : ParameterLessModule<Tensor, Tensor>
{
    internal Hardsigmoid(bool inplace) : base(nameof(Hardsigmoid)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.hardsigmoid(tensor, inplace);
}

public sealed class Sigmoid : ParameterLessModule<Tensor, Tensor>
{
    internal Sigmoid(bool inplace) : base(nameof(Sigmoid)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.sigmoid(tensor, inplace);
}

public sealed class Tanh : ParameterLessModule<Tensor, Tensor>
{
    internal Tanh(bool inplace) : base(nameof(Tanh)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override string GetName() => nameof(Tanh);

    public override Tensor forward(Tensor tensor) => F.tanh(tensor, inplace);
}

public sealed class Tanhshrink : ParameterLessModule<Tensor, Tensor>
{
    internal Tanhshrink(bool inplace) : base(nameof(Tanhshrink)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.tanhshrink(tensor, inplace);
}

public sealed class Softsign : ParameterLessModule<Tensor, Tensor>
{
    internal Softsign(bool inplace) : base(nameof(Softsign)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.softsign(tensor, inplace);
}

public sealed class SELU : ParameterLessModule<Tensor, Tensor>
{
    internal SELU(bool inplace) : base(nameof(SELU)) => this.inplace = inplace;

    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.selu(tensor, inplace);
}

public sealed class ELU : ParameterLessModule<Tensor, Tensor>
{
    internal ELU(double alpha, bool inplace) : base(nameof(ELU))
    {
        this.alpha = alpha;
        this.inplace = inplace;
    }

    public double alpha { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.elu(tensor, alpha, inplace);
}

public sealed class CELU : ParameterLessModule<Tensor, Tensor>
{
    internal CELU(double alpha, bool inplace) : base(nameof(CELU))
    {
        this.alpha = alpha;
        this.inplace = inplace;
    }

    public double alpha { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.celu(tensor, alpha, inplace);
}

public sealed class LeakyReLU : ParameterLessModule<Tensor, Tensor>
{
    internal LeakyReLU(double negative_slope, bool inplace) : base(nameof(LeakyReLU))
    {
        this.negative_slope = negative_slope;
        this.inplace = inplace;
    }

    public double negative_slope { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.leaky_relu(tensor, negative_slope, inplace);
}

public sealed class RReLU : ParameterLessModule<Tensor, Tensor>
{
    internal RReLU(double lower, double upper, bool inplace) : base(nameof(RReLU))
    {
        this.lower = lower;
        this.upper = upper;
        this.inplace = inplace;
    }

    public double lower { get; set; }
    public double upper { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.rrelu(tensor, lower, upper, inplace);
}

public sealed class Hardtanh : ParameterLessModule<Tensor, Tensor>
{
    internal Hardtanh(double min_val, double max_val, bool inplace) : base(nameof(Hardtanh))
    {
        this.min_val = min_val;
        this.max_val = max_val;
        this.inplace = inplace;
    }

    public double min_val { get; set; }
    public double max_val { get; set; }
    public bool inplace { get; set; }

    public override string GetName() => nameof(Hardtanh);

    public override Tensor forward(Tensor tensor) => F.hardtanh(tensor, min_val, max_val, inplace);
}

public sealed class Threshold : ParameterLessModule<Tensor, Tensor>
{
    internal Threshold(double threshold, double value, bool inplace) : base(nameof(Threshold))
    {
        this.threshold = threshold;
        this.value = value;
        this.inplace = inplace;
    }

    public double threshold { get; set; }
    public double value { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.threshold(tensor, threshold, value, inplace);
}

public sealed class Softplus : ParameterLessModule<Tensor, Tensor>
{
    internal Softplus(double beta, double threshold) : base(nameof(Softplus))
    {
        this.beta = beta;
        this.threshold = threshold;
    }

    public double beta { get; set; }
    public double threshold { get; set; }

    public override Tensor forward(Tensor tensor) => F.softplus(tensor, beta, threshold);
}

public sealed class Hardshrink : ParameterLessModule<Tensor, Tensor>
{
    internal Hardshrink(double lambda) : base(nameof(Hardshrink)) => this.lambda = lambda;

    public double lambda { get; set; }

    public override Tensor forward(Tensor tensor) => F.hardshrink(tensor, lambda);
}

public sealed class Softshrink : ParameterLessModule<Tensor, Tensor>
{
    internal Softshrink(double lambda) : base(nameof(Softshrink)) => this.lambda = lambda;

    public double lambda { get; set; }

    public override Tensor forward(Tensor tensor) => F.softshrink(tensor, lambda);
}

public sealed class LogSigmoid : ParameterLessModule<Tensor, Tensor>
{
    internal LogSigmoid() : base(nameof(LogSigmoid)) { }

    public override Tensor forward(Tensor tensor) => F.logsigmoid(tensor);
}

public sealed class GLU : ParameterLessModule<Tensor, Tensor>
{
    internal GLU(long dim) : base(nameof(GLU)) => this.dim = dim;

    public long dim { get; set; }

    public override Tensor forward(Tensor tensor) => F.glu(tensor, dim);
}

public sealed class Softmax : ParameterLessModule<Tensor, Tensor>
{
    internal Softmax(long dim) : base(nameof(Softmax)) => this.dim = dim;

    public long dim { get; set; }

    public override Tensor forward(Tensor tensor) => F.softmax(tensor, dim);
}

public sealed class LogSoftmax : ParameterLessModule<Tensor, Tensor>
{
    internal LogSoftmax(long dim) : base(nameof(LogSoftmax)) => this.dim = dim;

    public long dim { get; set; }

    public override Tensor forward(Tensor tensor) => F.log_softmax(tensor, dim);
}

public sealed class Softmin : ParameterLessModule<Tensor, Tensor>
{
    internal Softmin(long dim) : base(nameof(Softmin)) => this.dim = dim;

    public long dim { get; set; }

    public override Tensor forward(Tensor tensor) => F.softmin(tensor, dim);
}

public sealed class Softmax2d : ParameterLessModule<Tensor, Tensor>
{
    internal Softmax2d() : base(nameof(Softmax2d)) { }

    public override Tensor forward(Tensor tensor) => F.softmax2d(tensor);
}

public sealed class GELU : ParameterLessModule<Tensor, Tensor>
{
    /// <summary>The exact error function, or its approximation by tanh.</summary>
    public enum Approximate { none, tanh }

    internal GELU(Approximate approximate, bool inplace) : base(nameof(GELU))
    {
        this.approximate = approximate;
        this.inplace = inplace;
    }

    public Approximate approximate { get; set; }
    public bool inplace { get; set; }

    public override Tensor forward(Tensor tensor) => F.gelu(tensor, approximate, inplace);
}

public sealed class PReLU : nn.Module<Tensor, Tensor>
{
    private Parameter _weight = null!;

    internal PReLU(long num_parameters, double init, Device? device, ScalarType? dtype) : base(nameof(PReLU))
    {
        this.init = init;
        this.num_parameters = num_parameters;
        weight = Fresh.Parameter([num_parameters], device, dtype, t => Aten.fill_Scalar_.Run(t, init));
    }

    public double init { get; }
    public long num_parameters { get; }

    public Parameter weight
    {
        get => _weight;
        set => Fresh.Put(ref _weight!, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public override string GetName() => nameof(PReLU);

    public override Tensor forward(Tensor tensor) => F.prelu(tensor, weight);
}
