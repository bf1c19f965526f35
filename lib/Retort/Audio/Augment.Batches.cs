// Augmentation of batches: CED's masks (its mask_along_axis, one time and one frequency mask a clip, 0 dB) and mixup.

using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Audio;

public static partial class Augment
{
    /// <summary>Waves (B, samples), each moved later by its view's shift, circularly.</summary>
    public static Tensor Shift(Tensor waves, IReadOnlyList<View> views)
    {
        CheckBatch(waves, 2, views.Count);
        if (views.All(view => view.Shift == 0))
        {
            return waves.alias();
        }
        using var scope = NewDisposeScope();
        var rows = new Tensor[views.Count];
        for (var b = 0; b < rows.Length; b++)
        {
            var row = waves.select(0, b);
            rows[b] = views[b].Shift == 0 ? row : row.roll(views[b].Shift, 0);
        }
        return stack(rows).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Mel spectrograms (B, mels, frames) with the time mask and the frequency mask of each clip's view filled. The input
    /// is not changed.
    /// </summary>
    public static Tensor Mask(Tensor mel, IReadOnlyList<View> views, ViewSettings settings)
    {
        CheckBatch(mel, 3, views.Count);
        if (settings.TimeMask == 0 && settings.FrequencyMask == 0)
        {
            return mel.alias();
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mels = (int)mel.shape[1];
        var frames = (int)mel.shape[2];
        var masked = logical_or(
            Inside(views.Select(view => view.TimeSpan(frames, settings)), frames, mel.device).unsqueeze(1),
            Inside(views.Select(view => view.FrequencySpan(mels, settings)), mels, mel.device).unsqueeze(2));  // (B, mels, frames)
        var filled = settings.Fill == MaskFill.Constant
            ? mel.masked_fill(masked, settings.FillValue)
            : where(masked, mel.mean([1, 2], keepdim: true), mel);
        return filled.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same in the input's own memory, in one pass, where it is a plain float32 tensor of the CPU and masks are filled with a constant; false, and
    /// nothing done, elsewhere.
    /// </summary>
    internal static bool MaskInPlace(Tensor mel, IReadOnlyList<View> views, ViewSettings settings)
    {
        CheckBatch(mel, 3, views.Count);
        if (mel.device_type != DeviceType.CPU || mel.dtype != ScalarType.Float32 || !mel.is_contiguous() || settings.Fill != MaskFill.Constant)
        {
            return false;
        }
        var (mels, frames) = ((int)mel.shape[1], (int)mel.shape[2]);
        var values = Values(mel);
        for (var b = 0; b < views.Count; b++)
        {
            var (time, frequency) = (views[b].TimeSpan(frames, settings), views[b].FrequencySpan(mels, settings));
            for (var m = 0; m < mels; m++)
            {
                var row = values.Slice((b * mels + m) * frames, frames);
                var whole = m >= frequency.Start && m < frequency.Start + frequency.Width;
                (whole ? row : row.Slice(time.Start, time.Width)).Fill((float)settings.FillValue);
            }
        }
        return true;
    }

    /// <summary>The values of a contiguous float32 tensor of the CPU, to read and to write.</summary>
    internal static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>
    /// Mixup with the batch in reverse order: x'_b = w_b x_(B-1-b) + (1 - w_b) x_b. For spectrograms after masking, as
    /// published; the targets are mixed the same way (<c>SoftTargets.BceMixed</c>).
    /// </summary>
    /// <param name="batch">(B, ...)</param>
    /// <param name="weights">B weights of the partner (<see cref="MixupWeights"/>)</param>
    public static Tensor Mixup(Tensor batch, ReadOnlySpan<float> weights)
    {
        CheckBatch(batch, batch.dim(), weights.Length);
        using var scope = NewDisposeScope();
        var shape = new long[batch.dim()];
        Array.Fill(shape, 1);
        shape[0] = weights.Length;
        var weight = tensor(weights.ToArray(), device: batch.device).view(shape);
        return batch.lerp(batch.flip(0), weight).MoveToOuterDisposeScope();
    }

    /// <summary>(B, size): true inside each span.</summary>
    private static Tensor Inside(IEnumerable<(int Start, int Width)> spans, int size, Device device)
    {
        var all = spans.ToArray();
        var place = arange(size, int64, device).unsqueeze(0);
        var start = tensor(all.Select(span => (long)span.Start).ToArray(), device: device).unsqueeze(1);
        var end = tensor(all.Select(span => (long)span.Start + span.Width).ToArray(), device: device).unsqueeze(1);
        return logical_and(place.ge(start), place.lt(end));
    }

    private static void CheckBatch(Tensor batch, long rank, int count)
    {
        if (batch.dim() != rank || rank == 0 || batch.shape[0] != count)
        {
            throw new ArgumentException($"a batch of shape ({string.Join(", ", batch.shape)}) does not fit {count} views or weights and rank {rank}");
        }
    }
}
