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
/// the loss of a batch of the tasks after the first (<see cref="SluSetup.FirstLoss"/>), a scalar with a graph. What it reads of the old model (<see cref="SluBatch.Old"/>, <see cref="SluBatch.Decoded"/>
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

    /// <inheritdoc/>
    [JsonIgnore]
    public IReadOnlyList<long>? Seeds { get; init; }

    /// <summary>Beams of the old model's decoding; null for the set-up's.</summary>
    public int? Beams { get; init; }
}
