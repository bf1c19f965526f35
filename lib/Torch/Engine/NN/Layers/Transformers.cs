// Vaswani et al., "Attention is all you need" (2017), as PyTorch's nn.Transformer: each part's output is added to its input and then
// normalized. Sequences are (length, N, width); masks as MultiheadAttention takes them. The keys of the state are PyTorch's.

using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

/// <summary>Self-attention, then a layer of <c>dim_feedforward</c> hidden units.</summary>
public sealed class TransformerEncoderLayer : nn.Module<Tensor, Tensor>
{
    internal readonly TransformerShape Shape;
    private readonly MultiheadAttention attention;
    private readonly TransformerFeed feed;
    private readonly LayerNorm norm1, norm2;
    private readonly Dropout dropout1, dropout2;

    internal TransformerEncoderLayer(TransformerShape shape) : base(nameof(TransformerEncoderLayer))
    {
        Shape = shape;
        register_module("self_attn", attention = new MultiheadAttention(shape.Width, shape.Heads, shape.Dropout, true, false, false, null, null));
        feed = new TransformerFeed(shape, register_module);
        register_module("norm1", norm1 = nn.LayerNorm(shape.Width));
        register_module("norm2", norm2 = nn.LayerNorm(shape.Width));
        register_module("dropout1", dropout1 = nn.Dropout(shape.Dropout));
        register_module("dropout2", dropout2 = nn.Dropout(shape.Dropout));
    }

    public Tensor call(Tensor src, Tensor? src_mask, Tensor? src_key_padding_mask)
    {
        using var scope = NewDisposeScope();
        var x = norm1.call(src + dropout1.call(attention.call(src, src, src, src_key_padding_mask!, false, src_mask!).Item1));
        return norm2.call(x + dropout2.call(feed.Run(x))).MoveToOuterDisposeScope();
    }

    public Tensor call(Tensor src, Tensor? src_mask) => call(src, src_mask, null);

    public override Tensor forward(Tensor src) => call(src, null, null);
}

/// <summary>Layers one after another, each with a copy of the given layer's weights.</summary>
public sealed class TransformerEncoder : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly List<TransformerEncoderLayer> layers = [];
    private readonly LayerNorm? norm;

    public enum Activations
    {
        ReLU = 0,
        GELU = 1,
    }

    internal TransformerEncoder(TransformerEncoderLayer layer, long count, bool normed = false) : base(nameof(TransformerEncoder))
    {
        register_module("layers", TransformerShape.Copies(layer, count, () => new TransformerEncoderLayer(layer.Shape), layers));
        if (normed)
        {
            register_module("norm", norm = nn.LayerNorm(layer.Shape.Width));
        }
    }

    public Tensor call(Tensor src, Tensor? src_mask) => forward(src, src_mask!, null!);

    public Tensor call(Tensor src) => forward(src, null!, null!);

    public override Tensor forward(Tensor src, Tensor src_mask, Tensor src_key_padding_mask)
    {
        using var scope = NewDisposeScope();
        var x = layers.Aggregate(src, (x, layer) => layer.call(x, src_mask, src_key_padding_mask));
        return (norm is null ? x : norm.call(x)).MoveToOuterDisposeScope();
    }
}

/// <summary>Self-attention, attention to the encoder's output, then a layer of <c>dim_feedforward</c> hidden units.</summary>
public sealed class TransformerDecoderLayer : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>
{
    internal readonly TransformerShape Shape;
    private readonly MultiheadAttention attention, source;
    private readonly TransformerFeed feed;
    private readonly LayerNorm norm1, norm2, norm3;
    private readonly Dropout dropout1, dropout2, dropout3;

    internal TransformerDecoderLayer(TransformerShape shape) : base(nameof(TransformerDecoderLayer))
    {
        Shape = shape;
        register_module("self_attn", attention = new MultiheadAttention(shape.Width, shape.Heads, shape.Dropout, true, false, false, null, null));
        register_module("multihead_attn", source = new MultiheadAttention(shape.Width, shape.Heads, shape.Dropout, true, false, false, null, null));
        feed = new TransformerFeed(shape, register_module);
        register_module("norm1", norm1 = nn.LayerNorm(shape.Width));
        register_module("norm2", norm2 = nn.LayerNorm(shape.Width));
        register_module("norm3", norm3 = nn.LayerNorm(shape.Width));
        register_module("dropout1", dropout1 = nn.Dropout(shape.Dropout));
        register_module("dropout2", dropout2 = nn.Dropout(shape.Dropout));
        register_module("dropout3", dropout3 = nn.Dropout(shape.Dropout));
    }

    public new Tensor call(Tensor tgt, Tensor memory, Tensor? tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null)
        => base.call(tgt, memory, tgt_mask!, memory_mask!, tgt_key_padding_mask!, memory_key_padding_mask!);

    public Tensor call(Tensor tgt, Tensor memory) => call(tgt, memory, null);

    public override Tensor forward(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor memory_mask, Tensor tgt_key_padding_mask, Tensor memory_key_padding_mask)
    {
        using var scope = NewDisposeScope();
        var x = norm1.call(tgt + dropout1.call(attention.call(tgt, tgt, tgt, tgt_key_padding_mask, false, tgt_mask).Item1));
        x = norm2.call(x + dropout2.call(source.call(x, memory, memory, memory_key_padding_mask, false, memory_mask).Item1));
        return norm3.call(x + dropout3.call(feed.Run(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Layers one after another, each with a copy of the given layer's weights.</summary>
public sealed class TransformerDecoder : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor>
{
    private readonly List<TransformerDecoderLayer> layers = [];
    private readonly LayerNorm? norm;

    internal TransformerDecoder(TransformerDecoderLayer layer, long count, bool normed = false) : base(nameof(TransformerDecoder))
    {
        register_module("layers", TransformerShape.Copies(layer, count, () => new TransformerDecoderLayer(layer.Shape), layers));
        if (normed)
        {
            register_module("norm", norm = nn.LayerNorm(layer.Shape.Width));
        }
    }

    public new Tensor call(Tensor tgt, Tensor memory, Tensor? tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null)
        => base.call(tgt, memory, tgt_mask!, memory_mask!, tgt_key_padding_mask!, memory_key_padding_mask!);

    public Tensor call(Tensor tgt, Tensor memory) => call(tgt, memory, null);

    public override Tensor forward(Tensor tgt, Tensor memory, Tensor tgt_mask, Tensor? memory_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null)
    {
        using var scope = NewDisposeScope();
        var x = layers.Aggregate(tgt, (x, layer) => layer.call(x, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask));
        return (norm is null ? x : norm.call(x)).MoveToOuterDisposeScope();
    }
}

/// <summary>Encoder and decoder; all matrices begin Xavier-uniform.</summary>
public sealed class Transformer : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly TransformerEncoder encoder;
    private readonly TransformerDecoder decoder;

    internal Transformer(TransformerShape shape, long encoderLayers, long decoderLayers) : base(nameof(Transformer))
    {
        using var encoderLayer = new TransformerEncoderLayer(shape);
        using var decoderLayer = new TransformerDecoderLayer(shape);
        register_module("encoder", encoder = new TransformerEncoder(encoderLayer, encoderLayers, normed: true));
        register_module("decoder", decoder = new TransformerDecoder(decoderLayer, decoderLayers, normed: true));
        foreach (var parameter in parameters())
        {
            if (parameter.dim() > 1)
            {
                nn.init.xavier_uniform_(parameter);
            }
        }
    }

    public Tensor call(Tensor src, Tensor tgt, Tensor? src_mask, Tensor? tgt_mask = null, Tensor? memory_mask = null, Tensor? src_key_padding_mask = null, Tensor? tgt_key_padding_mask = null, Tensor? memory_key_padding_mask = null)
    {
        using var scope = NewDisposeScope();
        var memory = encoder.call(src, src_mask!, src_key_padding_mask!);
        return decoder.call(tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor src, Tensor tgt) => call(src, tgt, null);
}

/// <summary>What the layers of one transformer share.</summary>
internal sealed record TransformerShape(long Width, long Heads, long Hidden, double Dropout, nn.Activations Activation)
{
    internal static ModuleList<T> Copies<T>(T layer, long count, Func<T> make, List<T> into) where T : nn.Module
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var state = layer.state_dict();
        for (var i = 0L; i < count; i++)
        {
            var copy = make();
            copy.load_state_dict(state);
            into.Add(copy);
        }
        return new ModuleList<T>([.. into]);
    }
}

/// <summary>The two linear layers of a transformer's layer, registered in it.</summary>
internal sealed class TransformerFeed
{
    private readonly Linear linear1, linear2;
    private readonly Dropout dropout;
    private readonly nn.Activations activation;

    internal TransformerFeed(TransformerShape shape, Action<string, nn.Module> register)
    {
        activation = shape.Activation;
        register("linear1", linear1 = nn.Linear(shape.Width, shape.Hidden));
        register("dropout", dropout = nn.Dropout(shape.Dropout));
        register("linear2", linear2 = nn.Linear(shape.Hidden, shape.Width));
    }

    internal Tensor Run(Tensor x)
    {
        var hidden = linear1.call(x);
        return linear2.call(dropout.call(activation == nn.Activations.GELU ? F.gelu(hidden) : F.relu(hidden)));
    }
}
