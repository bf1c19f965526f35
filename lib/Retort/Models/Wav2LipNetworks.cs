// The networks of Wav2Lip (Prajwal et al., ACM MM 2020) that talking portraits use: the audio encoder, whose features
// KDTalker is conditioned on, and the lip-sync expert. Both are rows of convolutions with batch norm.

using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Convolution, batch norm, the input again where it is residual, ReLU. Keys: <c>conv_block.0</c>, <c>conv_block.1</c>.</summary>
internal sealed class NormedConvolution : nn.Module<Tensor, Tensor>
{
    private readonly Sequential conv_block;
    private readonly bool residual;

    internal NormedConvolution(int from, int to, (long, long) kernel, (long, long) stride, (long, long) padding, bool residual = false) : base(nameof(NormedConvolution))
    {
        this.residual = residual;
        conv_block = nn.Sequential(nn.Conv2d(from, to, kernel, stride, padding), nn.BatchNorm2d(to));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = conv_block.call(x);
        return nn.functional.relu(residual ? y + x : y).MoveToOuterDisposeScope();
    }

    internal static NormedConvolution Of(int from, int to, int kernel, (long, long) stride, int padding) => new(from, to, (kernel, kernel), stride, (padding, padding));

    internal static NormedConvolution Residual(int channels) => new(channels, channels, (3, 3), (1, 1), (1, 1), residual: true);

    internal static Sequential Row(params IEnumerable<NormedConvolution> blocks) => nn.Sequential([.. blocks.Select(b => (nn.Module<Tensor, Tensor>)b)]);

    /// <summary>80 x 16 of mel to (B, width): thirteen blocks, fourteen with one more residual block at the end.</summary>
    internal static Sequential Audio(int residualAtTheEnd, int width = 512)
    {
        int a = width / 16, b = width / 8, c = width / 4, d = width / 2;
        return Row([
            Of(1, a, 3, (1, 1), 1), Residual(a), Residual(a), Of(a, b, 3, (3, 1), 1), Residual(b), Residual(b),
            Of(b, c, 3, (3, 3), 1), Residual(c), Residual(c), Of(c, d, 3, (3, 2), 1), .. Enumerable.Range(0, residualAtTheEnd).Select(_ => Residual(d)),
            Of(d, width, 3, (1, 1), 0), Of(width, width, 1, (1, 1), 0)]);
    }
}

/// <summary>
/// Wav2Lip's audio encoder: mel windows (N, 1, 80, 16) to features (N, 512), not negative. Frozen in KDTalker. Its keys are
/// <c>audio_encoder.*</c>, the published checkpoint's without the prefix <c>module.</c>.
/// </summary>
public sealed class Wav2LipAudioEncoder : nn.Module<Tensor, Tensor>
{
    private readonly Sequential audio_encoder;

    /// <summary>An encoder with PyTorch's fresh weights, whose generator decides them; load a checkpoint before use.</summary>
    /// <param name="width">features a frame, a multiple of 16; 512 as published</param>
    public Wav2LipAudioEncoder(int width = 512) : base(nameof(Wav2LipAudioEncoder))
    {
        Width = width;
        audio_encoder = NormedConvolution.Audio(1, width);
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>Features a frame.</summary>
    public int Width { get; }

    /// <summary>Features (N, width) of mel windows (N, 1, 80, 16).</summary>
    public override Tensor forward(Tensor windows)
    {
        using var scope = NewDisposeScope();
        return audio_encoder.call(windows).flatten(1).MoveToOuterDisposeScope();
    }

    /// <summary>The outputs of each block, for comparison with a reference.</summary>
    internal IReadOnlyList<Tensor> EachBlock(Tensor windows)
    {
        var outputs = new List<Tensor>();
        for (var i = 0; i < audio_encoder.Count; i++)
        {
            windows = audio_encoder[i].call(windows);
            outputs.Add(windows);
        }
        return outputs;
    }
}

/// <summary>
/// Wav2Lip's lip-sync expert (16,435,072 parameters): five lower halves of faces and the mel window of their first frame to two embeddings of
/// length 1, whose cosine says how well they fit.
/// </summary>
public sealed class LipSyncExpert : nn.Module<Tensor, Tensor, (Tensor Audio, Tensor Face)>
{
    private readonly Sequential face_encoder;
    private readonly Sequential audio_encoder;

    /// <summary>An expert with PyTorch's fresh weights; load a checkpoint before use.</summary>
    public LipSyncExpert() : base(nameof(LipSyncExpert))
    {
        static NormedConvolution C(int from, int to, int kernel, long sh, long sw, int padding) => NormedConvolution.Of(from, to, kernel, (sh, sw), padding);
        static NormedConvolution R(int channels) => NormedConvolution.Residual(channels);
        face_encoder = NormedConvolution.Row(
            C(15, 32, 7, 1, 1, 3), C(32, 64, 5, 1, 2, 1), R(64), R(64), C(64, 128, 3, 2, 2, 1), R(128), R(128), R(128),
            C(128, 256, 3, 2, 2, 1), R(256), R(256), C(256, 512, 3, 2, 2, 1), R(512), R(512), C(512, 512, 3, 2, 2, 1), C(512, 512, 3, 1, 1, 0), C(512, 512, 1, 1, 1, 0));
        audio_encoder = NormedConvolution.Audio(2);
        RegisterComponents();
        this.OutliveScopes();
    }

    /// <summary>Embeddings (N, 512) of mel windows (N, 1, 80, 16) and of faces (N, 15, 48, 96): five RGB pictures in 0..1 behind one another.</summary>
    public override (Tensor Audio, Tensor Face) forward(Tensor mel, Tensor faces)
    {
        using var scope = NewDisposeScope();
        return (nn.functional.normalize(audio_encoder.call(mel).flatten(1)).MoveToOuterDisposeScope(),
            nn.functional.normalize(face_encoder.call(faces).flatten(1)).MoveToOuterDisposeScope());
    }
}
