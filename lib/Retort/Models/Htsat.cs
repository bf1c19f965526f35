// The teacher's encoder of efficient audio captioning: HTS-AT (Chen et al. 2022), a Swin transformer (Liu et al. 2021) on a
// log-mel spectrogram folded into a square, with the key names of the WavCaps checkpoints.

using Retort.Audio;
using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Settings of <see cref="Htsat"/>; the defaults are the published ones.</summary>
public sealed record HtsatSettings
{
    /// <summary>The front-end: 64 Slaney bins from 50 Hz to 14 kHz each 10 ms of 32 kHz audio, without a dynamic floor.</summary>
    public MelSettings Mel { get; init; } = new()
    {
        SampleRate = 32000,
        FftLength = 1024,
        Hop = 320,
        LowFrequency = 50,
        HighFrequency = 14000,
        Scale = MelScale.Slaney,
        Floor = DbFloor.None,
    };

    /// <summary>Side of the square that the spectrogram is folded into.</summary>
    public int Side { get; init; } = 256;

    /// <summary>Side of a patch.</summary>
    public int Patch { get; init; } = 4;

    /// <summary>Width of a token in the first stage; it doubles from stage to stage.</summary>
    public int Width { get; init; } = 96;

    /// <summary>Blocks of each stage.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [2, 2, 6, 2];

    /// <summary>Attention heads of each stage.</summary>
    public IReadOnlyList<int> Heads { get; init; } = [4, 8, 16, 32];

    /// <summary>Side of an attention window.</summary>
    public int Window { get; init; } = 8;

    /// <summary>Classes of the tagging head.</summary>
    public int Classes { get; init; } = 527;

    /// <summary>Bands that the time axis is cut into and stacked: side / mels.</summary>
    public int Bands => Side / Mel.Mels;

    /// <summary>Most columns of a spectrogram; fewer are stretched to it.</summary>
    public int Columns => Side * Bands;
}

/// <summary>
/// Spectrograms to an embedding for each of 32 time steps and one for the clip. Keys of its state are the published ones, from
/// <c>bn0</c> to <c>head</c>; the tagging head is held so that checkpoints load whole. <see cref="AudioEncoder.Features"/> gives the
/// log-mel (B, columns, mels).
/// </summary>
public sealed class Htsat : AudioEncoder
{
    private readonly BatchNorm2d bn0;
    private readonly Patches patch_embed;
    private readonly ModuleList<Stage> layers;
    private readonly LayerNorm norm;
    private readonly Conv2d tscam_conv;
    private readonly Linear head;
    private readonly MelFrontEnd front;

    /// <summary>A network with fresh weights, to load a checkpoint into.</summary>
    /// <param name="settings">its settings; null for the published ones</param>
    /// <param name="seed">the run's seed</param>
    public Htsat(HtsatSettings? settings = null, long seed = 0) : base(nameof(Htsat))
    {
        Settings = settings ?? new HtsatSettings();
        bn0 = nn.BatchNorm2d(Settings.Mel.Mels);
        patch_embed = new Patches(Settings);
        var (side, width) = (Settings.Side / Settings.Patch, Settings.Width);
        var stages = new List<Stage>();
        for (var i = 0; i < Settings.Depths.Count; i++)
        {
            var last = i == Settings.Depths.Count - 1;
            stages.Add(new Stage(width, side, Settings.Depths[i], Settings.Heads[i], Settings.Window, last));
            (side, width) = last ? (side, width) : (side / 2, width * 2);
        }
        layers = new ModuleList<Stage>([.. stages]);
        norm = nn.LayerNorm(width);
        Width = width;
        tscam_conv = nn.Conv2d(width, Settings.Classes, (side / Settings.Bands, 3), padding: (0, 1));
        head = nn.Linear(Settings.Classes, Settings.Classes);
        RegisterComponents();
        // After the registration: the checkpoints hold the front-end under other names, which follow from the settings.
        front = new MelFrontEnd(Settings.Mel);
        FreshWeights.Fill(this, seed, "htsat", (_, shape, draw) => shape.Length > 1 ? () => draw.Normal(0, 0.02) : null);
        this.OutliveScopes();
    }

    /// <summary>The settings.</summary>
    public HtsatSettings Settings { get; }

    /// <inheritdoc/>
    public override int Width { get; }

    /// <summary>Time steps: always those of a full clip, as shorter ones are stretched.</summary>
    public override long Frames(long samples) => Settings.Columns / (Settings.Patch << (Settings.Depths.Count - 1));

    /// <inheritdoc/>
    public override Tensor Features(Tensor waves, IReadOnlyList<long>? lengths) => front.call(waves).transpose(1, 2);

    /// <summary>The time steps' embeddings (B, 32, D) of spectrograms (B, columns, mels): the mean over the two frequency rows.</summary>
    public override Tensor FromFeatures(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        return Map(features, null).mean([2]).transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor waves, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        return FromFeatures(Features(waves, lengths), null).MoveToOuterDisposeScope();
    }

    /// <summary>The clip's embedding (B, D) from the time steps' (B, T, D): their mean.</summary>
    public static Tensor Embedding(Tensor steps) => steps.mean([1]);

    /// <summary>The tagging head's probabilities (B, classes) of spectrograms (B, columns, mels).</summary>
    public Tensor Probabilities(Tensor features)
    {
        using var scope = NewDisposeScope();
        return tscam_conv.call(Map(features, null)).flatten(2).mean([2]).sigmoid().MoveToOuterDisposeScope();
    }

    /// <summary>Spectrograms to the last map (B, D, rows, T); the image, the patches and each stage's tokens are given to a reader.</summary>
    internal Tensor Map(Tensor features, Action<Tensor>? reader)
    {
        using var scope = NewDisposeScope();
        var image = Image(features);
        reader?.Invoke(image);
        var x = patch_embed.call(image);
        reader?.Invoke(x);
        foreach (var layer in layers)
        {
            x = layer.call(x);
            reader?.Invoke(x);
        }
        long batch = x.shape[0], side = (long)Math.Sqrt(x.shape[1]), rows = side / Settings.Bands;
        // The bands that were stacked along the frequency are laid along the time again.
        return norm.call(x).transpose(1, 2).reshape(batch, Width, Settings.Bands, rows, side)
            .permute(0, 1, 3, 2, 4).reshape(batch, Width, rows, Settings.Bands * side).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            front.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>(B, columns, mels) to (B, 1, side, side): normed by bin, stretched to the full length, cut into bands that are stacked.</summary>
    private Tensor Image(Tensor features)
    {
        var x = bn0.call(features.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2).unsqueeze(1);  // (B, 1, columns, mels)
        if (x.shape[2] > Settings.Columns)
        {
            throw new ArgumentException($"a spectrogram of {x.shape[2]} columns is longer than this encoder's {Settings.Columns} (about {Settings.Columns * Settings.Mel.Hop / (double)Settings.Mel.SampleRate:0.0} s)");
        }
        if (x.shape[2] < Settings.Columns)
        {
            x = nn.functional.interpolate(x, [Settings.Columns, x.shape[3]], mode: InterpolationMode.Bicubic, align_corners: true);
        }
        long batch = x.shape[0], mels = x.shape[3];
        return x.transpose(2, 3).reshape(batch, 1, mels, Settings.Bands, Settings.Side).permute(0, 1, 3, 2, 4).reshape(batch, 1, Settings.Side, Settings.Side);
    }

    private sealed class Patches : nn.Module<Tensor, Tensor>
    {
        private readonly Conv2d proj;
        private readonly LayerNorm norm;

        internal Patches(HtsatSettings settings) : base(nameof(Patches))
        {
            proj = nn.Conv2d(1, settings.Width, settings.Patch, stride: settings.Patch);
            norm = nn.LayerNorm(settings.Width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor image) => norm.call(proj.call(image).flatten(2).transpose(1, 2));
    }

    private sealed class Stage : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<Block> blocks;
        private readonly Merging? downsample;

        internal Stage(int width, int side, int depth, int heads, int window, bool last) : base(nameof(Stage))
        {
            blocks = new ModuleList<Block>([.. Enumerable.Range(0, depth).Select(i => new Block(width, side, heads, window, shifted: i % 2 == 1))]);
            downsample = last ? null : new Merging(width, side);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            foreach (var block in blocks)
            {
                x = block.call(x);
            }
            return (downsample?.call(x) ?? x).MoveToOuterDisposeScope();
        }
    }

    private sealed class Merging : nn.Module<Tensor, Tensor>
    {
        private readonly Linear reduction;
        private readonly LayerNorm norm;
        private readonly int side;

        internal Merging(int width, int side) : base(nameof(Merging))
        {
            this.side = side;
            reduction = nn.Linear(4 * width, 2 * width, hasBias: false);
            norm = nn.LayerNorm(4 * width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            // (B, H / 2, row, W / 2, column, C) to the order column, row of the published concatenation.
            var y = x.view(x.shape[0], side / 2, 2, side / 2, 2, x.shape[2]).permute(0, 1, 3, 4, 2, 5).reshape(x.shape[0], side * side / 4, 4 * x.shape[2]);
            return reduction.call(norm.call(y)).MoveToOuterDisposeScope();
        }
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        private readonly LayerNorm norm1;
        private readonly WindowAttention attn;
        private readonly LayerNorm norm2;
        private readonly Mlp mlp;
        private readonly Tensor? attn_mask;
        private readonly int side;
        private readonly int window;
        private readonly int shift;

        internal Block(int width, int side, int heads, int window, bool shifted) : base(nameof(Block))
        {
            this.side = side;
            this.window = Math.Min(window, side);
            // A map of one window has nothing to shift.
            shift = shifted && side > window ? window / 2 : 0;
            norm1 = nn.LayerNorm(width);
            attn = new WindowAttention(width, heads, this.window);
            norm2 = nn.LayerNorm(width);
            mlp = new Mlp(width, 4 * width);
            attn_mask = shift > 0 ? Mask() : null;
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            long batch = x.shape[0], width = x.shape[2];
            var y = norm1.call(x).view(batch, side, side, width);
            y = shift > 0 ? y.roll([-shift, -shift], [1, 2]) : y;
            y = Windows(y);
            y = attn.Masked(y, attn_mask);
            y = y.view(batch, side / window, side / window, window, window, width).permute(0, 1, 3, 2, 4, 5).reshape(batch, side, side, width);
            y = shift > 0 ? y.roll([shift, shift], [1, 2]) : y;
            x = x + y.reshape(batch, side * side, width);
            return (x + mlp.call(norm2.call(x))).MoveToOuterDisposeScope();
        }

        private Tensor Windows(Tensor x) =>
            x.view(x.shape[0], side / window, window, side / window, window, x.shape[3]).permute(0, 1, 3, 2, 4, 5).reshape(-1, window * window, x.shape[3]);

        /// <summary>(windows, n, n): -100 between places that were not neighbours before the shift.</summary>
        private Tensor Mask()
        {
            using var scope = NewDisposeScope();
            int Region(int at) => at < side - window ? 0 : at < side - shift ? 1 : 2;
            var regions = tensor(Enumerable.Range(0, side * side).Select(i => (float)(Region(i / side) * 3 + Region(i % side))).ToArray(), [1, side, side, 1]);
            var rows = Windows(regions).squeeze(-1);
            return (rows.unsqueeze(1) - rows.unsqueeze(2)).ne(0).to(float32).mul(-100).MoveToOuterDisposeScope();
        }
    }

    private sealed class WindowAttention : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter relative_position_bias_table;
        private readonly Tensor relative_position_index;
        private readonly Linear qkv;
        private readonly Linear proj;
        private readonly int heads;

        internal WindowAttention(int width, int heads, int window) : base(nameof(WindowAttention))
        {
            this.heads = heads;
            var reach = 2 * window - 1;
            relative_position_bias_table = new Parameter(zeros(reach * reach, heads));
            var places = window * window;
            relative_position_index = tensor(Enumerable.Range(0, places * places).Select(i =>
            {
                var (a, b) = (i / places, i % places);
                return (long)((a / window - b / window + window - 1) * reach + a % window - b % window + window - 1);
            }).ToArray(), [places, places]);
            qkv = nn.Linear(width, 3 * width);
            proj = nn.Linear(width, width);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) => Masked(x, null);

        /// <summary>(B windows, n, D) to the same shape.</summary>
        internal Tensor Masked(Tensor x, Tensor? mask)
        {
            using var scope = NewDisposeScope();
            var places = x.shape[1];
            var bias = relative_position_bias_table.index_select(0, relative_position_index.view(-1)).view(places, places, heads).permute(2, 0, 1).unsqueeze(0);  // (1, heads, n, n)
            if (mask is not null)
            {
                // (windows, heads, n, n), the same for each clip.
                bias = (bias + mask.unsqueeze(1)).repeat(x.shape[0] / mask.shape[0], 1, 1, 1);
            }
            return proj.call(Attention.Packed(qkv.call(x), heads, bias)).MoveToOuterDisposeScope();
        }
    }
}
