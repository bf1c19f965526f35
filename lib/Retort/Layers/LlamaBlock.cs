using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>The gated hidden layer of LLaMA, down(silu(gate x) up x). Keys of its state: <c>fc_1</c> (gate), <c>fc_2</c> (up), <c>proj</c> (down).</summary>
public sealed class SwiGlu : nn.Module<Tensor, Tensor>
{
    private readonly Projection fc_1;
    private readonly Projection fc_2;
    private readonly Projection proj;

    /// <param name="width">width of input and output</param>
    /// <param name="hidden">width between</param>
    /// <param name="dtype">type of the weights; float32 if null</param>
    /// <param name="device">where they are; the CPU if null</param>
    public SwiGlu(int width, int hidden, ScalarType? dtype = null, Device? device = null) : base(nameof(SwiGlu))
    {
        Width = hidden;
        fc_1 = new Projection(width, hidden, dtype: dtype, device: device);
        fc_2 = new Projection(width, hidden, dtype: dtype, device: device);
        proj = new Projection(hidden, width, dtype: dtype, device: device);
        RegisterComponents();
    }

    /// <summary>Width between.</summary>
    internal int Width { get; }

    /// <summary>A layer of the three by Hugging Face's name: gate_proj, up_proj or down_proj.</summary>
    internal Projection Of(string name) => name switch { "gate_proj" => fc_1, "up_proj" => fc_2, _ => proj };

    /// <summary>(..., D) to (..., D).</summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (gate, up) = (fc_1.call(x), fc_2.call(x));
        return proj.call(Fused.Gate(gate, up) ?? nn.functional.silu(gate) * up).MoveToOuterDisposeScope();
    }
}

/// <summary>A layer of LLaMA: x + attention(norm x), then x + hidden(norm x). Keys of its state: <c>norm_1</c>, <c>attn</c>, <c>norm_2</c>, <c>mlp</c>.</summary>
public sealed class LlamaBlock : nn.Module
{
    private readonly RmsNorm norm_1;
    private readonly LlamaAttention attn;
    private readonly RmsNorm norm_2;
    private readonly SwiGlu mlp;

    /// <param name="attention">the attention; becomes a part of this layer</param>
    /// <param name="width">width of a token, D</param>
    /// <param name="hidden">width of the hidden layer</param>
    /// <param name="epsilon">of the norms</param>
    /// <param name="dtype">type of the weights; float32 if null</param>
    /// <param name="device">where they are; the CPU if null</param>
    public LlamaBlock(LlamaAttention attention, int width, int hidden, double epsilon, ScalarType? dtype = null, Device? device = null) : base(nameof(LlamaBlock))
    {
        norm_1 = new RmsNorm(width, epsilon, dtype, device);
        attn = attention;
        norm_2 = new RmsNorm(width, epsilon, dtype, device);
        mlp = new SwiGlu(width, hidden, dtype, device);
        RegisterComponents();
    }

    /// <summary>The attention.</summary>
    public LlamaAttention Attention => attn;

    /// <summary>The frozen linear layers.</summary>
    internal IEnumerable<Projection> Linear => [attn.FusedProjection, attn.Output, mlp.Of("gate_proj"), mlp.Of("up_proj"), mlp.Of("down_proj")];

    /// <summary>The hidden layer.</summary>
    internal SwiGlu Hidden => mlp;

    // Of the five linear layers, and scales where they are all in 8 bits; null where one is more than its weight.
    private (Tensor[] Weights, Tensor[] Scales)? Weights()
    {
        Projection[] linear = [.. Linear];
        if (attn.Updated || linear.Any(p => p.Lora is not null || p.Bias is not null || p.EightBits != linear[0].EightBits))
        {
            return null;
        }
        return linear[0].EightBits
            ? ([.. linear.Select(p => p.Bytes!.Value.Bytes)], [.. linear.Select(p => p.Bytes!.Value.Scales)])
            : ([.. linear.Select(p => (Tensor)p.Weight)], []);
    }

    /// <summary>(B, T, D) to (B, T, D).</summary>
    public Tensor Run(Tensor x, LlamaPass pass)
    {
        using var scope = NewDisposeScope();
        if (pass is { IsFused: true, Cache: { } cache } && Fused.HasLlamaLayer(x, mlp.Width, attn.Head) && Weights() is var (weights, scales))
        {
            var (keys, values) = cache.RoomForOne(attn.Layer);
            return Fused.LlamaLayer(x, [norm_1.Weight, norm_2.Weight], weights, scales, pass.Cosines, pass.Sines, keys, values, cache.Length, norm_1.Epsilon, cache.Left, attn.GatedPrompt(pass))
                .MoveToOuterDisposeScope();
        }
        var middle = x + attn.Attend(norm_1.call(x), pass);
        return (middle + mlp.call(norm_2.call(middle))).MoveToOuterDisposeScope();
    }
}
