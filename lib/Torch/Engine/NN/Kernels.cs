namespace TorchSharp;

/// <summary>The operators that modules, losses and optimizers call, each looked up at its first call.</summary>
internal static partial class Kernels
{
    internal static readonly Op
        Relu = new("aten::relu"), ReluInPlace = new("aten::relu_"),
        Relu6 = new("aten::relu6"), Relu6InPlace = new("aten::relu6_"),
        Gelu = new("aten::gelu"), GeluInPlace = new("aten::gelu_"),
        Silu = new("aten::silu"), SiluInPlace = new("aten::silu_"),
        Mish = new("aten::mish"), MishInPlace = new("aten::mish_"),
        Hardswish = new("aten::hardswish"), HardswishInPlace = new("aten::hardswish_"),
        Hardsigmoid = new("aten::hardsigmoid"), HardsigmoidInPlace = new("aten::hardsigmoid_"),
        Sigmoid = new("aten::sigmoid"), SigmoidInPlace = new("aten::sigmoid_"),
        Tanh = new("aten::tanh"), TanhInPlace = new("aten::tanh_"),
        LogSigmoid = new("aten::log_sigmoid"),
        Elu = new("aten::elu"), EluInPlace = new("aten::elu_"),
        Celu = new("aten::celu"), CeluInPlace = new("aten::celu_"),
        Selu = new("aten::selu"), SeluInPlace = new("aten::selu_"),
        LeakyRelu = new("aten::leaky_relu"), LeakyReluInPlace = new("aten::leaky_relu_"),
        Prelu = new("aten::prelu"),
        Rrelu = new("aten::rrelu"), RreluInPlace = new("aten::rrelu_"),
        Hardtanh = new("aten::hardtanh"), HardtanhInPlace = new("aten::hardtanh_"),
        Softplus = new("aten::softplus"), Hardshrink = new("aten::hardshrink"), Softshrink = new("aten::softshrink"),
        Threshold = new("aten::threshold"), ThresholdInPlace = new("aten::threshold_"),
        Glu = new("aten::glu"), Softmax = new("aten::softmax", "int"), LogSoftmax = new("aten::log_softmax", "int");

    internal static readonly Op
        Abs = new("aten::abs"), Neg = new("aten::neg"), Exp = new("aten::exp"), Log = new("aten::log"), Sqrt = new("aten::sqrt"),
        Sign = new("aten::sign"), Mean = new("aten::mean"), Sum = new("aten::sum"), MeanDim = new("aten::mean", "dim"),
        SumDim = new("aten::sum", "dim_IntList"), Square = new("aten::square"),
        Add = new("aten::add", "Tensor"), AddScalar = new("aten::add", "Scalar"), AddInPlace = new("aten::add_", "Tensor"),
        AddScalarInPlace = new("aten::add_", "Scalar"),
        Sub = new("aten::sub", "Tensor"), SubInPlace = new("aten::sub_", "Tensor"), Rsub = new("aten::rsub", "Scalar"),
        Mul = new("aten::mul", "Tensor"), MulScalar = new("aten::mul", "Scalar"), MulInPlace = new("aten::mul_", "Tensor"),
        MulScalarInPlace = new("aten::mul_", "Scalar"),
        Div = new("aten::div", "Tensor"), DivInPlace = new("aten::div_", "Tensor"), DivScalar = new("aten::div", "Scalar"),
        Pow = new("aten::pow", "Tensor_Scalar"), Clamp = new("aten::clamp"), ClampMin = new("aten::clamp_min"),
        ClampMinInPlace = new("aten::clamp_min_"), ClampMaxInPlace = new("aten::clamp_max_"), ClampInPlace = new("aten::clamp_"),
        Maximum = new("aten::maximum"), Minimum = new("aten::minimum"),
        Matmul = new("aten::matmul"), Norm = new("aten::linalg_vector_norm"), Stack = new("aten::stack"), Cat = new("aten::cat"),
        Reshape = new("aten::reshape"), View = new("aten::view"), Transpose = new("aten::transpose", "int"),
        Unsqueeze = new("aten::unsqueeze"), Squeeze = new("aten::squeeze", "dim"), Slice = new("aten::slice", "Tensor"),
        Select = new("aten::select", "int"), Permute = new("aten::permute"), Expand = new("aten::expand"),
        MaskedFill = new("aten::masked_fill", "Scalar"), Where = new("aten::where", "self"),
        Uniform = new("aten::uniform_"), Normal = new("aten::normal_"), Fill = new("aten::fill_", "Scalar"), Zero = new("aten::zero_"),
        Copy = new("aten::copy_"), ErfInvInPlace = new("aten::erfinv_"), ZerosLike = new("aten::zeros_like"),
        Detach = new("aten::detach"), Clone = new("aten::clone"), Item = new("aten::_local_scalar_dense"),
        Contiguous = new("aten::contiguous"), FlattenDims = new("aten::flatten", "using_ints"), UnflattenDim = new("aten::unflatten", "int");

    internal static readonly Op
        Linear = new("aten::linear"), Bilinear = new("aten::bilinear"),
        Conv1d = new("aten::conv1d"), Conv1dPadding = new("aten::conv1d", "padding"),
        Conv2d = new("aten::conv2d"), Conv2dPadding = new("aten::conv2d", "padding"),
        Conv3d = new("aten::conv3d"), Conv3dPadding = new("aten::conv3d", "padding"),
        ConvTranspose1d = new("aten::conv_transpose1d"), ConvTranspose2d = new("aten::conv_transpose2d", "input"),
        ConvTranspose3d = new("aten::conv_transpose3d", "input"),
        LayerNorm = new("aten::layer_norm"), GroupNorm = new("aten::group_norm"), BatchNorm = new("aten::batch_norm"),
        InstanceNorm = new("aten::instance_norm"),
        Embedding = new("aten::embedding"), EmbeddingRenorm = new("aten::embedding_renorm_"),
        EmbeddingBag = new("aten::embedding_bag", "padding_idx"), OneHot = new("aten::one_hot"),
        Dropout = new("aten::dropout"), DropoutInPlace = new("aten::dropout_"),
        FeatureDropout = new("aten::feature_dropout"), FeatureDropoutInPlace = new("aten::feature_dropout_"),
        AlphaDropout = new("aten::alpha_dropout"), AlphaDropoutInPlace = new("aten::alpha_dropout_"),
        FeatureAlphaDropout = new("aten::feature_alpha_dropout"), FeatureAlphaDropoutInPlace = new("aten::feature_alpha_dropout_"),
        Pad = new("aten::pad"), Im2Col = new("aten::im2col"), Col2Im = new("aten::col2im"),
        PixelShuffle = new("aten::pixel_shuffle"), PixelUnshuffle = new("aten::pixel_unshuffle"),
        GridSampler = new("aten::grid_sampler"), AffineGrid = new("aten::affine_grid_generator"),
        CosineSimilarity = new("aten::cosine_similarity"), PairwiseDistance = new("aten::pairwise_distance");

    internal static readonly Op
        MaxPool1d = new("aten::max_pool1d"), MaxPool1dIndices = new("aten::max_pool1d_with_indices"),
        MaxPool2d = new("aten::max_pool2d"), MaxPool2dIndices = new("aten::max_pool2d_with_indices"),
        MaxPool3d = new("aten::max_pool3d"), MaxPool3dIndices = new("aten::max_pool3d_with_indices"),
        AvgPool1d = new("aten::avg_pool1d"), AvgPool2d = new("aten::avg_pool2d"), AvgPool3d = new("aten::avg_pool3d"),
        AdaptiveAvgPool1d = new("aten::adaptive_avg_pool1d"), AdaptiveAvgPool2d = new("aten::adaptive_avg_pool2d"),
        AdaptiveAvgPool3d = new("aten::adaptive_avg_pool3d"),
        AdaptiveMaxPool1d = new("aten::adaptive_max_pool1d"), AdaptiveMaxPool2d = new("aten::adaptive_max_pool2d"),
        AdaptiveMaxPool3d = new("aten::adaptive_max_pool3d"),
        MaxUnpool2d = new("aten::max_unpool2d"), MaxUnpool3d = new("aten::max_unpool3d"),
        Nearest1d = new("aten::upsample_nearest1d", "vec"), Nearest2d = new("aten::upsample_nearest2d", "vec"),
        Nearest3d = new("aten::upsample_nearest3d", "vec"),
        NearestExact1d = new("aten::_upsample_nearest_exact1d", "vec"), NearestExact2d = new("aten::_upsample_nearest_exact2d", "vec"),
        NearestExact3d = new("aten::_upsample_nearest_exact3d", "vec"),
        Linear1d = new("aten::upsample_linear1d", "vec"), Bilinear2d = new("aten::upsample_bilinear2d", "vec"),
        Trilinear3d = new("aten::upsample_trilinear3d", "vec"), Bicubic2d = new("aten::upsample_bicubic2d", "vec"),
        Bilinear2dSmooth = new("aten::_upsample_bilinear2d_aa", "vec"), Bicubic2dSmooth = new("aten::_upsample_bicubic2d_aa", "vec");

    internal static readonly Op
        Bce = new("aten::binary_cross_entropy"), BceWithLogits = new("aten::binary_cross_entropy_with_logits"),
        CrossEntropy = new("aten::cross_entropy_loss"), Nll = new("aten::nll_loss_nd"), Mse = new("aten::mse_loss"),
        L1 = new("aten::l1_loss"), SmoothL1 = new("aten::smooth_l1_loss"), Huber = new("aten::huber_loss"), KlDiv = new("aten::kl_div"),
        Ctc = new("aten::ctc_loss", "Tensor"), CosineEmbedding = new("aten::cosine_embedding_loss"),
        HingeEmbedding = new("aten::hinge_embedding_loss"), MarginRanking = new("aten::margin_ranking_loss"),
        MultiMargin = new("aten::multi_margin_loss"), MultiLabelMargin = new("aten::multilabel_margin_loss"),
        SoftMargin = new("aten::soft_margin_loss"), TripletMargin = new("aten::triplet_margin_loss"),
        PoissonNll = new("aten::poisson_nll_loss");

    internal static readonly Op
        Lstm = new("aten::lstm", "input"), LstmPacked = new("aten::lstm", "data"),
        Gru = new("aten::gru", "input"), GruPacked = new("aten::gru", "data"),
        RnnTanh = new("aten::rnn_tanh", "input"), RnnTanhPacked = new("aten::rnn_tanh", "data"),
        RnnRelu = new("aten::rnn_relu", "input"), RnnReluPacked = new("aten::rnn_relu", "data"),
        LstmCell = new("aten::lstm_cell"), GruCell = new("aten::gru_cell"),
        RnnTanhCell = new("aten::rnn_tanh_cell"), RnnReluCell = new("aten::rnn_relu_cell"),
        PackPadded = new("aten::_pack_padded_sequence"), PadPacked = new("aten::_pad_packed_sequence");

    /// <summary>Whether the loaded libtorch has this operator.</summary>
    internal static bool Has(string name, string overload = "")
    {
        try
        {
            return Door.FindOperator(name, overload) != 0;
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            return false;
        }
    }
}
