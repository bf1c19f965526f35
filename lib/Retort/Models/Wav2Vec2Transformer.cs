using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// What follows the convolutions, under torchaudio's names: <c>feature_projection</c> and <c>transformer</c>.
/// </summary>
internal sealed class Wav2Vec2Transformer : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
{
    private readonly Projection feature_projection;
    private readonly Blocks transformer;

    public Wav2Vec2Transformer(Wav2Vec2Settings settings, Generator generator) : base(nameof(Wav2Vec2Transformer))
    {
        feature_projection = new Projection(settings, generator);
        transformer = new Blocks(settings, generator);
        RegisterComponents();
    }

    /// <summary>Features (B, T, C) of the convolutions to frames (B, T, D).</summary>
    public override Tensor forward(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        return Run(features, frames, null).MoveToOuterDisposeScope();
    }

    public List<Tensor> EachLayer(Tensor features, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        Run(features, frames, outputs);
        return [.. outputs.Select(x => x.MoveToOuterDisposeScope())];
    }

    private Tensor Run(Tensor features, IReadOnlyList<long>? frames, List<Tensor>? outputs)
    {
        var x = feature_projection.call(features);
        Tensor? mask = null;
        if (frames is not null)
        {
            var length = x.shape[1];
            // Zero in the padding, as if the row ended there: the position convolution then sees what it sees of a clip alone.
            x = x * LengthMask.Valid(frames, length, x.device).unsqueeze(-1).to(x.dtype);
            mask = frames.All(n => n == length) ? null : LengthMask.Additive(frames, length, x.dtype, x.device);
        }
        return transformer.Run(x, mask, outputs);
    }

    private sealed class Projection : nn.Module<Tensor, Tensor>
    {
        private readonly LayerNorm layer_norm;
        private readonly Linear projection;
        private readonly SeededDropout dropout;

        public Projection(Wav2Vec2Settings settings, Generator generator) : base(nameof(Projection))
        {
            var channels = settings.Convolutions[^1].Channels;
            layer_norm = nn.LayerNorm(channels);
            projection = nn.Linear(channels, settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) => dropout.call(projection.call(layer_norm.call(x)));
    }

    private sealed class Blocks : nn.Module
    {
        private readonly Position pos_conv_embed;
        private readonly LayerNorm layer_norm;
        private readonly ModuleList<Block> layers;
        private readonly SeededDropout dropout;
        private readonly Generator generator;
        private readonly double layerDrop;
        private readonly bool normFirst;

        public Blocks(Wav2Vec2Settings settings, Generator generator) : base(nameof(Blocks))
        {
            pos_conv_embed = new Position(settings);
            layer_norm = nn.LayerNorm(settings.Width);
            layers = new ModuleList<Block>([.. Enumerable.Range(0, settings.Depth).Select(_ => new Block(settings, generator))]);
            dropout = new SeededDropout(settings.Dropout, generator);
            this.generator = generator;
            layerDrop = settings.LayerDrop;
            normFirst = settings.LayerNormFirst;
            RegisterComponents();
        }

        /// <summary>(B, T, D) to (B, T, D); each layer's output into the list, if there is one.</summary>
        public Tensor Run(Tensor x, Tensor? mask, List<Tensor>? outputs)
        {
            x = x + pos_conv_embed.call(x);
            // With the norms behind the layers' parts this one stands in front of all layers, and the other way round.
            x = dropout.call(normFirst ? x : layer_norm.call(x));
            foreach (var layer in layers)
            {
                // All layers see the same draws whether or not earlier ones were left out.
                if (!training || layerDrop == 0 || rand(1, generator: generator).item<float>() >= layerDrop)
                {
                    x = layer.call(x, mask);
                }
                outputs?.Add(x);
            }
            return normFirst ? layer_norm.call(x) : x;
        }
    }

    /// <summary>Positions from a grouped convolution with weight norm over its taps (kernel, dimension 2).</summary>
    private sealed class Position : nn.Module<Tensor, Tensor>
    {
        private readonly Weights conv;
        private readonly int kernel;
        private readonly int groups;

        public Position(Wav2Vec2Settings settings) : base(nameof(Position))
        {
            conv = new Weights(settings);
            kernel = settings.PositionKernel;
            groups = settings.PositionGroups;
            RegisterComponents();
        }

        /// <summary>(B, T, D) to (B, T, D).</summary>
        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var v = conv.weight_v;
            var weight = v * (conv.weight_g / v.square().sum([0, 1], keepdim: true).sqrt());
            var y = nn.functional.conv1d(x.transpose(1, 2), weight, conv.bias, padding: kernel / 2, groups: groups);
            // An even kernel gives one frame too many.
            y = kernel % 2 == 0 ? y.narrow(2, 0, y.shape[2] - 1) : y;
            return nn.functional.gelu(y).transpose(1, 2).MoveToOuterDisposeScope();
        }

        private sealed class Weights : nn.Module
        {
            public readonly Parameter bias;
            public readonly Parameter weight_g;
            public readonly Parameter weight_v;

            public Weights(Wav2Vec2Settings settings) : base(nameof(Weights))
            {
                bias = new Parameter(zeros(settings.Width));
                weight_g = new Parameter(ones(1, 1, settings.PositionKernel));
                weight_v = new Parameter(ones(settings.Width, settings.Width / settings.PositionGroups, settings.PositionKernel));
                RegisterComponents();
                this.OutliveScopes();
            }
        }
    }

    private sealed class Block : nn.Module<Tensor, Tensor?, Tensor>
    {
        private const double Epsilon = 1e-5;
        private readonly SelfAttention attention;
        private readonly LayerNorm layer_norm;
        private readonly FeedForward feed_forward;
        private readonly LayerNorm final_layer_norm;
        private readonly SeededDropout dropout;
        private readonly bool normFirst;

        public Block(Wav2Vec2Settings settings, Generator generator) : base(nameof(Block))
        {
            attention = new SelfAttention(settings, generator);
            layer_norm = nn.LayerNorm(settings.Width);
            feed_forward = new FeedForward(settings, generator);
            final_layer_norm = nn.LayerNorm(settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            normFirst = settings.LayerNormFirst;
            RegisterComponents();
        }

        /// <summary>(B, T, D) to (B, T, D).</summary>
        public override Tensor forward(Tensor x, Tensor? mask)
        {
            using var scope = NewDisposeScope();
            if (normFirst)
            {
                var attended = dropout.call(attention.call(EncoderBlock.AddNorm(x, null, layer_norm, Epsilon).Normed, mask));
                var (y, normed) = EncoderBlock.AddNorm(x, attended, final_layer_norm, Epsilon);
                return (y + feed_forward.call(normed)).MoveToOuterDisposeScope();
            }
            // Mixed precision may not round these norms: they are the sums of the next parts.
            var z = EncoderBlock.AddNorm(x, dropout.call(attention.call(x, mask)), layer_norm, Epsilon, keep: true).Normed;
            return EncoderBlock.AddNorm(z, feed_forward.call(z), final_layer_norm, Epsilon, keep: true).Normed.MoveToOuterDisposeScope();
        }
    }

    private sealed class SelfAttention : nn.Module<Tensor, Tensor?, Tensor>
    {
        private readonly Linear k_proj;
        private readonly Linear v_proj;
        private readonly Linear q_proj;
        private readonly Linear out_proj;
        private readonly SeededDropout dropout;
        private readonly int heads;

        public SelfAttention(Wav2Vec2Settings settings, Generator generator) : base(nameof(SelfAttention))
        {
            k_proj = nn.Linear(settings.Width, settings.Width);
            v_proj = nn.Linear(settings.Width, settings.Width);
            q_proj = nn.Linear(settings.Width, settings.Width);
            out_proj = nn.Linear(settings.Width, settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            heads = settings.Heads;
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor? mask)
        {
            using var scope = NewDisposeScope();
            var mixed = Attention.Scaled(Attention.Split(q_proj.call(x), heads), Attention.Split(k_proj.call(x), heads),
                Attention.Split(v_proj.call(x), heads), mask, dropout: training ? dropout : null);
            return out_proj.call(Attention.Merge(mixed)).MoveToOuterDisposeScope();
        }
    }

    private sealed class FeedForward : nn.Module<Tensor, Tensor>
    {
        private readonly Linear intermediate_dense;
        private readonly Linear output_dense;
        private readonly SeededDropout dropout;

        public FeedForward(Wav2Vec2Settings settings, Generator generator) : base(nameof(FeedForward))
        {
            intermediate_dense = nn.Linear(settings.Width, settings.Hidden);
            output_dense = nn.Linear(settings.Hidden, settings.Width);
            dropout = new SeededDropout(settings.Dropout, generator);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            if (!dropout.Acts && Fused.Mlp(x, intermediate_dense.weight, intermediate_dense.bias!, output_dense.weight, output_dense.bias!) is { } fused)
            {
                return fused.MoveToOuterDisposeScope();
            }
            var hidden = intermediate_dense.call(x);
            var active = Fused.Gelu(hidden) ?? nn.functional.gelu(hidden);
            return dropout.call(output_dense.call(dropout.call(active))).MoveToOuterDisposeScope();
        }
    }
}
