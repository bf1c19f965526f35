using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>A denoiser of one window whose audio part is computed already: made by <see cref="MotionDenoiser.Prepare"/>.</summary>
public sealed class PreparedDenoiser : IDisposable
{
    private readonly MotionDenoiser model;
    private readonly MotionCondition condition;
    private readonly Tensor[][] films;
    private readonly Torch.KeptWeights weights = new();

    internal PreparedDenoiser(MotionDenoiser model, MotionCondition condition, Tensor[][] films)
    {
        this.model = model;
        this.condition = condition;
        this.films = films;
    }

    /// <summary>
    /// Outputs (B, T, motion) of frames (B, T, motion) at one diffusion step, without gradients. The weights are packed for their products at
    /// the first call; one thread at a time.
    /// </summary>
    /// <param name="noisy">(B, T, motion)</param>
    /// <param name="t">the step of all samples</param>
    public Tensor Predict(Tensor noisy, long t)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var kept = weights.Use();
        var steps = full(noisy.shape[0], t, dtype: int64, device: noisy.device);
        var output = model.Run(model.Tokens(noisy, condition), steps, (layer, block, time) => model.Film(layer, block).Of(films[layer][block], time));
        return output.narrow(1, model.Settings.PrefixTokens, noisy.shape[1]).MoveToOuterDisposeScope();
    }

    /// <summary>Frees what was computed.</summary>
    public void Dispose()
    {
        weights.Dispose();
        foreach (var film in films.SelectMany(f => f))
        {
            film.Dispose();
        }
    }
}
