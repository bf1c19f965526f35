namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public enum Reduction { None = 0, Mean = 1, Sum = 2 }

        public static partial class functional
        {
            public static Tensor binary_cross_entropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                Aten.binary_cross_entropy.Call(input, target, weight, (long)reduction);

            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null) =>
                Aten.binary_cross_entropy_with_logits.Call(input, target, weight, pos_weights, (long)reduction);

            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0) =>
                Aten.cross_entropy_loss.Call(input, target, weight, (long)reduction, ignore_index, label_smoothing);

            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                Aten.nll_loss_nd.Call(input, target, weight, (long)reduction);

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Aten.mse_loss.Call(input, target, (long)reduction);

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Aten.l1_loss.Call(input, target, (long)reduction);

            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1) =>
                Aten.smooth_l1_loss.Call(input, target, (long)reduction, beta);

            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean) =>
                Aten.huber_loss.Call(input, target, (long)reduction, delta);

            /// <summary>Kullback-Leibler divergence. As in TorchSharp, and unlike PyTorch, the target is in log space by default.</summary>
            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                Aten.kl_div.Call(input, target, (long)reduction, log_target);

            public static Tensor ctc_loss(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, long blank = 0, bool zero_infinity = false, Reduction reduction = Reduction.Mean) =>
                Aten.ctc_loss_Tensor.Call(log_probs, targets, input_lengths, target_lengths, blank, (long)reduction, zero_infinity);

            public static Tensor cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                Aten.cosine_embedding_loss.Call(input1, input2, target, margin, (long)reduction);

            public static Tensor hinge_embedding_loss(Tensor input, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                Aten.hinge_embedding_loss.Call(input, target, margin, (long)reduction);

            public static Tensor margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean) =>
                Aten.margin_ranking_loss.Call(input1, input2, target, margin, (long)reduction);

            public static Tensor multi_margin_loss(Tensor input, Tensor target, int p = 1, double margin = 1, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                Aten.multi_margin_loss.Call(input, target, p, margin, weight, (long)reduction);

            public static Tensor multi_label_margin_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Aten.multilabel_margin_loss.Call(input, target, (long)reduction);

            public static Tensor soft_margin_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Aten.soft_margin_loss.Call(input, target, (long)reduction);

            public static Tensor triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, double margin = 1, long p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean) =>
                Aten.triplet_margin_loss.Call(anchor, positive, negative, margin, (double)p, eps, swap, (long)reduction);

            public static Tensor poisson_nll_loss(Tensor input, Tensor target, bool log_input = true, bool full = false, float eps = 1e-8f, Reduction reduction = Reduction.Mean) =>
                Aten.poisson_nll_loss.Call(input, target, log_input, full, (double)eps, (long)reduction);

            /// <summary>-(t log s(x) + (1 - t) log s(-x)), averaged over the classes (the last axis).</summary>
            public static Tensor multilabel_soft_margin_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                using var scope = NewDisposeScope();
                var positive = Aten.mul_Tensor.Call(target, Aten.log_sigmoid.Call(input));
                var negative = Aten.mul_Tensor.Call(Aten.rsub_Scalar.Call(target, 1), Aten.log_sigmoid.Call(Aten.neg.Call(input)));
                var loss = Aten.neg.Call(Aten.add_Tensor.Call(positive, negative));
                if (weight is not null)
                {
                    loss = Aten.mul_Tensor.Call(loss, weight);
                }
                return Reduced(Aten.mean_dim.Call(loss, LastAxis), reduction).MoveToOuterDisposeScope();
            }

            /// <summary>Half of log v + (x - t)² / v with v at least eps, and with <paramref name="full"/> half of log 2π.</summary>
            public static Tensor gaussian_nll_loss(Tensor input, Tensor target, Tensor variance, bool full = false, float eps = 1e-6f, Reduction reduction = Reduction.Mean)
            {
                using var scope = NewDisposeScope();
                if (variance.lt(0).any().ToBoolean())
                {
                    throw new ArgumentException("variance has negative entries", nameof(variance));
                }
                if (variance.dim() == input.dim() - 1)
                {
                    variance = Aten.unsqueeze.Call(variance, -1);
                }
                // The clamp is outside autograd: a variance below eps still gets its gradient.
                var v = Aten.clone.Call(variance);
                using (no_grad())
                {
                    Aten.clamp_min_.Into(v, (double)eps);
                }
                var loss = Aten.add_Tensor.Call(Aten.log.Call(v), Aten.div_Tensor.Call(Aten.square.Call(Aten.sub_Tensor.Call(input, target)), v));
                loss = Aten.mul_Scalar.Call(loss, 0.5);
                if (full)
                {
                    loss = Aten.add_Scalar.Call(loss, 0.5 * Math.Log(2 * Math.PI));
                }
                return Reduced(loss, reduction).MoveToOuterDisposeScope();
            }

            public static Tensor triplet_margin_with_distance_loss(Tensor anchor, Tensor positive, Tensor negative, Func<Tensor, Tensor, Tensor>? distance = null, double margin = 1, bool swap = false, Reduction reduction = Reduction.Mean)
            {
                using var scope = NewDisposeScope();
                distance ??= (a, b) => Aten.pairwise_distance.Call(a, b);
                var near = distance(anchor, positive);
                var far = distance(anchor, negative);
                if (swap)
                {
                    far = Aten.minimum.Call(far, distance(positive, negative));
                }
                var loss = Aten.clamp_min.Call(Aten.add_Scalar.Call(Aten.sub_Tensor.Call(near, far), margin), 0);
                return Reduced(loss, reduction).MoveToOuterDisposeScope();
            }

            private static readonly long[] LastAxis = [-1];

            private static Tensor Reduced(Tensor loss, Reduction reduction) => reduction switch
            {
                Reduction.Mean => Aten.mean.Call(loss),
                Reduction.Sum => Aten.sum.Call(loss),
                _ => loss,
            };
        }
    }
}
