using K = TorchSharp.Kernels;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            private static readonly Op Attention = new("aten::scaled_dot_product_attention");
            private static readonly Lazy<bool> HasAttention = new(() => K.Has("aten::scaled_dot_product_attention"));

            /// <summary>
            /// softmax(q k' / sqrt(d) + mask) v over (..., L, d), (..., S, d) and (..., S, dv). A boolean mask keeps where it
            /// is true; a floating one is added.
            /// </summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false)
            {
                if (is_casual && attn_mask is not null)
                {
                    throw new ArgumentException("a causal mask and a mask of one's own exclude each other", nameof(attn_mask));
                }
                return HasAttention.Value
                    ? Attention.Call(query, key, value, attn_mask, p, is_casual)
                    : PlainAttention(query, key, value, attn_mask, p, is_casual);
            }

            // libtorch before 2.0 has no such operator.
            private static Tensor PlainAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, double p, bool causal)
            {
                using var scope = NewDisposeScope();
                var scaled = K.MulScalar.Call(query, 1 / Math.Sqrt(query.shape[^1]));
                var scores = K.Matmul.Call(scaled, K.Transpose.Call(key, -2, -1)); // (..., L, S)
                if (causal)
                {
                    var later = ones([query.shape[^2], key.shape[^2]], dtype: ScalarType.Bool, device: query.device).triu(1);
                    scores = K.MaskedFill.Call(scores, later, double.NegativeInfinity);
                }
                else if (mask is not null)
                {
                    scores = mask.dtype == ScalarType.Bool
                        ? K.MaskedFill.Call(scores, LogicalNot.Call(mask), double.NegativeInfinity)
                        : K.Add.Call(scores, mask);
                }
                var weights = K.Softmax.Call(scores, -1);
                if (p > 0)
                {
                    weights = K.Dropout.Call(weights, p, true);
                }
                return K.Matmul.Call(weights, value).MoveToOuterDisposeScope();
            }

            private static readonly Op LogicalNot = new("aten::logical_not");
        }
    }
}
