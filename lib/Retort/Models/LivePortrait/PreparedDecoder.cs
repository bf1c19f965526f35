// LivePortrait's decoder for many frames. Same pictures as SpadeDecoder's, with what depends on the weights alone done once and less to multiply:
// weights divided by their spectral norm and laid out channels last; where features are shown to a norm at 2 or 4 times their size, the
// convolution of their nearest copies is one of few taps for each place in a cell (3 x 3 taps fall on at most 2 x 2 features); instance norm before
// the doubling instead of after it, and once for a block's two norms of the same input.

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models.LivePortrait;

/// <summary>A decoder's weights made ready for inference (<see cref="SpadeDecoder.Prepare"/>); later changes of the decoder do not reach it.</summary>
public sealed class PreparedDecoder : IDisposable
{
    private readonly List<Tensor> owned = [];
    private readonly ScalarType type;
    private readonly Convolution first, image;
    private readonly Block[] blocks;

    internal PreparedDecoder(SpadeDecoder decoder, ScalarType type)
    {
        this.type = type;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        first = Of(decoder.First.weight!, decoder.First.bias, 1);
        blocks = [.. decoder.Blocks.Select(b => new Block(
            Of(b.Block.First.Normalised(), b.Block.First.Bias, 1), Of(b.Block.Second.Normalised(), b.Block.Second.Bias, 1), b.Block.Short is { } s ? Of(s.Normalised(), s.Bias, 0) : null,
            Of(b.Block.NormFirst, b.Scale), Of(b.Block.NormSecond, b.Scale), b.Block.NormShort is { } n ? Of(n, b.Scale) : null, b.Doubles))];
        image = Of(decoder.Image.weight!, decoder.Image.bias, 1);
    }

    /// <summary>Pictures (B, 3, 8 H, 8 W) in 0..1, float32, of warped features (B, 256, H, W).</summary>
    public Tensor Draw(Tensor features)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var seen = ChannelsLast(features.to(type));
        var x = first.Of(seen);
        foreach (var block in blocks)
        {
            var y = block.Run(x, seen);
            x.Dispose();
            x = y;
        }
        return nn.functional.pixel_shuffle(image.Of(nn.functional.leaky_relu(x, 0.2, inplace: true)), 2).to(float32).sigmoid().MoveToOuterDisposeScope();
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        foreach (var tensor in owned)
        {
            tensor.Dispose();
        }
    }

    private static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    private Tensor Own(Tensor x)
    {
        var kept = x.detach().DetachFromDisposeScope();
        owned.Add(kept);
        return kept;
    }

    // Middle blocks' convolutions in float32 on a processor: of 512 to 512 channels, products cost more than what stands around them.
    private Convolution Of(Tensor weight, Tensor? bias, int padding) => type == ScalarType.Float32 && weight.device.type == DeviceType.CPU && weight.shape is [>= 512, >= 512, 3, 3]
        ? new Winograd(Own, weight, bias) : new Convolution(Own(ChannelsLast(weight.to(type)).alias()), bias is null ? null : Own(bias.to(type).clone()), padding);

    private Spade Of(SpadeDecoder.Spade spade, int scale)
    {
        var shared = spade.Shared;
        var gamma = spade.Gamma;
        return new Spade(Seen(shared, scale), scale,
            Of(gamma.weight!, gamma.bias! + 1, 1), Of(spade.Beta.weight!, spade.Beta.bias, 1));
    }

    // The taps of each class of places in a cell of scale x scale: at its first row, at its last, between.
    private (int[] Rows, int[] Columns, int Top, int Left, Convolution Kernel)[] Seen(Conv2d shared, int scale)
    {
        var weight = shared.weight!.to(float32);
        if (scale == 1)
        {
            return [([0], [0], 0, 0, Of(weight, shared.bias, 1))];
        }
        // What each class reads: the groups of taps that fall on one feature, and how many features lie before its own.
        (int[] Places, int[][] Groups, int Before)[] classes =
        [
            ([0], [[0], [1, 2]], 1),
            ([scale - 1], [[0, 1], [2]], 0),
            ([.. Enumerable.Range(1, scale - 2)], [[0, 1, 2]], 0),
        ];
        Tensor Grouped(Tensor w, int axis, int[][] groups) => stack([.. groups.Select(g => g.Select(i => w.select(axis, i)).Aggregate((a, b) => a + b))], axis);
        return [.. from row in classes
                   where row.Places.Length > 0
                   from column in classes
                   where column.Places.Length > 0
                   let kernel = Grouped(Grouped(weight, 2, row.Groups), 3, column.Groups)
                   select (row.Places, column.Places, row.Before, column.Before, Of(kernel, shared.bias, 1))];
    }

    private record Convolution(Tensor Weight, Tensor? Bias, int Padding)
    {
        internal virtual Tensor Of(Tensor x) => nn.functional.conv2d(x, Weight, Bias, padding: [Padding, Padding]);
    }

    /// <summary>
    /// A 3 x 3 convolution by 36 multiplications for 16 places in place of 144 (Winograd; Lavin and Gray, CVPR 2016, F(4 x 4, 3 x 3)); four times the memory of its
    /// weights. Tiles and results are transformed by one product each: both axes at once.
    /// </summary>
    private sealed record Winograd : Convolution
    {
        private const int Tile = 4, Reach = 6;
        private static readonly double[,] ofInput = { { 4, 0, -5, 0, 1, 0 }, { 0, -4, -4, 1, 1, 0 }, { 0, 4, -4, -1, 1, 0 }, { 0, -2, -1, 2, 1, 0 }, { 0, 2, -1, -2, 1, 0 }, { 0, 4, 0, -5, 0, 1 } };
        private static readonly double[,] ofWeight = { { 1 / 4.0, 0, 0 }, { -1 / 6.0, -1 / 6.0, -1 / 6.0 }, { -1 / 6.0, 1 / 6.0, -1 / 6.0 }, { 1 / 24.0, 1 / 12.0, 1 / 6.0 }, { 1 / 24.0, -1 / 12.0, 1 / 6.0 }, { 0, 0, 1 } };
        private static readonly double[,] ofResult = { { 1, 1, 1, 1, 1, 0 }, { 0, 1, -1, 2, -2, 0 }, { 0, 1, 1, 4, 4, 0 }, { 0, 1, -1, 8, -8, 1 } };
        private readonly Tensor tiles, results;

        // Weight: (36, inputs, outputs).
        internal Winograd(Func<Tensor, Tensor> own, Tensor weight, Tensor? bias)
            : base(own(matmul(kron(tensor(ofWeight), tensor(ofWeight)), weight.to(float64).flatten(2).permute(2, 1, 0).flatten(1)).to(float32).view(Reach * Reach, weight.shape[1], weight.shape[0])),
                bias is null ? null : own(bias.clone()), 1)
        {
            tiles = own(kron(tensor(ofInput), tensor(ofInput)).to(float32));
            results = own(kron(tensor(ofResult), tensor(ofResult)).to(float32));
        }

        internal override Tensor Of(Tensor x)
        {
            using var scope = NewDisposeScope();
            long batch = x.shape[0], height = x.shape[2], width = x.shape[3], down = (height + Tile - 1) / Tile, across = (width + Tile - 1) / Tile, places = batch * down * across;
            // One place around, and to whole tiles on the far sides.
            var padded = nn.functional.pad(x.permute(0, 2, 3, 1), [0, 0, 1, across * Tile - width + 1, 1, down * Tile - height + 1]);
            var cut = padded.unfold(1, Reach, Tile).unfold(2, Reach, Tile).permute(4, 5, 0, 1, 2, 3).reshape(Reach * Reach, -1);
            var made = bmm(matmul(tiles, cut).view(Reach * Reach, places, -1), Weight);
            var y = matmul(results, made.view(Reach * Reach, -1)).view(Tile, Tile, batch, down, across, -1).permute(2, 3, 0, 4, 1, 5).reshape(batch, down * Tile, across * Tile, -1);
            y = y.narrow(1, 0, height).narrow(2, 0, width).contiguous();
            return (Bias is null ? y : y.add_(Bias)).permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        }
    }

    private sealed record Spade((int[] Rows, int[] Columns, int Top, int Left, Convolution Kernel)[] Shared, int Scale, Convolution Gamma, Convolution Beta)
    {
        internal Tensor Run(Tensor normed, Tensor features)
        {
            using var scope = NewDisposeScope();
            var shared = See(features);
            return Beta.Of(shared).addcmul_(normed, Gamma.Of(shared), 1).MoveToOuterDisposeScope();
        }

        // ReLU of the convolution of the features' nearest copies at Scale times their size.
        private Tensor See(Tensor features)
        {
            if (Scale == 1)
            {
                return nn.functional.relu(Shared[0].Kernel.Of(features), inplace: true);
            }
            long batch = features.shape[0], height = features.shape[2], width = features.shape[3], channels = Shared[0].Kernel.Weight.shape[0];
            var all = empty([batch, height * Scale, width * Scale, channels], dtype: features.dtype, device: features.device);
            var cells = all.view(batch, height, Scale, width, Scale, channels);
            foreach (var (rows, columns, top, left, kernel) in Shared)
            {
                using var part = NewDisposeScope();
                // One row or column of padding too many on the side that a kernel of two taps does not read.
                var made = nn.functional.conv2d(features, kernel.Weight, kernel.Bias, padding: [kernel.Weight.shape[2] / 2, kernel.Weight.shape[3] / 2]);
                long y = kernel.Weight.shape[2] == 2 ? 1 - top : 0, x = kernel.Weight.shape[3] == 2 ? 1 - left : 0;
                var places = nn.functional.relu(made, inplace: true).narrow(2, y, height).narrow(3, x, width).permute(0, 2, 3, 1);
                foreach (var row in rows)
                {
                    foreach (var column in columns)
                    {
                        cells.select(2, row).select(3, column).copy_(places);
                    }
                }
            }
            return all.permute(0, 3, 1, 2);
        }
    }

    private sealed record Block(Convolution First, Convolution Second, Convolution? Short, Spade NormFirst, Spade NormSecond, Spade? NormShort, bool Doubles)
    {
        internal Tensor Run(Tensor x, Tensor features)
        {
            using var scope = NewDisposeScope();
            var normed = Normed(x);
            if (Doubles)
            {
                normed = nn.functional.interpolate(normed, scale_factor: [2, 2]);
            }
            var y = First.Of(nn.functional.leaky_relu(NormFirst.Run(normed, features), 0.2, inplace: true));
            y = Second.Of(nn.functional.leaky_relu(NormSecond.Run(Normed(y), features), 0.2, inplace: true));
            return y.add_(Short is null ? x : Short.Of(NormShort!.Run(normed, features))).MoveToOuterDisposeScope();
        }

        // Instance norm. Channels last, batch norm of one sample is the same and four times as fast.
        private static Tensor Normed(Tensor x)
        {
            using var scope = NewDisposeScope();
            Tensor mean = zeros(x.shape[1], device: x.device), deviation = ones(x.shape[1], device: x.device);
            var each = Enumerable.Range(0, (int)x.shape[0]).Select(b => nn.functional.batch_norm(x.narrow(0, b, 1), mean, deviation, training: true, momentum: 0)).ToArray();
            return (each.Length == 1 ? each[0] : cat(each, 0)).MoveToOuterDisposeScope();
        }
    }
}
