using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>What is trained, as functions: the loop knows no model, no loss and no data set.</summary>
public sealed record TrainTask
{
    /// <summary>
    /// The model. All of its parameters that need a gradient are trained; its state_dict is what checkpoints hold. What else
    /// is trained (a projection, a second head) is a submodule of it.
    /// </summary>
    public required nn.Module Model { get; init; }

    /// <summary>The samples of a step, counted from 0: a pure function, so that a resumed run needs no position in the data.</summary>
    public required Func<long, int[]> Order { get; init; }

    /// <summary>The learning rate of a step, counted from 0 (<see cref="Schedule"/>).</summary>
    public required Func<long, double> Rate { get; init; }

    /// <summary>
    /// One step up to the loss: a scalar tensor with a graph. It runs in a dispose scope of its own and in training mode.
    /// Its randomness comes from the context.
    /// </summary>
    public required Func<StepContext, Tensor> Step { get; init; }

    /// <summary>Measures the model; runs in evaluation mode, without gradients, in a dispose scope of its own. Null: nothing is evaluated.</summary>
    public Func<IReadOnlyDictionary<string, double>>? Evaluate { get; init; }

    /// <summary>
    /// Generators that the model's dropout draws from. They are seeded anew at each step from the seed and the step, so that
    /// they have no state to save.
    /// </summary>
    public IReadOnlyList<Generator> Generators { get; init; } = [];

    /// <summary>A factor to the learning rate by the parameter's name; null: 1 for all.</summary>
    public Func<string, double>? RateFactor { get; init; }

    /// <summary>The settings of model, data and loss, written beside the result and compared when a run is resumed.</summary>
    public object? Settings { get; init; }
}
