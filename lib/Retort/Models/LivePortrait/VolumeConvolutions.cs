// Convolutions over volumes at inference, several times as fast as libtorch's in 3D. Volumes are (B, D, H, W, C), channels together.

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>
/// A 3 x 3 x 3 convolution, its batch norm folded in, and ReLU, as a 2D convolution over slices whose channels are their own and their two neighbours'. Where
/// height and width were to be doubled before it, each place of a cell of 2 x 2 reads 2 x 2 features: four kernels in place of the doubling.
/// Maps of few features are products of gathered taps, for which libtorch's convolution mostly reads padding.
/// </summary>
internal sealed class VolumeConvolution
{
    private const int Few = 4;
    private readonly bool doubles;
    private readonly long outputs;
    private readonly Tensor bias;
    private readonly Tensor? kernel;
    private readonly (int Y, int X, (int Y, int X)[] Taps, Tensor Matrix)[] products = [];

    /// <param name="own">keeps a tensor</param>
    /// <param name="conv">3 x 3 x 3</param>
    /// <param name="norm">after it</param>
    /// <param name="doubles">whether height and width are doubled before it</param>
    /// <param name="size">of the maps that it will see</param>
    /// <param name="order">the published number of each input channel; null as they are</param>
    /// <param name="outgoing">the published number of each output channel; null as they are</param>
    internal VolumeConvolution(Func<Tensor, Tensor> own, Conv3d conv, BatchNorm3d norm, bool doubles, (long Height, long Width) size, Tensor? order = null, Tensor? outgoing = null)
    {
        this.doubles = doubles;
        var gain = norm.weight! / (norm.running_var! + 1e-5).sqrt();
        var weight = conv.weight! * gain.view(-1, 1, 1, 1, 1);
        var shift = (conv.bias! - norm.running_mean!) * gain + norm.bias!;
        weight = order is null ? weight : weight.index_select(1, order);
        (weight, shift) = outgoing is null ? (weight, shift) : (weight.index_select(0, outgoing), shift.index_select(0, outgoing));
        outputs = weight.shape[0];
        // (outputs, 3, 3, 3 C): rows, columns, the three slices' channels.
        weight = weight.permute(0, 3, 4, 2, 1).flatten(3);
        // Taps that fall on one feature are added: for the first place of a cell (-1) and (0, 1), for the second (-1, 0) and (1).
        Tensor Grouped(Tensor w, int axis, int place) => place == 0
            ? stack([w.select(axis, 0), w.select(axis, 1) + w.select(axis, 2)], axis) : stack([w.select(axis, 0) + w.select(axis, 1), w.select(axis, 2)], axis);
        (int Y, int X, Tensor Kernel)[] kernels = doubles
            ? [.. from y in new[] { 0, 1 } from x in new[] { 0, 1 } select (y, x, Grouped(Grouped(weight, 1, y), 2, x))] : [(1, 1, weight)];
        if (size.Height * size.Width > Few)
        {
            kernel = own(cat([.. kernels.Select(k => k.Kernel)], 0).contiguous());
            bias = own(doubles ? shift.repeat(4) : shift);
            return;
        }
        bias = own(shift);
        products = [.. kernels.Select(k =>
        {
            // A doubled map's first place reads one feature before its own, its second one after; a 3 x 3 kernel reads both.
            int reach = doubles ? 2 : 3, top = doubles ? k.Y - 1 : -1, left = doubles ? k.X - 1 : -1;
            (int Y, int X)[] all = [.. from y in Enumerable.Range(0, reach) from x in Enumerable.Range(0, reach) where Math.Abs(y + top) < size.Height && Math.Abs(x + left) < size.Width select (y, x)];
            var matrix = own(cat([.. all.Select(t => k.Kernel.select(1, t.Y).select(1, t.X))], 1).contiguous());
            return (k.Y, k.X, all.Select(t => (t.Y + top, t.X + left)).ToArray(), matrix);
        })];
    }

    /// <summary>Volumes (B, D, H, W, outputs), height and width doubled where it doubles, of volumes (B, D, H, W, C) whose channels are the parts' one after another.</summary>
    internal Tensor Of(params Tensor[] parts)
    {
        using var scope = NewDisposeScope();
        var size = parts[0].shape;
        long batch = size[0], depth = size[1], height = size[2], width = size[3], scale = doubles ? 2 : 1;
        var slices = Slices(parts).view(batch * depth, height, width, -1);
        if (kernel is not null)
        {
            var made = nn.functional.conv2d(slices.permute(0, 3, 1, 2), kernel.permute(0, 3, 1, 2), bias, padding: [1, 1]);
            made = nn.functional.relu(made, inplace: true).permute(0, 2, 3, 1);
            if (doubles)
            {
                var cells = Cells(made, batch * depth, height, width);
                for (var place = 0; place < 4; place++)
                {
                    cells.select(2, place / 2).select(3, place % 2).copy_(made.narrow(1, place / 2, height).narrow(2, place % 2, width).narrow(3, place * outputs, outputs));
                }
                made = cells;
            }
            return made.contiguous().view(batch, depth, scale * height, scale * width, outputs).MoveToOuterDisposeScope();
        }
        var result = Cells(slices, batch * depth, height, width);
        foreach (var (y, x, taps, matrix) in products)
        {
            using var part = NewDisposeScope();
            var gathered = zeros([batch * depth, height, width, taps.Length, slices.shape[3]], device: slices.device);
            for (var t = 0; t < taps.Length; t++)
            {
                var (down, right) = taps[t];
                Tensor Inside(Tensor map, int sign) => map.narrow(1, Math.Max(0, sign * down), height - Math.Abs(down)).narrow(2, Math.Max(0, sign * right), width - Math.Abs(right));
                Inside(gathered.select(3, t), -1).copy_(Inside(slices, 1));
            }
            var made = nn.functional.relu(addmm(bias, gathered.view(batch * depth * height * width, -1), matrix.t(), 1, 1), inplace: true).view(batch * depth, height, width, outputs);
            (doubles ? result.select(2, y).select(3, x) : result).copy_(made);
        }
        return result.view(batch, depth, scale * height, scale * width, outputs).MoveToOuterDisposeScope();
    }

    private Tensor Cells(Tensor like, long count, long height, long width) =>
        empty(doubles ? [count, height, 2, width, 2, outputs] : [count, height, width, outputs], device: like.device);

    // (B, D, H, W, 3 C): the channels of the slice before, of the slice and of the one after; nothing beyond the ends.
    private static Tensor Slices(Tensor[] parts)
    {
        var size = parts[0].shape;
        long depth = size[1], channels = parts.Sum(p => p.shape[4]), at = 0;
        var all = empty([size[0], depth, size[2], size[3], 3, channels], device: parts[0].device);
        all.narrow(1, 0, 1).select(4, 0).zero_();
        all.narrow(1, depth - 1, 1).select(4, 2).zero_();
        foreach (var part in parts)
        {
            var own = all.narrow(5, at, part.shape[4]);
            own.select(4, 1).copy_(part);
            own.narrow(1, 1, depth - 1).select(4, 0).copy_(part.narrow(1, 0, depth - 1));
            own.narrow(1, 0, depth - 1).select(4, 2).copy_(part.narrow(1, 1, depth - 1));
            at += part.shape[4];
        }
        return all;
    }
}

/// <summary>
/// The two 7 x 7 convolutions of the same volume that end the dense motion: the mask's over seven slices, the occlusion's over all. Both as products
/// of spectra of tiles of 22 x 22, of which 16 x 16 hold results: a tenth of the multiplications.
/// </summary>
internal sealed class SpectralMask
{
    private const int Tile = 16, Reach = 3, Taps = 7, Size = Tile + 2 * Reach, Half = Size / 2 + 1;
    private readonly Tensor mask, occlusion, maskBias, occlusionBias;
    private readonly long outputs;

    /// <param name="own">keeps a tensor</param>
    /// <param name="mask">7 x 7 x 7, C to the masks</param>
    /// <param name="occlusion">7 x 7, C D to one; channels of a volume, each with its D slices</param>
    /// <param name="order">the published number of each of the volume's channels</param>
    internal SpectralMask(Func<Tensor, Tensor> own, Conv3d mask, Conv2d occlusion, Tensor order)
    {
        outputs = mask.weight!.shape[0];
        // (7, 7, C, depth's taps, masks) and (7, 7, D, C, 1).
        var all = mask.weight.index_select(1, order).permute(3, 4, 1, 2, 0);
        var flat = occlusion.weight![0].view(mask.weight.shape[1], -1, Taps, Taps).index_select(0, order).permute(2, 3, 1, 0).unsqueeze(-1);
        this.mask = own(Spectrum(all, 2).flatten(3, 5).flatten(1, 2).contiguous());
        this.occlusion = own(Spectrum(flat, 3).flatten(4, 5).flatten(1, 3).contiguous());
        (maskBias, occlusionBias) = (own(mask.bias!.clone()), own(occlusion.bias!.clone()));
    }

    /// <summary>Masks' logits (B, D, H, W, masks) and the occlusion's (B, H, W) of a volume (B, D, H, W, C).</summary>
    internal (Tensor Mask, Tensor Occlusion) Of(Tensor volume)
    {
        using var scope = NewDisposeScope();
        long batch = volume.shape[0], depth = volume.shape[1], height = volume.shape[2], width = volume.shape[3], channels = volume.shape[4];
        long down = (height + Tile - 1) / Tile, across = (width + Tile - 1) / Tile, tiles = batch * down * across;
        var padded = zeros([batch, depth, down * Tile + 2 * Reach, across * Tile + 2 * Reach, channels], device: volume.device);
        padded.narrow(2, Reach, height).narrow(3, Reach, width).copy_(volume);
        // (22, 22, B, tiles down, tiles across, D, C): spectra come out with a frequency's rows together, as products read them.
        var cut = padded.unfold(2, Size, Tile).unfold(3, Size, Tile).permute(5, 6, 0, 2, 3, 1, 4).contiguous();
        var spectra = view_as_real(fft.rfft2(cut, dim: [0, 1])).view(Size * Half, tiles, depth * 2 * channels);
        var each = bmm(spectra.view(Size * Half, tiles * depth, 2 * channels), mask).view(Size * Half, tiles, depth, Taps, 2 * outputs);
        var sum = each.select(3, Reach).clone();
        for (var tap = 0; tap < Taps; tap++)
        {
            if (Math.Abs(tap - Reach) is var away && away > 0 && away < depth)
            {
                long from = Math.Max(0, tap - Reach), to = Math.Max(0, Reach - tap);
                sum.narrow(2, to, depth - away).add_(each.narrow(2, from, depth - away).select(3, tap));
            }
        }
        // (B, D, H, W, masks) of (22, 22, tiles, D, masks).
        var masks = Back(sum.view(Size, Half, tiles, depth * outputs, 2)).view(Tile, Tile, batch, down, across, depth, outputs)
            .permute(2, 5, 3, 0, 4, 1, 6).reshape(batch, depth, down * Tile, across * Tile, outputs).narrow(2, 0, height).narrow(3, 0, width);
        var hidden = Back(bmm(spectra, occlusion).view(Size, Half, tiles, 1, 2)).view(Tile, Tile, batch, down, across)
            .permute(2, 3, 0, 4, 1).reshape(batch, down * Tile, across * Tile).narrow(1, 0, height).narrow(2, 0, width);
        return ((masks + maskBias).MoveToOuterDisposeScope(), (hidden + occlusionBias).MoveToOuterDisposeScope());
    }

    private static Tensor Back(Tensor spectra) => fft.irfft2(view_as_complex(spectra), s: [Size, Size], dim: [0, 1]).narrow(0, 0, Tile).narrow(1, 0, Tile).contiguous();

    // What a row of real and imaginary parts is multiplied by, so that the products are those by the kernels' conjugate spectra: two axes of size 2 more,
    // the row's at `axis` (counted after both axes of frequencies became one), the product's last.
    private static Tensor Spectrum(Tensor kernels, int axis)
    {
        var spectrum = view_as_real(fft.rfft2(kernels.contiguous(), s: [Size, Size], dim: [0, 1])).flatten(0, 1);
        Tensor real = spectrum.select(-1, 0), imaginary = spectrum.select(-1, 1);
        return stack([stack([real, -imaginary], -1), stack([imaginary, real], -1)], axis);
    }
}
