using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// Attention with several heads over (L, N, E), keys and values of (S, N, ...). Parameters are named as PyTorch's. The
/// second result, the weights averaged over the heads (N, L, S), is null unless asked for.
/// </summary>
public sealed class MultiheadAttention : nn.Module<Tensor, Tensor, Tensor, Tensor, bool, Tensor, Tuple<Tensor, Tensor>>
{
    private readonly long width;
    private readonly long heads;
    private readonly double dropout;
    private readonly bool addZero;
    private readonly Parameter? inWeight, inBias, qWeight, kWeight, vWeight, biasK, biasV;
    private readonly Linear outProjection;

    internal MultiheadAttention(long embedded_dim, long num_heads, double dropout, bool bias, bool add_bias_kv, bool add_zero_attn, long? kdim, long? vdim) : base(nameof(MultiheadAttention))
    {
        if (embedded_dim % num_heads != 0)
        {
            throw new ArgumentException($"a width of {embedded_dim} does not divide into {num_heads} heads", nameof(num_heads));
        }
        width = embedded_dim;
        heads = num_heads;
        this.dropout = dropout;
        addZero = add_zero_attn;
        var k = kdim ?? width;
        var v = vdim ?? width;
        if (k == width && v == width)
        {
            register_parameter("in_proj_weight", inWeight = Xavier([3 * width, width]));
        }
        else
        {
            register_parameter("q_proj_weight", qWeight = Xavier([width, width]));
            register_parameter("k_proj_weight", kWeight = Xavier([width, k]));
            register_parameter("v_proj_weight", vWeight = Xavier([width, v]));
        }
        if (bias)
        {
            register_parameter("in_proj_bias", inBias = Fresh.Constant([3 * width], 0, null, null));
        }
        outProjection = new Linear(width, width, bias, null, null);
        if (bias)
        {
            using var guard = no_grad();
            Aten.zero_.Run(outProjection.bias);
        }
        register_module("out_proj", outProjection);
        if (add_bias_kv)
        {
            register_parameter("bias_k", biasK = XavierNormal());
            register_parameter("bias_v", biasV = XavierNormal());
        }

        // Glorot's uniform and normal distributions over the matrix's own fans.
        static Parameter Xavier(long[] shape)
        {
            var bound = Math.Sqrt(6.0 / (shape[0] + shape[1]));
            return Fresh.Parameter(shape, null, null, t => Aten.uniform_.Run(t, -bound, bound));
        }

        Parameter XavierNormal() => Fresh.Parameter([1, 1, width], null, null, t => Aten.normal_.Run(t, 0.0, Math.Sqrt(2.0 / (2 * width))));
    }

    public override Tuple<Tensor, Tensor> forward(Tensor query, Tensor key, Tensor value, Tensor? key_padding_mask, bool need_weights, Tensor? attn_mask)
    {
        using var scope = NewDisposeScope();
        var (length, batch, head) = (query.shape[0], query.shape[1], width / heads);
        var q = Aten.mul_Scalar.Call(Projected(query, 0, qWeight), 1 / Math.Sqrt(head)); // (L, N, E)
        var k = Projected(key, 1, kWeight);
        var v = Projected(value, 2, vWeight);
        var added = 0;
        if (biasK is not null)
        {
            k = Aten.cat.Call((Tensor[])[k, Aten.expand.Call(biasK, (long[])[1, batch, width])], 0);
            v = Aten.cat.Call((Tensor[])[v, Aten.expand.Call(biasV, (long[])[1, batch, width])], 0);
            added++;
        }
        if (addZero)
        {
            var nothing = zeros([1, batch, width], dtype: k.dtype, device: k.device);
            k = Aten.cat.Call((Tensor[])[k, nothing], 0);
            v = Aten.cat.Call((Tensor[])[v, nothing], 0);
            added++;
        }
        var scores = Aten.matmul.Call(Split(q), Aten.transpose_int.Call(Split(k), -2, -1)); // (N, H, L, S)
        if (attn_mask is not null)
        {
            var mask = Aten.pad.Call(attn_mask, (long[])[0, added], "constant", 0.0);
            if (mask.dim() == 3)
            {
                mask = Aten.reshape.Call(mask, (long[])[batch, heads, length, -1]);
            }
            scores = mask.dtype == ScalarType.Bool
                ? Aten.masked_fill_Scalar.Call(scores, mask, double.NegativeInfinity)
                : Aten.add_Tensor.Call(scores, mask);
        }
        if (key_padding_mask is not null)
        {
            var mask = Aten.pad.Call(key_padding_mask, (long[])[0, added], "constant", 0.0);
            mask = Aten.reshape.Call(mask, (long[])[batch, 1, 1, -1]);
            scores = mask.dtype == ScalarType.Bool
                ? Aten.masked_fill_Scalar.Call(scores, mask, double.NegativeInfinity)
                : Aten.add_Tensor.Call(scores, mask);
        }
        var weights = Aten.softmax_int.Call(scores, -1);
        if (training && dropout > 0)
        {
            weights = Aten.dropout.Call(weights, dropout, true);
        }
        var mixed = Aten.matmul.Call(weights, Split(v)); // (N, H, L, head)
        mixed = Aten.reshape.Call(Aten.permute.Call(mixed, HeadsLast), (long[])[length, batch, width]);
        var output = outProjection.forward(mixed).MoveToOuterDisposeScope();
        var shown = need_weights ? Aten.mean_dim.Call(weights, HeadAxis).MoveToOuterDisposeScope() : null;
        return Tuple.Create(output, shown!);
    }

    public new Tuple<Tensor, Tensor> call(Tensor query, Tensor key, Tensor value, Tensor? key_padding_mask = null, bool need_weights = true, Tensor? attn_mask = null) =>
        base.call(query, key, value, key_padding_mask!, need_weights, attn_mask!);

    private static readonly long[] HeadsLast = [2, 0, 1, 3];
    private static readonly long[] HeadAxis = [1];
    private static readonly long[] HeadsFirst = [1, 2, 0, 3];

    private Tensor Projected(Tensor x, int place, Parameter? weight)
    {
        var matrix = weight ?? Aten.slice_Tensor.Call(inWeight, 0, place * width, (place + 1) * width);
        return Aten.linear.Call(x, matrix, inBias is null ? null : Aten.slice_Tensor.Call(inBias, 0, place * width, (place + 1) * width));
    }

    // (L, N, E) -> (N, H, L, head)
    private Tensor Split(Tensor x) =>
        Aten.permute.Call(Aten.reshape.Call(x, (long[])[x.shape[0], x.shape[1], heads, width / heads]), HeadsFirst);
}
