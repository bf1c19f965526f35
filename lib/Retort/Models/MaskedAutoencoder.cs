// Masked autoencoder of an audio transformer's encoder (He et al., "Masked autoencoders are scalable vision learners",
// CVPR 2022; as CED's start points were made in the published SAT code of the same group). The encoder sees a quarter of the
// patches; a small decoder predicts the others. Where the published code differs:
// - Its decoder takes the first token for a class token although the encoder has none, so that one visible token ends
//   up at another's place. Here every token goes back to its own place.
// - Its decoder's positions are numbered along the clip's flattened patches. Here they are laid out as rows and columns,
//   so that a shorter clip's patches keep their positions; at full length the two are the same.
// - Its masks come from a global generator. Here they are a function of seed, clip and step.
// - The decoder's weights start normal with deviation 0.02, as the encoder's. (The published start is not known to us.)

using Retort.Layers;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// An audio transformer's encoder under the key <c>encoder</c> and a decoder; called with spectrograms (B, mels, frames) in
/// dB and the patches' order (B, patches) from <see cref="Orders"/>, it gives the loss. The encoder keeps its own keys,
/// so that its weights go back to an <see cref="AudioTransformer"/> as they are.
/// </summary>
public sealed class MaskedAutoencoder : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly AudioTransformer encoder;
    private readonly Linear decoder_embed;
    private readonly Parameter mask_token;
    private readonly Parameter decoder_pos_embed;
    private readonly ModuleList<EncoderBlock> decoder_blocks;
    private readonly LayerNorm decoder_norm;
    private readonly Linear decoder_pred;
    private readonly int side;

    /// <summary>A decoder with fresh weights around an encoder.</summary>
    /// <param name="encoder">the encoder, which becomes a part of this and is trained; its head is not used</param>
    /// <param name="settings">decoder and masks</param>
    /// <param name="seed">the run's seed: equal seeds and settings give equal weights, on every machine</param>
    /// <exception cref="ArgumentException">The settings do not fit one another, or the encoder has a class token.</exception>
    public MaskedAutoencoder(AudioTransformer encoder, MaskedAutoencoderSettings settings, long seed) : base(nameof(MaskedAutoencoder))
    {
        settings.Check();
        if (encoder.Settings.Pooling == Pooling.Token)
        {
            throw new ArgumentException("the encoder of a masked autoencoder has no class token; choose another pooling", nameof(encoder));
        }
        Settings = settings;
        this.encoder = encoder;
        side = encoder.Settings.Patch;
        decoder_embed = nn.Linear(encoder.Settings.Width, settings.Width);
        mask_token = new Parameter(zeros(1, 1, settings.Width));
        decoder_pos_embed = new Parameter(zeros(1, encoder.Settings.Rows * encoder.Settings.Columns, settings.Width));
        decoder_blocks = new ModuleList<EncoderBlock>(Enumerable.Range(0, settings.Depth)
            .Select(_ => new EncoderBlock(settings.Width, settings.Heads, settings.HiddenRatio * settings.Width)).ToArray());
        decoder_norm = nn.LayerNorm(settings.Width, 1e-6);
        decoder_pred = nn.Linear(settings.Width, side * side);
        RegisterComponents();
        this.OutliveScopes();
        Initialise(seed);
    }

    /// <summary>The settings.</summary>
    public MaskedAutoencoderSettings Settings { get; }

    /// <summary>The encoder.</summary>
    public AudioTransformer Encoder => encoder;

    /// <summary>How many of so many patches the encoder sees: at least one, and at least one is left to predict.</summary>
    public int Visible(int patches) => Math.Clamp((int)(patches * (1 - Settings.MaskRatio)), 1, patches - 1);

    /// <summary>
    /// The patches' numbers in random order for each clip: (B, patches) of int64. The first <see cref="Visible"/> of a row
    /// are seen, the others masked. A row depends on seed, clip and step alone, not on the batch.
    /// </summary>
    /// <param name="seed">the run's seed</param>
    /// <param name="clips">the clips' names</param>
    /// <param name="step">the step or epoch</param>
    /// <param name="patches">patches of a clip</param>
    /// <param name="device">where the order is wanted; null for the CPU</param>
    public static Tensor Orders(long seed, IReadOnlyList<string> clips, long step, int patches, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(patches, 2);
        var order = new long[clips.Count * patches];
        for (var b = 0; b < clips.Count; b++)
        {
            var row = RandomStream.Of(seed, "mask", clips[b], step).Permutation(patches);
            for (var i = 0; i < patches; i++)
            {
                order[b * patches + i] = row[i];
            }
        }
        return tensor(order, [clips.Count, patches], device: device);
    }

    /// <summary>How many patches spectrograms of so many frames have; frames beyond the last whole patch are left out.</summary>
    public int Patches(long frames) => checked((int)(encoder.Settings.Rows * (frames / side)));

    /// <summary>The mean squared error of the masked patches' predicted values, a scalar: <see cref="Loss"/> of <see cref="Predict"/> and <see cref="Targets"/>.</summary>
    /// <param name="mel">spectrograms (B, mels, frames) in dB, before the input norm</param>
    /// <param name="order">from <see cref="Orders"/></param>
    public override Tensor forward(Tensor mel, Tensor order)
    {
        using var scope = NewDisposeScope();
        return Loss(Predict(mel, order), Targets(mel), order).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The values of every patch of spectrograms (B, mels, frames), standardised patch by patch: (B, patches, side²). The
    /// variance is the unbiased one. A patch is row by row of mel bins; patches go along time first.
    /// </summary>
    public Tensor Targets(Tensor mel)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        long batch = mel.shape[0], columns = mel.shape[2] / side;
        var patches = mel.narrow(1, 0, encoder.Settings.Rows * side).narrow(2, 0, columns * side)
            .unfold(1, side, side).unfold(2, side, side).reshape(batch, -1, side * side);
        var mean = patches.mean([-1], keepdim: true);
        var variance = patches.var(-1, unbiased: true, keepdim: true);
        return ((patches - mean) / (variance + Settings.Epsilon).sqrt()).MoveToOuterDisposeScope();
    }

    /// <summary>The decoder's values of the masked patches, (B, masked, side²), in the order of the last columns of <paramref name="order"/>.</summary>
    /// <exception cref="ArgumentException">The order does not fit the spectrograms, or they have more frames than the encoder sees at once.</exception>
    public Tensor Predict(Tensor mel, Tensor order)
    {
        using var scope = NewDisposeScope();
        var patches = Patches(mel.shape[^1]);
        if (mel.dim() != 3 || !order.shape.SequenceEqual([mel.shape[0], patches]) || patches > decoder_pos_embed.shape[1])
        {
            throw new ArgumentException($"spectrograms ({string.Join(", ", mel.shape)}) of {patches} patches, {decoder_pos_embed.shape[1]} at most, " +
                $"do not go with an order of ({string.Join(", ", order.shape)})", nameof(order));
        }
        long batch = mel.shape[0], rows = encoder.Settings.Rows;
        var visible = Visible(patches);
        var seen = decoder_embed.call(encoder.EncodeVisible(mel, order.narrow(1, 0, visible)));  // (B, V, W)
        var shuffled = cat([seen, mask_token.expand(batch, patches - visible, -1)], 1);  // (B, N, W), in the order's order
        var tokens = Pick(shuffled, order.argsort(1))  // back in their places
            + decoder_pos_embed.view(1, rows, -1, Settings.Width).narrow(2, 0, patches / rows).reshape(1, patches, Settings.Width);
        foreach (var block in decoder_blocks)
        {
            tokens = block.call(tokens);
        }
        return decoder_pred.call(decoder_norm.call(Pick(tokens, Masked(order)))).MoveToOuterDisposeScope();
    }

    /// <summary>The mean squared error over the masked patches and their values; visible patches do not count.</summary>
    /// <param name="predicted">from <see cref="Predict"/></param>
    /// <param name="targets">from <see cref="Targets"/>, of all patches</param>
    /// <param name="order">from <see cref="Orders"/></param>
    public Tensor Loss(Tensor predicted, Tensor targets, Tensor order)
    {
        using var scope = NewDisposeScope();
        return nn.functional.mse_loss(predicted, Pick(targets, Masked(order))).MoveToOuterDisposeScope();
    }

    private Tensor Masked(Tensor order)
    {
        var (patches, visible) = (order.shape[1], Visible((int)order.shape[1]));
        return order.narrow(1, visible, patches - visible);
    }

    /// <summary>The tokens (B, K, W) of (B, N, W) whose numbers are (B, K).</summary>
    private static Tensor Pick(Tensor tokens, Tensor numbers) => tokens.gather(1, numbers.unsqueeze(-1).expand(-1, -1, tokens.shape[2]));

    private void Initialise(long seed)
    {
        using var noGrad = no_grad();
        foreach (var (name, parameter) in named_parameters())
        {
            if (name.StartsWith("encoder."))
            {
                continue;
            }
            if (parameter.dim() < 2)
            {
                parameter.fill_(name.EndsWith(".weight") ? 1 : 0);
                continue;
            }
            var draw = RandomStream.Of(seed, "init", name);
            var values = new float[parameter.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)draw.Normal(0, 0.02);
            }
            using var fresh = tensor(values);
            using var shaped = fresh.view(parameter.shape);
            parameter.copy_(shaped);
        }
    }
}
