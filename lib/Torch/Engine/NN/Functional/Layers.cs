namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly long[] One1 = [1], Zero1 = [0], One2 = [1, 1], Zero2 = [0, 0], One3 = [1, 1, 1], Zero3 = [0, 0, 0];

            private static string Word(Padding padding) => padding == Padding.Same ? "same" : "valid";

            private static long[] Pair((long, long) both) => [both.Item1, both.Item2];

            private static long[]? Pair((long, long)? both) => both is { } b ? [b.Item1, b.Item2] : null;

            private static long[] Triple((long, long, long) all) => [all.Item1, all.Item2, all.Item3];

            private static long[]? Triple((long, long, long)? all) => all is { } a ? [a.Item1, a.Item2, a.Item3] : null;

            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Aten.linear.Call(input, weights, bias);

            public static Tensor bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias = null) => Aten.bilinear.Call(input1, input2, weight, bias);

            public static Tensor conv1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? dilation = null, long groups = 1) =>
                Aten.conv1d.Call(input, weight, bias, Or(stride, One1), Or(padding, Zero1), Or(dilation, One1), groups);

            public static Tensor conv1d_padding(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, Padding padding = Padding.Valid, long? dilation = null, long groups = 1) =>
                Aten.conv1d_padding.Call(input, weight, bias, Or(stride, One1), Word(padding), Or(dilation, One1), groups);

            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv2d.Call(input, weight, bias, strides ?? One2, padding ?? Zero2, dilation ?? One2, groups);

            public static Tensor conv2d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                Aten.conv2d_padding.Call(input, weight, bias, strides ?? One2, Word(padding), dilation ?? One2, groups);

            public static Tensor conv3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv3d.Call(input, weight, bias, strides ?? One3, padding ?? Zero3, dilation ?? One3, groups);

            public static Tensor conv3d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                Aten.conv3d_padding.Call(input, weight, bias, strides ?? One3, Word(padding), dilation ?? One3, groups);

            public static Tensor conv_transpose1d(Tensor input, Tensor weight, Tensor? bias = null, long? stride = null, long? padding = null, long? output_padding = null, long? dilation = null, long groups = 1) =>
                Aten.conv_transpose1d.Call(input, weight, bias, Or(stride, One1), Or(padding, Zero1), Or(output_padding, Zero1), groups, Or(dilation, One1));

            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv_transpose2d_input.Call(input, weight, bias, strides ?? One2, padding ?? Zero2, output_padding ?? Zero2, groups, dilation ?? One2);

            public static Tensor conv_transpose3d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv_transpose3d_input.Call(input, weight, bias, strides ?? One3, padding ?? Zero3, output_padding ?? Zero3, groups, dilation ?? One3);

            private static long[] Or(long? value, long[] otherwise) => value is { } v ? [v] : otherwise;

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Aten.layer_norm.Call(input, normalized_shape, weight, bias, eps);

            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Aten.group_norm.Call(input, num_groups, weight, bias, eps);

            public static Tensor batch_norm(Tensor input, Tensor running_mean, Tensor running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                Aten.batch_norm.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            public static Tensor instance_norm(Tensor input, Tensor? running_mean = null, Tensor? running_var = null, Tensor? weight = null, Tensor? bias = null, bool use_input_stats = true, double momentum = 0.1, double eps = 1e-5) =>
                Aten.instance_norm.Call(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, true);

            /// <summary>x / (k + alpha / size · sum of x² over neighbouring channels) ^ beta</summary>
            public static Tensor local_response_norm(Tensor input, long size, double alpha = 1e-4, double beta = 0.75, double k = 1)
            {
                if (input.dim() < 3)
                {
                    throw new ArgumentException($"local_response_norm takes (N, C, ...) with at least 3 dimensions, not {input.dim()}", nameof(input));
                }
                using var scope = NewDisposeScope();
                var shape = input.shape;
                // Squares as (N, 1, C, rest), averaged over a window of channels padded with zeros.
                var squares = Aten.unsqueeze.Call(Aten.reshape.Call(Aten.square.Call(input), (long[])[shape[0], shape[1], -1]), 1);
                squares = Aten.pad.Call(squares, (long[])[0, 0, size / 2, (size - 1) / 2]);
                var mean = Aten.avg_pool2d.Call(squares, (long[])[size, 1], One2);
                var below = Aten.pow_Tensor_Scalar.Call(Aten.add_Scalar.Call(Aten.mul_Scalar.Call(Aten.reshape.Call(mean, shape), alpha), k), beta);
                return Aten.div_Tensor.Call(input, below).MoveToOuterDisposeScope();
            }

            public static Tensor normalize(Tensor input, double p = 2, long dim = 1, double eps = 1e-12)
            {
                using var norm = Aten.linalg_vector_norm.Call(input, p, (long[])[dim], true);
                using var below = Aten.clamp_min.Call(norm, eps);
                return Aten.div_Tensor.Call(input, below);
            }

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                Dropped(Aten.dropout, Aten.dropout_, input, p, training, inplace);

            /// <summary>Zeroes whole channels of (N, C, L) or (C, L).</summary>
            public static Tensor dropout1d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => DropChannels(input, 3, p, training, inplace);

            /// <summary>Zeroes whole channels of (N, C, H, W).</summary>
            public static Tensor dropout2d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                Dropped(Aten.feature_dropout, Aten.feature_dropout_, input, p, training, inplace);

            /// <summary>Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W).</summary>
            public static Tensor dropout3d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) => DropChannels(input, 5, p, training, inplace);

            public static Tensor alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                Dropped(Aten.alpha_dropout, Aten.alpha_dropout_, input, p, training, inplace);

            public static Tensor feature_alpha_dropout(Tensor input, double p = 0.5, bool training = false, bool inplace = false) =>
                Dropped(Aten.feature_alpha_dropout, Aten.feature_alpha_dropout_, input, p, training, inplace);

            private static Tensor Dropped(Op op, Op inPlace, Tensor input, double p, bool training, bool inplace)
            {
                if (p is < 0 or > 1)
                {
                    throw new ArgumentOutOfRangeException(nameof(p), p, "a dropout probability lies between 0 and 1");
                }
                return inplace ? inPlace.Into(input, p, training).alias() : op.Call(input, p, training);
            }

            private static Tensor DropChannels(Tensor input, int batched, double p, bool training, bool inplace)
            {
                if (input.dim() == batched || inplace)
                {
                    return Dropped(Aten.feature_dropout, Aten.feature_dropout_, input, p, training, inplace);
                }
                using var one = Aten.unsqueeze.Call(input, 0);
                using var dropped = Dropped(Aten.feature_dropout, Aten.feature_dropout_, one, p, training, false);
                return Aten.squeeze_dim.Call(dropped, 0);
            }

            public static Tensor one_hot(Tensor x, long num_classes = -1) => Aten.one_hot.Call(x, num_classes);

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) => Aten.cosine_similarity.Call(x1, x2, dim, eps);

            public static Tensor pairwise_distance(Tensor input1, Tensor input2, double p = 2, double eps = 1e-6, bool keepdim = false) =>
                Aten.pairwise_distance.Call(input1, input2, p, eps, keepdim);
        }
    }
}
