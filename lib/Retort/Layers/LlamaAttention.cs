// Attention of a LLaMA layer with the adapter of "Large Language Models are Efficient Learners of Noise-Robust Speech
// Recognition" (RobustGER, ICLR 2024). Names and shapes of the state are the published code's: q, k and v in one projection,
// per key-value group its queries, then its key, then its value. Where paper and code part the code is followed: the noise
// is added to the prompt's keys and values behind the projection (equation 13 subtracts it from the prompt before it).

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>What one pass through the layers shares: positions, masks, kept keys, the noise, and what is tapped.</summary>
public sealed record LlamaPass
{
    /// <summary>Whether the layers attend by <see cref="Fused.AttendGrouped"/>, which needs no mask: each token sees itself and those before it but the padding.</summary>
    public bool IsFused { get; init; }

    /// <summary>Cosines of the tokens' angles, (B or 1, T, 1, 1, h/2); float32 where fused, else as the weights.</summary>
    public required Tensor Cosines { get; init; }

    /// <summary>Sines of the tokens' angles, (B or 1, T, 1, 1, h/2).</summary>
    public required Tensor Sines { get; init; }

    /// <summary>Added to the scores, broadcast to (B, 1, 1, T, S); null for none, and where fused.</summary>
    public Tensor? Mask { get; init; }

    /// <summary>Kept keys and values; null for none.</summary>
    public LlamaCache? Cache { get; init; }

    /// <summary>The noise embedding (B, U, width): what is added, so the negative of the paper's E_LN. Null for none.</summary>
    public Tensor? Noise { get; init; }

    /// <summary>Where the tuners' outputs e_k and e_v go, each (B, U, heads h), layer after layer; null where they are not wanted.</summary>
    public List<Tensor>? Taps { get; init; }
}

/// <summary>Grouped-query attention with rotary positions, and prompt rows with a noise tuner where the layer is adapted.</summary>
public sealed class LlamaAttention : nn.Module
{
    private readonly Projection attn;
    private readonly Projection proj;
    private readonly RowTable? adapter_wte;
    private readonly Parameter? gating_factor;
    private readonly Parameter? key_gating_factor;
    private readonly Parameter? value_gating_factor;
    private readonly Projection? ef_key;
    private readonly Projection? ef_value;
    private readonly RmsNorm? projection_rms_key;
    private readonly RmsNorm? projection_rms_value;
    private readonly Dictionary<string, LowRankUpdate> updates = [];
    private readonly int layer, heads, groups, head;
    private readonly PromptAdapterSettings? adapter;

    /// <param name="layer">number of the layer, from 0</param>
    /// <param name="width">width of a token, D</param>
    /// <param name="heads">query heads, H</param>
    /// <param name="groups">key-value heads, G; divides H</param>
    /// <param name="head">width of a head, h</param>
    /// <param name="bias">whether q, k and v and the projection behind the heads have a bias</param>
    /// <param name="adapter">the adapter; null for none in this layer</param>
    /// <param name="dtype">type of the weights; the adapter's are float32 unless <paramref name="adapterType"/> says else</param>
    /// <param name="device">where they are</param>
    /// <param name="adapterType">type of the adapter's weights</param>
    public LlamaAttention(int layer, int width, int heads, int groups, int head, bool bias = false, PromptAdapterSettings? adapter = null,
        ScalarType? dtype = null, Device? device = null, ScalarType? adapterType = null) : base(nameof(LlamaAttention))
    {
        (this.layer, this.heads, this.groups, this.head, this.adapter) = (layer, heads, groups, head, adapter);
        attn = new Projection(width, (heads + 2 * groups) * head, bias, dtype, device);
        proj = new Projection(heads * head, width, bias, dtype, device);
        if (adapter is not null)
        {
            long all = heads * head, rows = adapter.Rows;
            adapter_wte = new RowTable(rows, width, adapterType, device);
            gating_factor = new Parameter(zeros([1, 1, heads, 1], adapterType, device));
            if (adapter.NoiseWidth > 0)
            {
                key_gating_factor = new Parameter(zeros([1, heads, rows, head], adapterType, device));
                value_gating_factor = new Parameter(zeros([1, heads, rows, head], adapterType, device));
                ef_key = new Projection(adapter.NoiseWidth, all, dtype: adapterType, device: device);
                ef_value = new Projection(adapter.NoiseWidth, all, bias: true, adapterType, device);
                projection_rms_key = new RmsNorm(all, dtype: adapterType, device: device);
                projection_rms_value = new RmsNorm(all, dtype: adapterType, device: device);
            }
        }
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>The projection behind the heads.</summary>
    internal Projection Output => proj;

    /// <summary>The fused projection to queries, keys and values.</summary>
    internal Projection FusedProjection => attn;

    /// <summary>Adds a low-rank update of q_proj, k_proj or v_proj, by that name.</summary>
    internal void Attach(string name, LowRankUpdate update)
    {
        if (!updates.TryAdd(name, update))
        {
            throw new InvalidOperationException($"{name} has a low-rank update already");
        }
        register_module($"lora_{name}", update);
    }

    /// <summary>(B, T, D) to (B, T, D).</summary>
    public Tensor Attend(Tensor x, LlamaPass pass)
    {
        using var scope = NewDisposeScope();
        long batch = x.shape[0], length = x.shape[1];
        var each = heads / groups;
        var qkv = Projected(x);  // (B, T, G, each + 2, h)
        // The queries of a group stand beside one another: keys and values are never repeated. (B, G, each T, h), (B, G, T, h)
        var (rows, k, v) = Fused.SplitHeads(qkv, pass.Cosines, pass.Sines) ?? Split(qkv, pass);
        if (pass.Cache is { } cache)
        {
            (k, v) = cache.Append(layer, k, v);
        }
        if (pass.IsFused)
        {
            return proj.call(Fused.AttendGrouped(rows, k, v, length, pass.Cache?.Left, GatedPrompt(pass))).MoveToOuterDisposeScope();
        }
        var scores = matmul(rows, k.transpose(-2, -1));  // (B, G, each T, S)
        if (pass.Mask is not null)
        {
            scores = (scores.view(batch, groups, each, length, -1) + pass.Mask).view(batch, groups, each * length, -1);
        }
        var y = matmul(scores.softmax(-1), v);  // (B, G, each T, h)
        if (adapter is not null)
        {
            // With a softmax of their own and without positions.
            var (keys, values) = Prompt(pass);
            var prompted = matmul(matmul(rows.view(batch, heads, length, head), keys.transpose(-2, -1)).softmax(-1), values);
            y = y.view(batch, heads, length, head) + prompted * gating_factor!.view(1, heads, 1, 1).to(y.dtype);
        }
        return proj.call(y.view(batch, heads, length, head).transpose(1, 2).reshape(batch, length, heads * head)).MoveToOuterDisposeScope();
    }

    private (Tensor Queries, Tensor Keys, Tensor Values) Split(Tensor qkv, LlamaPass pass)
    {
        var each = heads / groups;
        var turned = RotaryPositions.Rotate(qkv.narrow(3, 0, each + 1), pass.Cosines, pass.Sines);
        var q = turned.narrow(3, 0, each).permute(0, 2, 3, 1, 4) * (1 / Math.Sqrt(head));  // (B, G, each, T, h)
        return (q.reshape(qkv.shape[0], groups, each * qkv.shape[1], head), turned.select(3, each).transpose(1, 2), qkv.select(3, each + 1).transpose(1, 2));
    }

    // Queries, keys and values (B, T, G, each + 2, h).
    private Tensor Projected(Tensor x)
    {
        long batch = x.shape[0], length = x.shape[1];
        var each = heads / groups;
        var fused = attn.call(x).view(batch, length, groups, each + 2, head);
        if (updates.Count == 0)
        {
            return fused;
        }
        Tensor Update(string name, int count) => updates.TryGetValue(name, out var update)
            ? update.call(x).view(batch, length, groups, count, head)
            : zeros([batch, length, groups, count, head], x.dtype, x.device);
        return fused + cat([Update("q_proj", each), Update("k_proj", 1), Update("v_proj", 1)], 3);
    }

    /// <summary>The number of the layer.</summary>
    internal int Layer => layer;

    /// <summary>Width of a head.</summary>
    internal int Head => head;

    /// <summary>Whether queries, keys and values are updated by low rank.</summary>
    internal bool Updated => updates.Count > 0;

    /// <summary>Keys, values and gates of the prompt rows; null where the layer is not adapted.</summary>
    internal (Tensor Keys, Tensor Values, Tensor Gates)? GatedPrompt(LlamaPass pass)
    {
        if (adapter is null)
        {
            return null;
        }
        var (keys, values) = Prompt(pass);
        return (keys, values, gating_factor!.to(float32));
    }

    // Keys and values of the prompt rows; where tokens are kept, those of the first step.
    private (Tensor Keys, Tensor Values) Prompt(LlamaPass pass) => pass.Cache is { } cache ? cache.Prompt(layer, () => PromptKeysValues(pass)) : PromptKeysValues(pass);

    // (B or 1, H, U, h) each: the prompt's through the frozen projection, and the noise's through its tuner, norm and gate.
    private (Tensor Keys, Tensor Values) PromptKeysValues(LlamaPass pass)
    {
        using var scope = NewDisposeScope();
        long rows = adapter!.Rows;
        var each = heads / groups;
        var kv = Projected(adapter_wte!.Weight.to(attn.Weight.dtype).unsqueeze(0)).view(rows, groups, each + 2, head).narrow(2, each, 2);
        var byHead = kv.permute(2, 1, 0, 3).unsqueeze(2).expand(2, groups, each, rows, head).reshape(2, heads, rows, head);
        var (keys, values) = (byHead.narrow(0, 0, 1), byHead.narrow(0, 1, 1));  // (1, H, U, h)
        if (ef_key is not null && pass.Noise is { } noise)
        {
            var input = noise.to(ef_key.Weight.dtype);
            var (tappedKey, tappedValue) = (ef_key.call(input), ef_value!.call(input));  // (B, U, H h)
            if (pass.Taps is not null)
            {
                pass.Taps.Add(tappedKey.alias().DetachFromDisposeScope());
                pass.Taps.Add(tappedValue.alias().DetachFromDisposeScope());
            }
            keys = keys + ByHead(projection_rms_key!, tappedKey) * key_gating_factor!;
            values = values + ByHead(projection_rms_value!, tappedValue) * value_gating_factor!;
        }
        return (keys.to(attn.Weight.dtype).contiguous().MoveToOuterDisposeScope(), values.to(attn.Weight.dtype).contiguous().MoveToOuterDisposeScope());
    }

    private Tensor ByHead(RmsNorm norm, Tensor tapped) =>
        (adapter!.NormaliseNoise ? norm.call(tapped) : tapped).view(tapped.shape[0], adapter.Rows, heads, head).transpose(1, 2);
}
