using System.Text.Json.Serialization;
using Retort.Randomness;

namespace Retort.Data;

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
            RandomStream.Of(OrderSeed, "scenario order", "").Shuffle(shuffled.AsSpan());
            order = shuffled;
        }
        return TaskSplit.Even(order, Tasks);
    }
}
