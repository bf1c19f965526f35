namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
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
                return Aten.scaled_dot_product_attention.Exists
                    ? Aten.scaled_dot_product_attention.Call(query, key, value, attn_mask, p, is_casual)
                    : PlainAttention(query, key, value, attn_mask, p, is_casual);
            }

            // libtorch before 2.0 has no such operator.
            private static Tensor PlainAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, double p, bool causal)
            {
                using var scope = NewDisposeScope();
                var scaled = Aten.mul_Scalar.Call(query, 1 / Math.Sqrt(query.shape[^1]));
                var scores = Aten.matmul.Call(scaled, Aten.transpose_int.Call(key, -2, -1)); // (..., L, S)
                if (causal)
                {
                    var later = ones([query.shape[^2], key.shape[^2]], dtype: ScalarType.Bool, device: query.device).triu(1);
                    scores = Aten.masked_fill_Scalar.Call(scores, later, double.NegativeInfinity);
                }
                else if (mask is not null)
                {
                    scores = mask.dtype == ScalarType.Bool
                        ? Aten.masked_fill_Scalar.Call(scores, Aten.logical_not.Call(mask), double.NegativeInfinity)
                        : Aten.add_Tensor.Call(scores, mask);
                }
                var weights = Aten.softmax_int.Call(scores, -1);
                if (p > 0)
                {
                    weights = Aten.dropout.Call(weights, p, true);
                }
                return Aten.matmul.Call(weights, value).MoveToOuterDisposeScope();
            }
        }
    }
}
