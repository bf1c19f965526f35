using System.Text.Json.Serialization;
using Retort.Data;
using Retort.Models;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>
/// One way of learning scenarios task by task: a name, a loss, and what is in the rehearsal memory. The published arms are
/// <see cref="SluArms"/>; an arm of one's own is <c>new SluArm("mine", (model, batch) => ...)</c>.
/// </summary>
/// <param name="Name">as tables and figures show it</param>
/// <param name="Loss">
/// the loss of a batch, a scalar with a graph. What it reads of the old model (<see cref="SluBatch.Old"/>, <see cref="SluBatch.Decoded"/>
/// and so on) is made; what it does not read is not.
/// </param>
public sealed record SluArm(string Name, Func<SpokenLanguageModel, SluBatch, Tensor> Loss) : IArm
{
    /// <summary>How scenarios arrive.</summary>
    public SluSplit Split { get; init; } = new(3);

    /// <summary>The rehearsal memory's utterances of each scenario, for ever; 0: no memory. Published: 1 % of SLURP's training recordings, 66 a scenario.</summary>
    public int Memory { get; init; }

    /// <summary>Whether <see cref="Memory"/> counts utterances of each intent, so that rare ones keep a place, and not of each scenario, as the authors' code does by default.</summary>
    public bool ByIntent { get; init; }

    /// <summary>How the memory's utterances are chosen.</summary>
    public MemorySelection Selection { get; init; } = MemorySelection.Herding;

    /// <summary>How often a memory utterance stands in an epoch: more than once is oversampled rehearsal.</summary>
    public int Oversample { get; init; } = 1;

    /// <summary>Share of the memory whose gold string is another utterance's, of another intent: labels of poor quality, which the old model has not seen.</summary>
    public double WrongGold { get; init; }

    /// <summary>
    /// Whether the memory's utterances (chosen at random then) are kept out of the training of their own task, so that the old model
    /// is asked about utterances that it has never seen.
    /// </summary>
    public bool HeldOut { get; init; }

    /// <summary>Beams of the old model's decoding; null for the set-up's.</summary>
    public int? Beams { get; init; }

    /// <summary>The same with another seed of the scenarios' order, another split, and so on: a new name for a copy.</summary>
    /// <param name="name">the copy's name</param>
    public SluArm Named(string name) => this with { Name = name };
}

/// <summary>The order in which scenarios arrive. The paper's is not published.</summary>
public enum SluOrder
{
    /// <summary>By decreasing number of SLURP's training sentences, which fits the published numbers best.</summary>
    Size,

    /// <summary>By decreasing number of the training utterances that are there; equal numbers in alphabetical order.</summary>
    Count,

    /// <summary>Alphabetical, as the authors' examples have it.</summary>
    Alphabetical,

    /// <summary>At random, by <see cref="SluSplit.OrderSeed"/>.</summary>
    Random,
}

/// <summary>How the scenarios arrive.</summary>
/// <param name="Tasks">how many tasks they are shared out to, evenly; 1: all at once, the upper bound</param>
/// <param name="Order">in which order</param>
/// <param name="OrderSeed">which random order</param>
public sealed record SluSplit(int Tasks, SluOrder Order = SluOrder.Size, long OrderSeed = 0)
{
    /// <summary>As tables show it.</summary>
    [JsonIgnore]
    public string Name => Tasks == 1 ? "offline" : Order switch
    {
        SluOrder.Count => $"{Tasks} tasks, by count",
        SluOrder.Alphabetical => $"{Tasks} tasks, alphabetical",
        SluOrder.Random => $"{Tasks} tasks, random order {OrderSeed}",
        _ => $"{Tasks} tasks",
    };

    /// <summary>The scenarios of each task.</summary>
    /// <param name="scenarios">the scenario of each training utterance</param>
    /// <param name="given">all scenarios in an order of one's own; null for <see cref="Order"/></param>
    /// <exception cref="BadInputException">The scenarios cannot be shared out evenly, or SLURP's order does not know one of them.</exception>
    public TaskSplit Of(IReadOnlyList<string> scenarios, IReadOnlyList<string>? given = null)
    {
        var order = Order == SluOrder.Count ? ClassOrder.ByCount(scenarios) : ClassOrder.Alphabetical(scenarios);
        if (Tasks < 1 || order.Count % Tasks != 0)
        {
            throw new BadInputException("training utterances", "", $"their {order.Count} scenarios cannot be shared out evenly to {Tasks} tasks");
        }
        if (given is not null)
        {
            return given.Order(StringComparer.Ordinal).SequenceEqual(ClassOrder.Alphabetical(scenarios)) ? TaskSplit.Even(given, Tasks)
                : throw new BadInputException("training utterances", "", $"their scenarios are {string.Join(", ", ClassOrder.Alphabetical(scenarios))}; the order given has {string.Join(", ", given)}");
        }
        if (Order == SluOrder.Size)
        {
            var slurp = SlurpScenarios.ByTrainingSentences.ToList();
            if (order.FirstOrDefault(s => !slurp.Contains(s)) is { } unknown)
            {
                throw new BadInputException("training utterances", "", $"their scenario \"{unknown}\" is none of SLURP's; choose another order than {nameof(SluOrder)}.{nameof(SluOrder.Size)}");
            }
            order = [.. order.OrderBy(slurp.IndexOf)];
        }
        if (Order == SluOrder.Random)
        {
            var shuffled = order.ToArray();
            Randomness.RandomStream.Of(OrderSeed, "scenario order", "").Shuffle(shuffled.AsSpan());
            order = shuffled;
        }
        return TaskSplit.Even(order, Tasks);
    }
}
