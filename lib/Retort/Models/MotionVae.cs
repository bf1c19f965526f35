// A conditional variational autoencoder of keypoint motion (Kingma and Welling, 2014) with a critic (Larsen et al., 2016), for KDTalker's
// table of generators. The paper publishes no architecture for its VAE and VAE+GAN rows; this one is ours: encoder and decoder are
// the denoiser's network, so that only the way of generating differs.

using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Motion of a window to a latent of a few numbers and back, both under audio, canonical keypoints and the frame before.</summary>
public sealed class MotionVae : nn.Module
{
    private readonly MotionDenoiser encoder;
    private readonly Linear posterior;
    private readonly Linear into;
    private readonly MotionDenoiser decoder;
    private readonly MotionDenoiser critic;
    private readonly Linear score;

    /// <summary>A model with fresh weights.</summary>
    /// <param name="settings">of encoder and decoder; the critic has one layer of it</param>
    /// <param name="latent">numbers of a window's latent, 1 to the motion's numbers</param>
    /// <param name="seed">the run's seed</param>
    public MotionVae(MotionDenoiserSettings settings, int latent, long seed = 0) : base(nameof(MotionVae))
    {
        if (latent < 1 || latent > settings.Motion)
        {
            throw new ArgumentOutOfRangeException(nameof(latent), latent, $"expected 1 to {settings.Motion} numbers");
        }
        Latent = latent;
        encoder = new MotionDenoiser(settings, seed);
        decoder = new MotionDenoiser(settings, seed + 1);
        critic = new MotionDenoiser(settings with { Depth = 1 }, seed + 2);
        posterior = nn.Linear(settings.Motion, 2 * latent);
        into = nn.Linear(latent, settings.Motion);
        score = nn.Linear(settings.Motion, 1);
        RegisterComponents();
        this.OutliveScopes();
        foreach (var (layer, name) in new[] { (posterior, "posterior"), (into, "into"), (score, "score") })
        {
            FreshWeights.Fill(layer, seed, "motion vae " + name, (_, shape, draw) => shape.Length == 2 ? FreshWeights.Uniform(draw, shape[1]) : null);
        }
    }

    /// <summary>Numbers of a window's latent.</summary>
    public int Latent { get; }

    /// <summary>The posterior's mean and log variance (B, latent) of windows (B, T, motion).</summary>
    public (Tensor Mean, Tensor LogVariance) Encode(Tensor motion, MotionCondition condition)
    {
        using var scope = NewDisposeScope();
        var both = posterior.call(Whole(encoder, motion, condition).mean([1]));
        return (both.narrow(1, 0, Latent).MoveToOuterDisposeScope(), both.narrow(1, Latent, Latent).MoveToOuterDisposeScope());
    }

    /// <summary>Motion (B, T, motion) of latents (B, latent).</summary>
    public Tensor Decode(Tensor latent, MotionCondition condition)
    {
        using var scope = NewDisposeScope();
        var frames = into.call(latent).unsqueeze(1).expand(-1, condition.Audio.shape[1], -1);
        return Whole(decoder, frames, condition).MoveToOuterDisposeScope();
    }

    /// <summary>How real the critic finds each frame (B, T): logits.</summary>
    public Tensor Score(Tensor motion, MotionCondition condition)
    {
        using var scope = NewDisposeScope();
        return score.call(Whole(critic, motion, condition)).squeeze(2).MoveToOuterDisposeScope();
    }

    // No diffusion here: the network is asked at step 0.
    private static Tensor Whole(MotionDenoiser network, Tensor motion, MotionCondition condition) =>
        network.Predict(motion, zeros(motion.shape[0], dtype: int64, device: motion.device), condition);
}
