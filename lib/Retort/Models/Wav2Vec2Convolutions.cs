using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>wav2vec 2.0's feature extractor: convolutions with exact GELU on the wave. Key of its state: <c>conv_layers</c>.</summary>
internal sealed class Wav2Vec2Convolutions : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
{
    private readonly ModuleList<Layer> conv_layers;

    public Wav2Vec2Convolutions(Wav2Vec2Settings settings) : base(nameof(Wav2Vec2Convolutions))
    {
        conv_layers = new ModuleList<Layer>([.. settings.Convolutions.Select((c, i) =>
            new Layer(i == 0 ? 1 : settings.Convolutions[i - 1].Channels, c, settings, first: i == 0))]);
        RegisterComponents();
    }

    /// <summary>(B, samples) to (B, T, C).</summary>
    public override Tensor forward(Tensor waves, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        var x = waves.unsqueeze(1);
        foreach (var layer in conv_layers)
        {
            lengths = lengths?.Select(layer.Frames).ToArray();
            x = layer.call(x, lengths);
        }
        return x.transpose(1, 2).MoveToOuterDisposeScope();
    }

    private sealed class Layer : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
    {
        private const double Epsilon = 1e-5;
        private readonly Conv1d conv;
        private readonly nn.Module<Tensor, Tensor>? layer_norm;
        private readonly bool overTime;
        private readonly bool overPadding;
        private readonly int kernel;
        private readonly int stride;

        public Layer(int channelsIn, (int Channels, int Kernel, int Stride) c, Wav2Vec2Settings settings, bool first) : base(nameof(Layer))
        {
            (var channels, kernel, stride) = c;
            conv = nn.Conv1d(channelsIn, channels, kernel, stride: stride, bias: settings.ConvolutionBias);
            overTime = settings.ExtractorNorm == ExtractorNorm.GroupNorm;
            overPadding = settings.NormOverPadding;
            layer_norm = !overTime ? nn.LayerNorm(channels, Epsilon)
                : first ? nn.GroupNorm(channels, channels, Epsilon)
                : null;
            RegisterComponents();
        }

        public long Frames(long length) => length < kernel ? 0 : (length - kernel) / stride + 1;

        /// <summary>(B, C, T) to (B, C', T'), with the lengths after this layer.</summary>
        public override Tensor forward(Tensor x, IReadOnlyList<long>? lengths)
        {
            using var scope = NewDisposeScope();
            x = conv.call(x);
            if (layer_norm is GroupNorm group)
            {
                x = lengths is null || overPadding ? group.call(x) : OverOwnFrames(x, lengths, group);
            }
            else if (layer_norm is not null)
            {
                x = layer_norm.call(x.transpose(1, 2)).transpose(1, 2);
            }
            return (Fused.Gelu(x) ?? nn.functional.gelu(x)).MoveToOuterDisposeScope();
        }

        // Each row's norm over its own frames; what stands in the padding does not matter and becomes 0.
        private static Tensor OverOwnFrames(Tensor x, IReadOnlyList<long> lengths, GroupNorm norm)
        {
            var frames = x.shape[2];
            if (lengths.All(n => n == frames))
            {
                return norm.call(x);
            }
            return stack([.. lengths.Select((n, b) =>
                nn.functional.pad(norm.call(x.narrow(0, b, 1).narrow(2, 0, n)), (0, frames - n)).squeeze(0))]);
        }
    }
}
