using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.utils.rnn;
using F = TorchSharp.torch.nn.functional;

namespace Retort.Tests.Torch.NN;

/// <summary>The modules of environment/reference/modules.py by the same names, and how each is called.</summary>
internal static class ModuleCases
{
    internal delegate (Module? Module, Func<Tensor[], Tensor[]> Call) Case();

    internal static readonly Dictionary<string, Case> All = new()
    {
        ["ReLU"] = One(() => ReLU()),
        ["ReLU6"] = One(() => ReLU6()),
        ["GELU"] = One(() => GELU()),
        ["GELU tanh"] = One(() => GELU(TorchSharp.Modules.GELU.Approximate.tanh)),
        ["SiLU"] = One(() => SiLU()),
        ["Mish"] = One(() => Mish()),
        ["Hardswish"] = One(() => Hardswish()),
        ["Hardsigmoid"] = One(() => Hardsigmoid()),
        ["Sigmoid"] = One(() => Sigmoid()),
        ["Tanh"] = One(() => Tanh()),
        ["Tanhshrink"] = One(() => Tanhshrink()),
        ["Softsign"] = One(() => Softsign()),
        ["SELU"] = One(() => SELU()),
        ["ELU"] = One(() => ELU(0.7)),
        ["CELU"] = One(() => CELU(0.7)),
        ["LeakyReLU"] = One(() => LeakyReLU(0.2)),
        ["Hardtanh"] = One(() => Hardtanh(-0.5, 0.8)),
        ["Threshold"] = One(() => Threshold(0.3, -2)),
        ["Softplus"] = One(() => Softplus(2, 3)),
        ["Hardshrink"] = One(() => Hardshrink(0.6)),
        ["Softshrink"] = One(() => Softshrink(0.6)),
        ["LogSigmoid"] = One(() => LogSigmoid()),
        ["GLU"] = One(() => GLU(1)),
        ["Softmax"] = One(() => Softmax(1)),
        ["LogSoftmax"] = One(() => LogSoftmax(1)),
        ["Softmin"] = One(() => Softmin(1)),
        ["PReLU"] = One(() => PReLU(4)),
        ["RReLU eval"] = One(() => RReLU(), train: false),
        ["Softmax2d"] = One(() => Softmax2d()),
        ["Linear"] = One(() => Linear(5, 3)),
        ["Linear without bias"] = One(() => Linear(5, 3, hasBias: false)),
        ["Bilinear"] = Two(() => Bilinear(3, 4, 2)),
        ["LayerNorm"] = One(() => LayerNorm(6)),
        ["LayerNorm two axes"] = One(() => LayerNorm([3, 4], eps: 1e-3)),
        ["GroupNorm"] = One(() => GroupNorm(2, 4)),
        ["BatchNorm1d"] = One(() => BatchNorm1d(3)),
        ["BatchNorm1d eval"] = One(() => BatchNorm1d(3), train: false),
        ["BatchNorm2d"] = One(() => BatchNorm2d(3, momentum: 0.3)),
        ["BatchNorm2d untracked"] = One(() => BatchNorm2d(3, track_running_stats: false), train: false),
        ["BatchNorm3d"] = One(() => BatchNorm3d(2, affine: false)),
        ["InstanceNorm1d"] = One(() => InstanceNorm1d(3, affine: true)),
        ["InstanceNorm1d tracked"] = One(() => InstanceNorm1d(3, track_running_stats: true)),
        ["InstanceNorm2d"] = One(() => InstanceNorm2d(3)),
        ["LocalResponseNorm"] = One(() => LocalResponseNorm(3, alpha: 0.1)),
        ["Embedding"] = One(() => Embedding(6, 3, padding_idx: 2)),
        ["EmbeddingBag"] = With(() => EmbeddingBag(6, 3), (m, x) => [m.call(x[0])]),
        ["EmbeddingBag offsets"] = With(() => EmbeddingBag(6, 3, mode: EmbeddingBagMode.Sum), (m, x) => [m.call(x[0], x[1])]),
        ["Conv1d"] = One(() => Conv1d(3, 4, 3, stride: 2, padding: 1L)),
        ["Conv1d same"] = One(() => Conv1d(2, 3, 4, Padding.Same, dilation: 2)),
        ["Conv1d reflect"] = One(() => Conv1d(2, 3, 3, padding: 2L, padding_mode: PaddingModes.Reflect)),
        ["Conv1d same circular"] = One(() => Conv1d(2, 3, 4, Padding.Same, padding_mode: PaddingModes.Circular)),
        ["Conv2d"] = One(() => Conv2d(2, 3, (3, 2), stride: (2, 1), padding: (1, 0))),
        ["Conv2d depthwise"] = One(() => Conv2d(4, 4, 3, groups: 4, bias: false)),
        ["Conv2d one sample"] = One(() => Conv2d(2, 3, 2)),
        ["Conv3d"] = One(() => Conv3d(2, 2, (2, 2, 2), dilation: (1, 2, 1))),
        ["ConvTranspose1d"] = One(() => ConvTranspose1d(3, 2, 3, stride: 2, padding: 1, output_padding: 1)),
        ["ConvTranspose2d"] = One(() => ConvTranspose2d(2, 4, (2, 3), stride: (2, 2), groups: 2)),
        ["ConvTranspose2d size"] = With(() => ConvTranspose2d(2, 2, 3, stride: 2), (m, x) => [m.forward(x[0], [8, 7])]),
        ["ConvTranspose3d"] = One(() => ConvTranspose3d(2, 2, 2)),
        ["MaxPool1d"] = One(() => MaxPool1d(3, 2, 1)),
        ["MaxPool1d indices"] = With(() => MaxPool1d(2), (m, x) => Pair(m.forward_with_indices(x[0]))),
        ["MaxPool2d"] = One(() => MaxPool2d((2, 3), ceil_mode: true)),
        ["MaxPool3d"] = One(() => MaxPool3d(2)),
        ["AvgPool1d"] = One(() => AvgPool1d(3, 2, 1, count_include_pad: false)),
        ["AvgPool2d"] = One(() => AvgPool2d((2, 3), divisor_override: 5)),
        ["AvgPool3d"] = One(() => AvgPool3d(2)),
        ["AdaptiveAvgPool1d"] = One(() => AdaptiveAvgPool1d(3)),
        ["AdaptiveAvgPool2d"] = One(() => AdaptiveAvgPool2d((2, 3))),
        ["AdaptiveAvgPool3d"] = One(() => AdaptiveAvgPool3d(2)),
        ["AdaptiveMaxPool1d"] = One(() => AdaptiveMaxPool1d(3)),
        ["AdaptiveMaxPool2d"] = One(() => AdaptiveMaxPool2d([2, 3])),
        ["AdaptiveMaxPool3d"] = One(() => AdaptiveMaxPool3d([2, 2, 2])),
        ["LPPool1d"] = One(() => LPPool1d(2, 3)),
        ["LPPool2d"] = One(() => LPPool2d(3, 2)),
        ["MaxUnpool1d"] = With(() => MaxUnpool1d(2), (m, x) => [m.call(x[0], x[1])]),
        ["MaxUnpool2d"] = With(() => MaxUnpool2d(2), (m, x) => [m.call(x[0], x[1])]),
        ["ConstantPad1d"] = One(() => ConstantPad1d((1, 2), 0.5)),
        ["ConstantPad3d"] = One(() => ConstantPad3d(1, -1)),
        ["ReflectionPad1d"] = One(() => ReflectionPad1d(2)),
        ["ReflectionPad2d"] = One(() => ReflectionPad2d((1, 2, 0, 1))),
        ["ReplicationPad1d"] = One(() => ReplicationPad1d((2, 0))),
        ["ReplicationPad2d"] = One(() => ReplicationPad2d(1)),
        ["ReplicationPad3d"] = One(() => ReplicationPad3d(1)),
        ["ZeroPad2d"] = One(() => ZeroPad2d((1, 0, 2, 1))),
        ["Flatten"] = One(() => Flatten()),
        ["Unflatten"] = One(() => Unflatten(1, [2, 3])),
        ["PixelShuffle"] = One(() => PixelShuffle(2)),
        ["PixelUnshuffle"] = One(() => PixelUnshuffle(2)),
        ["ChannelShuffle"] = One(() => ChannelShuffle(2)),
        ["Unfold"] = One(() => Unfold((2, 3), padding: (1, 1), stride: (2, 2))),
        ["Fold"] = One(() => Fold((4, 5), (2, 3))),
        ["Upsample nearest"] = One(() => Upsample(scale_factor: [2])),
        ["Upsample size"] = One(() => Upsample(size: [5, 3], mode: UpsampleMode.Bilinear, align_corners: true)),
        ["Upsample bilinear"] = One(() => Upsample(scale_factor: [1.7, 1.7], mode: UpsampleMode.Bilinear)),
        ["Upsample bicubic"] = One(() => Upsample(scale_factor: [2, 2], mode: UpsampleMode.Bicubic)),
        ["Upsample trilinear"] = One(() => Upsample(scale_factor: [2], mode: UpsampleMode.Trilinear)),
        ["interpolate linear"] = Of(x => [F.interpolate(x[0], scale_factor: [1.5], mode: InterpolationMode.Linear, recompute_scale_factor: true)]),
        ["interpolate area"] = Of(x => [F.interpolate(x[0], size: [2, 3], mode: InterpolationMode.Area)]),
        ["interpolate exact"] = Of(x => [F.interpolate(x[0], size: [4], mode: InterpolationMode.NearestExact)]),
        ["interpolate smooth"] = Of(x => [F.interpolate(x[0], size: [2, 3], mode: InterpolationMode.Bilinear, antialias: true)]),
        ["grid_sample"] = Of(x => [F.grid_sample(x[0], x[1], padding_mode: GridSamplePaddingMode.Border, align_corners: false)]),
        ["grid_sample reflection"] = Of(x => [F.grid_sample(x[0], x[1], GridSampleMode.Bilinear, GridSamplePaddingMode.Reflection, true)]),
        ["affine_grid"] = Of(x => [F.affine_grid(x[0], [1, 1, 2, 3])]),
        ["normalize"] = Of(x => [F.normalize(x[0], dim: 1)]),
        ["CosineSimilarity"] = Two(() => CosineSimilarity()),
        ["PairwiseDistance"] = Two(() => PairwiseDistance()),
        ["RNN"] = With(() => RNN(3, 4, 2, bidirectional: true), (m, x) => Pair(m.call(x[0]))),
        ["RNN relu"] = With(() => RNN(3, 4, nonLinearity: NonLinearities.ReLU, bias: false, batchFirst: true), (m, x) => Pair(m.call(x[0]))),
        ["GRU"] = With(() => GRU(3, 4, 2, batchFirst: true, bidirectional: true), (m, x) => Pair(m.call(x[0]))),
        ["GRU state"] = With(() => GRU(3, 4), (m, x) => Pair(m.call(x[0], x[1]))),
        ["GRU one sample"] = With(() => GRU(3, 4), (m, x) => Pair(m.call(x[0]))),
        ["LSTM"] = With(() => LSTM(3, 4, 2, bidirectional: true), (m, x) => Triple(m.call(x[0]))),
        ["LSTM state"] = With(() => LSTM(3, 4, batchFirst: true), (m, x) => Triple(m.call(x[0], (x[1], x[2])))),
        ["LSTM one sample"] = With(() => LSTM(3, 4, batchFirst: true), (m, x) => Triple(m.call(x[0]))),
        ["RNNCell"] = Two(() => RNNCell(3, 4)),
        ["GRUCell"] = With(() => GRUCell(3, 4), (m, x) => [m.forward(x[0])]),
        ["LSTMCell"] = With(() => LSTMCell(3, 4), (m, x) => Pair(m.call(x[0], (x[1], x[2])))),
        ["GRU packed"] = With(() => GRU(3, 4, bidirectional: true, batchFirst: true), (m, x) =>
        {
            var packed = pack_padded_sequence(x[0], tensor([2L, 5, 3]), batch_first: true, enforce_sorted: false);
            var (output, h) = m.call(packed);
            var (padded, lengths) = pad_packed_sequence(output, batch_first: true);
            return [padded, h, lengths];
        }),
        ["pad_sequence"] = Of(x => [pad_sequence(x, batch_first: true, padding_value: 0.5)]),
        ["MultiheadAttention"] = With(() => MultiheadAttention(6, 2), (m, x) => Pair(m.call(x[0], x[1], x[2]))),
        ["MultiheadAttention masks"] = With(() => MultiheadAttention(6, 3), (m, x) => Pair(m.call(x[0], x[0], x[0], x[1], true, x[2]))),
        ["MultiheadAttention other widths"] = With(() => MultiheadAttention(6, 2, add_bias_kv: true, add_zero_attn: true, kdim: 4, vdim: 5), (m, x) => Pair(m.call(x[0], x[1], x[2]))),
        ["attention"] = Of(x => [F.scaled_dot_product_attention(x[0], x[1], x[2])]),
        ["attention causal"] = Of(x => [F.scaled_dot_product_attention(x[0], x[1], x[2], is_casual: true)]),
        ["attention mask"] = Of(x => [F.scaled_dot_product_attention(x[0], x[1], x[2], x[3])]),
        ["attention bias"] = Of(x => [F.scaled_dot_product_attention(x[0], x[1], x[2], x[3])]),
        ["CrossEntropyLoss"] = Two(() => CrossEntropyLoss()),
        ["CrossEntropyLoss all"] = Two(() => new CrossEntropyLoss(W3(), 1, Reduction.Sum, 0.1)),
        ["CrossEntropyLoss soft"] = Two(() => CrossEntropyLoss()),
        ["NLLLoss"] = Two(() => NLLLoss(W3())),
        ["BCELoss"] = Two(() => BCELoss()),
        ["BCEWithLogitsLoss"] = Two(() => BCEWithLogitsLoss(reduction: Reduction.None)),
        ["BCEWithLogitsLoss weights"] = Two(() => BCEWithLogitsLoss(W3(), pos_weights: W3())),
        ["MSELoss"] = Two(() => MSELoss()),
        ["L1Loss"] = Two(() => L1Loss(Reduction.Sum)),
        ["SmoothL1Loss"] = Two(() => SmoothL1Loss(beta: 0.5)),
        ["HuberLoss"] = Two(() => HuberLoss(0.5)),
        ["KLDivLoss log"] = Two(() => KLDivLoss()),
        ["KLDivLoss"] = Two(() => KLDivLoss(false, Reduction.Sum)),
        ["PoissonNLLLoss"] = Two(() => PoissonNLLLoss(full: true)),
        ["GaussianNLLLoss"] = With(() => GaussianNLLLoss(true, 0.1f), (m, x) => [m.call(x[0], x[1], x[2])]),
        ["CTCLoss"] = With(() => CTCLoss(), (m, x) => [m.call(x[0], x[1], x[2], x[3])]),
        ["CosineEmbeddingLoss"] = With(() => CosineEmbeddingLoss(0.2), (m, x) => [m.call(x[0], x[1], x[2])]),
        ["HingeEmbeddingLoss"] = Two(() => HingeEmbeddingLoss(1.5)),
        ["MarginRankingLoss"] = With(() => MarginRankingLoss(0.3), (m, x) => [m.call(x[0], x[1], x[2])]),
        ["MultiMarginLoss"] = Two(() => MultiMarginLoss(2, 0.7, W3())),
        ["MultiLabelMarginLoss"] = Two(() => MultiLabelMarginLoss()),
        ["MultiLabelSoftMarginLoss"] = Two(() => MultiLabelSoftMarginLoss(W3())),
        ["SoftMarginLoss"] = Two(() => SoftMarginLoss()),
        ["TripletMarginLoss"] = With(() => TripletMarginLoss(2, swap: true), (m, x) => [m.call(x[0], x[1], x[2])]),
        ["TripletMarginWithDistanceLoss"] = With(() => TripletMarginWithDistanceLoss(margin: 3), (m, x) => [m.call(x[0], x[1], x[2])]),
    };

    private static Tensor W3() => tensor([0.5f, 2, 1]);

    private static Tensor[] Pair((Tensor, Tensor) two) => [two.Item1, two.Item2];

    private static Tensor[] Pair(Tuple<Tensor, Tensor> two) => [two.Item1, two.Item2];

    private static Tensor[] Triple((Tensor, Tensor, Tensor) three) => [three.Item1, three.Item2, three.Item3];

    private static Case One(Func<Module<Tensor, Tensor>> make, bool train = true) => () =>
    {
        var module = make();
        module.train(train);
        return (module, x => [module.call(x[0])]);
    };

    private static Case Two(Func<Module<Tensor, Tensor, Tensor>> make) => With(make, (m, x) => [m.call(x[0], x[1])]);

    private static Case With<T>(Func<T> make, Func<T, Tensor[], Tensor[]> call) where T : Module => () =>
    {
        var module = make();
        return (module, x => call(module, x));
    };

    private static Case Of(Func<Tensor[], Tensor[]> call) => () => (null, call);
}
