using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Rows of a table, looked up by index.</summary>
public sealed class Embedding : nn.Module<Tensor, Tensor>
{
    private readonly long padding;
    private readonly double? max_norm;
    private readonly double norm_type;
    private readonly bool scale_grad_by_freq;
    private readonly bool sparse;
    private Parameter? _weight;

    internal Embedding(Parameter table, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse) : base(nameof(Embedding))
    {
        weight = table;
        var rows = table.shape[0];
        if (padding_idx is { } index && (index >= rows || index < -rows))
        {
            throw new ArgumentOutOfRangeException(nameof(padding_idx), index, $"the table has {rows} rows");
        }
        // The row of padding gets no gradient; -1 means none.
        padding = padding_idx is { } at ? (at < 0 ? at + rows : at) : -1;
        this.max_norm = max_norm;
        this.norm_type = norm_type;
        this.scale_grad_by_freq = scale_grad_by_freq;
        this.sparse = sparse;
    }

    internal static Embedding Made(long rows, long width, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse, Device? device, ScalarType? dtype)
    {
        var table = Fresh.Parameter([rows, width], device, dtype, t => Aten.normal_.Run(t, 0.0, 1.0));
        var module = new Embedding(table, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);
        if (module.padding >= 0)
        {
            using var guard = no_grad();
            using var row = Aten.select_int.Call(table, 0, module.padding);
            Aten.zero_.Run(row);
        }
        return module;
    }

    public Parameter weight
    {
        get => _weight!;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    public override Tensor forward(Tensor input)
    {
        if (max_norm is { } limit)
        {
            using var guard = no_grad();
            using var flat = Aten.contiguous.Call(input);
            Aten.embedding_renorm_.Run(_weight, flat, limit, norm_type);
        }
        return Aten.embedding.Call(_weight, input, padding, scale_grad_by_freq, sparse);
    }
}

/// <summary>Sums, means or maxima of bags of rows.</summary>
public sealed class EmbeddingBag : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly double? max_norm;
    private readonly double norm_type;
    private readonly bool scale_grad_by_freq;
    private readonly EmbeddingBagMode mode;
    private readonly bool sparse;
    private readonly bool include_last_offset;
    private readonly long padding_index;
    private Parameter? _weight;

    internal EmbeddingBag(Parameter table, double? max_norm, double norm_type, bool scale_grad_by_freq, EmbeddingBagMode mode, bool sparse, bool include_last_offset, long padding_index) : base(nameof(EmbeddingBag))
    {
        weight = table;
        this.max_norm = max_norm;
        this.norm_type = norm_type;
        this.scale_grad_by_freq = scale_grad_by_freq;
        this.mode = mode;
        this.sparse = sparse;
        this.include_last_offset = include_last_offset;
        this.padding_index = padding_index;
    }

    public Parameter weight
    {
        get => _weight!;
        set => Fresh.Put(ref _weight, value, nameof(weight), ConditionallyRegisterParameter);
    }

    /// <summary>Bags are the rows of a 2-D input, or begin at the offsets of a 1-D one.</summary>
    public override Tensor forward(Tensor input, Tensor? offsets, Tensor? perSampleWeights)
    {
        using var scope = NewDisposeScope();
        if (input.dim() == 2)
        {
            if (offsets is not null)
            {
                throw new ArgumentException("a 2-D input is already cut into bags: offsets must be null", nameof(offsets));
            }
            offsets = arange(0, input.shape[0] * input.shape[1], input.shape[1], dtype: input.dtype, device: input.device);
            perSampleWeights = perSampleWeights is null ? null : Aten.reshape.Call(perSampleWeights, Flat);
            input = Aten.reshape.Call(input, Flat);
        }
        else if (offsets is null)
        {
            throw new ArgumentNullException(nameof(offsets), "a 1-D input needs the offsets of its bags");
        }
        if (max_norm is { } limit)
        {
            using var guard = no_grad();
            Aten.embedding_renorm_.Run(_weight, Aten.contiguous.Call(input), limit, norm_type);
        }
        var (output, _, _, _) = Aten.embedding_bag_padding_idx.Call4(_weight, input, offsets, scale_grad_by_freq, (long)mode, sparse,
            perSampleWeights, include_last_offset, padding_index < 0 ? Arg.None : padding_index);
        return output.MoveToOuterDisposeScope();
    }

    private static readonly long[] Flat = [-1];

    public new Tensor call(Tensor input, Tensor? offsets, Tensor? perSampleWeights) => base.call(input, offsets!, perSampleWeights!);

    public Tensor call(Tensor input, Tensor? offsets) => call(input, offsets, null);

    public Tensor call(Tensor input) => call(input, null, null);
}
