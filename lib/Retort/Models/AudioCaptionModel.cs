using Retort.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// An audio captioner: an encoder of sounds and a decoder of words on its frames. Keys of its state: <c>encoder</c>, <c>decoder</c>.
/// </summary>
public sealed class AudioCaptionModel : nn.Module<Tensor, IReadOnlyList<long>, Tensor, Tensor>
{
    private readonly AudioEncoder encoder;
    private readonly CaptionDecoder decoder;

    /// <summary>Puts the parts together; they become parts of this model.</summary>
    /// <param name="encoder">the encoder</param>
    /// <param name="decoder">a decoder for frames of the encoder's width</param>
    /// <exception cref="ArgumentException">The widths do not fit.</exception>
    public AudioCaptionModel(AudioEncoder encoder, CaptionDecoder decoder) : base(nameof(AudioCaptionModel))
    {
        if (encoder.Width != decoder.Settings.FrameWidth)
        {
            throw new ArgumentException($"an encoder of width {encoder.Width} does not fit a decoder of frames of width {decoder.Settings.FrameWidth}", nameof(decoder));
        }
        this.encoder = encoder;
        this.decoder = decoder;
        RegisterComponents();
    }

    /// <summary>The encoder.</summary>
    public AudioEncoder Encoder => encoder;

    /// <summary>The decoder.</summary>
    public CaptionDecoder Decoder => decoder;

    /// <summary>The paper's student, with fresh weights.</summary>
    /// <param name="vocabulary">number of tokens</param>
    /// <param name="seed">the run's seed</param>
    public static AudioCaptionModel Student(int vocabulary, long seed = 0)
    {
        var generator = new Generator((ulong)seed);
        return new AudioCaptionModel(new EfficientNetEncoder(null, seed, generator), new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = vocabulary }, seed, generator));
    }

    /// <summary>Waves to the encoder's frames (B, T, C), and how many of each row are valid.</summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave</param>
    public (Tensor Frames, long[] Lengths) Encode(Tensor waves, IReadOnlyList<long> lengths) => (encoder.call(waves, lengths), encoder.Frames(lengths)!);

    /// <summary>Teacher forcing: logits (B, L, V) of the token after each.</summary>
    /// <param name="waves">(B, samples), padded on the right</param>
    /// <param name="lengths">samples of each wave</param>
    /// <param name="tokens">(B, L), int64, beginning with the start symbol</param>
    public override Tensor forward(Tensor waves, IReadOnlyList<long> lengths, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var (frames, valid) = Encode(waves, lengths);
        return decoder.call(tokens, frames, valid).MoveToOuterDisposeScope();
    }

    /// <summary>The clip embedding (B, C): the mean of a row's valid frames.</summary>
    /// <param name="frames">(B, T, C)</param>
    /// <param name="lengths">valid frames of each row; null if all are</param>
    public static Tensor Pool(Tensor frames, IReadOnlyList<long>? lengths)
    {
        using var scope = NewDisposeScope();
        if (lengths is null)
        {
            return frames.mean([1]).MoveToOuterDisposeScope();
        }
        var valid = LengthMask.Valid(lengths, frames.shape[1], frames.device).unsqueeze(-1);
        var counts = tensor([.. lengths.Select(n => (float)n)], device: frames.device).unsqueeze(-1);
        return (frames.masked_fill(valid.logical_not(), 0).sum(1) / counts).MoveToOuterDisposeScope();
    }
}
