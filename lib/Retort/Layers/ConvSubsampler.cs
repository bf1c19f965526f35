// Convolutions in front of a speech transformer: they see 50 to 150 ms around each frame and halve the frames, which lets
// a small encoder learn to hear from an hour of speech. Batch norm follows Ioffe and Szegedy (ICML 2015).

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// Frames (B, T, C) to (B, T / 2^halvings, D): convolutions of stride 2, then residual ones of stride 1; each with batch norm and
/// ReLU. Padding is 0 between them. Keys of its state: <c>convs</c>, <c>norms</c>.
/// </summary>
public sealed class ConvSubsampler : nn.Module<Tensor, IReadOnlyList<long>?, Tensor>
{
    private const int Kernel = 5;
    private readonly ModuleList<Conv1d> convs;
    private readonly ModuleList<BatchNorm1d> norms;
    private readonly int halvings;

    /// <param name="channels">C, values of a frame</param>
    /// <param name="width">D</param>
    /// <param name="halvings">convolutions of stride 2</param>
    /// <param name="residual">further convolutions, each added to what it sees</param>
    public ConvSubsampler(int channels, int width, int halvings, int residual) : base(nameof(ConvSubsampler))
    {
        this.halvings = halvings;
        var count = halvings + residual;
        convs = new ModuleList<Conv1d>([.. Enumerable.Range(0, count).Select(i =>
            nn.Conv1d(i == 0 ? channels : width, width, Kernel, stride: i < halvings ? 2 : 1, padding: Kernel / 2, bias: false))]);
        norms = new ModuleList<BatchNorm1d>([.. Enumerable.Range(0, count).Select(_ => nn.BatchNorm1d(width))]);
        RegisterComponents();
    }

    /// <summary>
    /// Whether batch norm uses its running statistics in training, too. Set once the encoder has learned to hear: a batch's own
    /// statistics would let one utterance depend on another, and its padding.
    /// </summary>
    public bool Frozen { get; set; }

    /// <summary>(B, T, C) to (B, T / 2^halvings, D); T must be divisible.</summary>
    /// <param name="x">(B, T, C), 0 in the padding</param>
    /// <param name="frames">valid frames of each row of the output; null if all are</param>
    public override Tensor forward(Tensor x, IReadOnlyList<long>? frames)
    {
        using var scope = NewDisposeScope();
        var y = x.transpose(1, 2);  // (B, C, T)
        for (var i = 0; i < convs.Count; i++)
        {
            var z = nn.functional.batch_norm(convs[i].call(y), norms[i].running_mean!, norms[i].running_var!, norms[i].weight, norms[i].bias, training && !Frozen);
            z = nn.functional.relu(z);
            y = i < halvings ? z : y + z;
            if (frames is not null && frames.Any(n => n << (Math.Max(halvings - 1 - i, 0)) != y.shape[2]))
            {
                var left = Math.Max(halvings - 1 - i, 0);
                y = y * LengthMask.Valid([.. frames.Select(n => n << left)], y.shape[2], y.device).unsqueeze(1).to(y.dtype);
            }
        }
        return y.transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }
}
