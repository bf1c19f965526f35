// The statistics network of mutual information neural estimation (Belghazi et al. 2018) as RobustGER's code has it: no
// biases, SiLU, and a sigmoid at the end, so that psi lies in (0, 1).

using Retort.Layers;
using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// psi of a language embedding and an audio embedding. Keys of its state are the published: <c>prefix</c> (D, noise),
/// <c>proj1</c> (D/4, D), <c>proj2</c> (D/4, audio), <c>proj3</c> (D/16, D/4), <c>proj4</c> (1, D/16).
/// </summary>
public sealed class MutualInformationNetwork : nn.Module<Tensor, Tensor, bool, Tensor>
{
    private readonly Projection prefix;
    private readonly Projection proj1;
    private readonly Projection proj2;
    private readonly Projection proj3;
    private readonly Projection proj4;

    /// <summary>A network without values in its weights: fill them by <see cref="Fill"/> or load them.</summary>
    /// <param name="width">width of the tuners' outputs, D: heads times their width</param>
    /// <param name="noiseWidth">width of the noise embedding; 384 is MiniLM's</param>
    /// <param name="audioWidth">width of the audio embedding; 1280 is Whisper large's</param>
    /// <param name="narrowest">lower bound of the hidden widths D/4 and D/16, an extra of ours for small models; the published have none</param>
    public MutualInformationNetwork(int width, int noiseWidth, int audioWidth, int narrowest = 1) : base(nameof(MutualInformationNetwork))
    {
        int hidden = Math.Max(width / 4, narrowest), last = Math.Max(hidden / 4, narrowest);
        prefix = new Projection(noiseWidth, width);
        proj1 = new Projection(width, hidden);
        proj2 = new Projection(audioWidth, hidden);
        proj3 = new Projection(hidden, last);
        proj4 = new Projection(last, 1);
        RegisterComponents();
    }

    /// <summary>Gives the weights values that follow from the seed: uniform within 1/sqrt(fan in), PyTorch's start.</summary>
    public void Fill(long seed) => FreshWeights.Fill(this, seed, "mutual information", (_, shape, draw) => FreshWeights.Uniform(draw, shape[1]));

    /// <summary>psi (B).</summary>
    /// <param name="language">(B, U, noise width), the paper's E_LN; or (B, U, D) if it is tuned</param>
    /// <param name="audio">(B, T, audio width), or its mean over time (B, audio width)</param>
    /// <param name="tuned">whether the language embedding has been through a tuner, and so passes by <c>prefix</c></param>
    public override Tensor forward(Tensor language, Tensor audio, bool tuned)
    {
        using var scope = NewDisposeScope();
        var rows = tuned ? language : prefix.call(language);
        var text = nn.functional.silu(proj1.call(rows.mean([1L])));
        var sound = nn.functional.silu(proj2.call(audio.dim() == 3 ? audio.mean([1L]) : audio));
        return proj4.call(nn.functional.silu(proj3.call(text + sound))).sigmoid().squeeze(-1).MoveToOuterDisposeScope();
    }

    /// <summary>psi (B) of a tuned embedding with the network's weights held: gradients go to the embedding alone (stage 2).</summary>
    /// <param name="language">(B, U, D)</param>
    /// <param name="audio">(B, T, audio width), or its mean over time</param>
    public Tensor Held(Tensor language, Tensor audio)
    {
        using var scope = NewDisposeScope();
        Tensor By(Projection layer, Tensor x) => nn.functional.linear(x, layer.Weight.detach());
        var text = nn.functional.silu(By(proj1, language.mean([1L])));
        var sound = nn.functional.silu(By(proj2, audio.dim() == 3 ? audio.mean([1L]) : audio));
        return By(proj4, nn.functional.silu(By(proj3, text + sound))).sigmoid().squeeze(-1).MoveToOuterDisposeScope();
    }
}
