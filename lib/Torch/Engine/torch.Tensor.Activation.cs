namespace TorchSharp;

// Activation functions. One line an operator: TorchSharp's signature, and the operator behind it.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor celu() => Aten.celu.Call(this);
        public Tensor celu(Scalar alpha) => Aten.celu.Call(this, alpha);
        public Tensor celu_() => Aten.celu_.Into(this);
        public Tensor celu_(Scalar alpha) => Aten.celu_.Into(this, alpha);
        public Tensor elu(Scalar alpha, Scalar scale, Scalar input_scale) => Aten.elu.Call(this, alpha, scale, input_scale);
        public Tensor elu_(Scalar alpha, Scalar scale, Scalar input_scale) => Aten.elu_.Into(this, alpha, scale, input_scale);
        public Tensor gelu() => Aten.gelu.Call(this);
        public Tensor gelu_() => Aten.gelu_.Into(this);
        public Tensor glu(long dim = -1) => Aten.glu.Call(this, dim);
        public Tensor hardsigmoid() => Aten.hardsigmoid.Call(this);
        public Tensor hardsigmoid_() => Aten.hardsigmoid_.Into(this);
        public Tensor hardswish() => Aten.hardswish.Call(this);
        public Tensor hardswish_() => Aten.hardswish_.Into(this);
        public Tensor hardtanh(Scalar min, Scalar max) => Aten.hardtanh.Call(this, min, max);
        public Tensor hardtanh_(Scalar min, Scalar max) => Aten.hardtanh_.Into(this, min, max);
        public Tensor leaky_relu(Scalar negative_slope) => Aten.leaky_relu.Call(this, negative_slope);
        public Tensor leaky_relu_(Scalar negative_slope) => Aten.leaky_relu_.Into(this, negative_slope);
        public Tensor log_sigmoid() => Aten.log_sigmoid.Call(this);
        public Tensor prelu(Tensor target) => Aten.prelu.Call(this, target);
        public Tensor relu() => Aten.relu.Call(this);
        public Tensor relu_() => Aten.relu_.Into(this);
        public Tensor relu6() => Aten.relu6.Call(this);
        public Tensor relu6_() => Aten.relu6_.Into(this);
        public Tensor selu() => Aten.selu.Call(this);
        public Tensor selu_() => Aten.selu_.Into(this);
        public Tensor sigmoid() => Aten.sigmoid.Call(this);
        public Tensor sigmoid_() => Aten.sigmoid_.Into(this);
        public Tensor silu() => Aten.silu.Call(this);
        public Tensor silu_() => Aten.silu_.Into(this);
        public Tensor tanh() => Aten.tanh.Call(this);
        public Tensor tanh_() => Aten.tanh_.Into(this);
        public Tensor threshold(Scalar threshold, Scalar value) => Aten.threshold.Call(this, threshold, value);
        public Tensor threshold_(Scalar threshold, Scalar value) => Aten.threshold_.Into(this, threshold, value);
    }
}

internal static partial class Aten
{
    internal static readonly Op celu = new("aten::celu");
    internal static readonly Op celu_ = new("aten::celu_");
    internal static readonly Op elu = new("aten::elu");
    internal static readonly Op elu_ = new("aten::elu_");
    internal static readonly Op gelu = new("aten::gelu");
    internal static readonly Op gelu_ = new("aten::gelu_");
    internal static readonly Op glu = new("aten::glu");
    internal static readonly Op hardsigmoid = new("aten::hardsigmoid");
    internal static readonly Op hardsigmoid_ = new("aten::hardsigmoid_");
    internal static readonly Op hardswish = new("aten::hardswish");
    internal static readonly Op hardswish_ = new("aten::hardswish_");
    internal static readonly Op hardtanh = new("aten::hardtanh");
    internal static readonly Op hardtanh_ = new("aten::hardtanh_");
    internal static readonly Op leaky_relu = new("aten::leaky_relu");
    internal static readonly Op leaky_relu_ = new("aten::leaky_relu_");
    internal static readonly Op log_sigmoid = new("aten::log_sigmoid");
    internal static readonly Op prelu = new("aten::prelu");
    internal static readonly Op relu = new("aten::relu");
    internal static readonly Op relu6 = new("aten::relu6");
    internal static readonly Op relu6_ = new("aten::relu6_");
    internal static readonly Op relu_ = new("aten::relu_");
    internal static readonly Op selu = new("aten::selu");
    internal static readonly Op selu_ = new("aten::selu_");
    internal static readonly Op sigmoid = new("aten::sigmoid");
    internal static readonly Op sigmoid_ = new("aten::sigmoid_");
    internal static readonly Op silu = new("aten::silu");
    internal static readonly Op silu_ = new("aten::silu_");
    internal static readonly Op tanh = new("aten::tanh");
    internal static readonly Op tanh_ = new("aten::tanh_");
    internal static readonly Op threshold = new("aten::threshold");
    internal static readonly Op threshold_ = new("aten::threshold_");
}
