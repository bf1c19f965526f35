// Exponential average of weights: a <- d·a + (1-d)·w after each step (Polyak and Juditsky, 1992, with a fixed decay d).

using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>
/// An exponential average of a model's weights. Floating tensors of its state_dict are averaged, the others copied.
/// </summary>
public sealed class ExponentialAverage : IDisposable
{
    private readonly nn.Module model;
    private readonly double decay;
    private readonly Dictionary<string, Tensor> average;

    /// <summary>An average that begins at the model's weights.</summary>
    /// <param name="model">the model; its shapes stay what they are</param>
    /// <param name="decay">in (0, 1)</param>
    public ExponentialAverage(nn.Module model, double decay)
    {
        if (decay is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "expected a decay between 0 and 1");
        }
        (this.model, this.decay, average) = (model, decay, StateDict.Copy(model));
    }

    /// <summary>The averages by the names of the state_dict. The tensors are the average's own.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights => average;

    /// <summary>Takes the model's present weights in.</summary>
    public void Update()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var (name, value) in model.state_dict())
        {
            if (is_floating_point(value))
            {
                average[name].mul_(decay).add_(value, 1 - decay);
            }
            else
            {
                average[name].copy_(value);
            }
        }
    }

    /// <summary>Takes averages over that were saved.</summary>
    public void Load(IReadOnlyDictionary<string, Tensor> weights)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        foreach (var (name, value) in average)
        {
            value.copy_(weights.TryGetValue(name, out var weight) ? weight : throw new ArgumentException($"no average of {name}", nameof(weights)));
        }
    }

    /// <summary>Puts the averages into the model until the result is disposed; then the model has its own weights again.</summary>
    public IDisposable Swap()
    {
        var own = StateDict.Copy(model);
        StateDict.Into(model, average);
        return new Back(() =>
        {
            StateDict.Into(model, own);
            StateDict.Dispose(own);
        });
    }

    /// <summary>Frees the averages.</summary>
    public void Dispose() => StateDict.Dispose(average);

    private sealed class Back(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
