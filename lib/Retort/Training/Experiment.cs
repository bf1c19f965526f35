using Retort.Torch;
// A notebook's experiment: arms times seeds by a function, results kept and found again by everything that decides them.

using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Retort.Data;

namespace Retort.Training;

/// <summary>One row of an ablation as a notebook writes it: a record of a name, plain settings and functions.</summary>
public interface IArm
{
    /// <summary>What the arm is called in tables and figures; unique in its experiment.</summary>
    string Name { get; }

    /// <summary>
    /// The seeds of the experiment's that it runs for; null for all. An arm of fewer seeds (one for a first look, three where the effect is
    /// large) is run beside the others, and compared over the seeds that both arms have (<see cref="AblationReport.SeedsOf"/>).
    /// </summary>
    [JsonIgnore]
    IReadOnlyList<long>? Seeds => null;
}

/// <summary>How an experiment is run. Nothing here changes a number that it measures.</summary>
public sealed record ExperimentOptions
{
    /// <summary>Where results and runs are kept; null for a folder of the cache named by the settings' type.</summary>
    public string? Folder { get; init; }

    /// <summary>Models trained at once, one core each.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Where it is shown how far the runs are; null: below the cell, or in the terminal.</summary>
    public Progress? Progress { get; init; }

    /// <summary>Stops it: runs at work keep a checkpoint, ended ones their results.</summary>
    public CancellationToken Cancel { get; init; }
}

/// <summary>Arms times seeds, side by side, each result kept under what made it.</summary>
public static class Experiment
{
    /// <summary>Raised when a change of this library changes results, so that those of before are not taken for its own.</summary>
    public const string LibraryVersion = "retort/4";

    /// <summary>
    /// What a result's key says of the code that computed it: <see cref="LibraryVersion"/>, the tensor engine and the sources of its
    /// kernels. Another libtorch or an edited kernel rounds differently, so a result is never taken for another engine's. (The processor is
    /// not part of it: bits may differ from one to the next.)
    /// </summary>
    public static string Version { get; } = VersionOn(LibTorch.Version, LibTorch.Kernels);

    internal static string VersionOn(string engine, string kernels) => $"{LibraryVersion} on {engine}{(kernels.Length > 0 ? $", kernels {kernels}" : "")}";

    /// <summary>
    /// Runs what is not there yet: arms whose settings, functions (<see cref="CodeHash"/>), seed and library version have no
    /// result. Where the environment names a shard (<see cref="Shard"/>) this process runs its share and waits for the others.
    /// </summary>
    /// <param name="settings">a record of everything else that decides the numbers; written beside each result</param>
    /// <param name="arms">the arms</param>
    /// <param name="seeds">the seeds, each for every arm</param>
    /// <param name="train">trains one arm for one seed; all of its randomness comes from the context's seed</param>
    /// <param name="measures">what is measured of a run's outputs, the most important first</param>
    /// <param name="options">folder, threads, progress</param>
    /// <exception cref="ArmsFailedException">Runs failed; thrown after all others have ended.</exception>
    /// <exception cref="ArgumentException">Two arms have one name, a seed stands twice, or there is no measure.</exception>
    public static AblationReport Run<TArm>(object settings, IReadOnlyList<TArm> arms, IReadOnlyList<long> seeds, Func<TArm, ArmContext, ArmOutcome> train,
        IReadOnlyList<Measure> measures, ExperimentOptions? options = null)
        where TArm : IArm
    {
        ArgumentOutOfRangeException.ThrowIfZero(measures.Count, nameof(measures));
        options ??= new ExperimentOptions();
        var folder = options.Folder ?? Path.Combine(Cache.Root, "results-" + FolderName(settings.GetType()));
        var code = CodeHash.Of(train);
        var shard = Shard.FromEnvironment();
        var runs = new AblationSettings { Folder = folder, Threads = options.Threads, Shard = shard, CodeVersion = Version };
        var list = arms.Select(arm => new Arm(arm.Name, new { Settings = settings, Arm = Describe(arm), Train = code }, context => Kept(train(arm, context), context)) { Seeds = arm.Seeds }).ToArray();
        using var shown = options.Progress is null ? Progress.Below() : null;
        var results = Ablation.Run(list, seeds, runs, options.Progress ?? shown, options.Cancel);
        if (shard.Count > 1)
        {
            results = Ablation.Wait(list, seeds, runs, options.Cancel);
        }
        return new AblationReport(results, seeds, [.. arms.Select(a => a.Name)], measures, run => Ablation.FolderOf(folder, run.Arm, run.Seed, run.Key),
            arms.Where(a => a.Seeds is not null).ToDictionary(a => a.Name, a => a.Seeds!));
    }

    /// <summary>Preparations beside one another, such as two teachers, each on a core of its own: the numbers are the same as one after the other. The first error is thrown when all have ended.</summary>
    /// <param name="work">each gets where to say how far it is</param>
    public static void Beside(params Action<Progress>[] work)
    {
        using var shown = Progress.Below();
        AllCores.Beside([.. work.Select(one => (Action)(() => one(shown)))]);
    }

    /// <summary>A folder of the cache for what is made once, such as a teacher or a store: named by all that decides it.</summary>
    /// <param name="kind">what it is, in letters, digits and dashes</param>
    /// <param name="decidedBy">records, arms, texts, numbers, functions, data sets: in this order</param>
    public static string Folder(string kind, params object[] decidedBy) =>
        Path.Combine(Cache.Root, $"{kind}-{SettingsJson.Hash([Version, .. decidedBy.Select(Text)])[..12]}");

    // An anonymous type's name counts cells; a key within the folder tells everything apart.
    private static string FolderName(Type type) => type.Name.All(char.IsAsciiLetterOrDigit) ? type.Name : "settings";

    private static string Text(object value) => value switch
    {
        Delegate function => CodeHash.Of(function),
        IResultKey keyed => keyed.ResultKey,
        IArm arm => Describe(arm).ToJsonString(),
        string text => text,
        _ => SettingsJson.Write(value, SettingsJson.Line),
    };

    private static ArmOutcome Kept(ArmOutcome outcome, ArmContext context)
    {
        if (outcome.Outputs is { } outputs)
        {
            RunOutputs.Save(context.Folder!, outputs);
        }
        return outcome;
    }

    /// <summary>An arm as JSON: plain members by value, functions by what they do.</summary>
    internal static JsonObject Describe(IArm arm)
    {
        var described = new JsonObject();
        foreach (var property in arm.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            if (property.GetIndexParameters().Length > 0 || property.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always })
            {
                continue;
            }
            described[property.Name] = property.GetValue(arm) switch
            {
                null => null,
                Delegate function => "code " + CodeHash.Of(function),
                IResultKey keyed => keyed.ResultKey,
                { } value => JsonSerializer.SerializeToNode(value, value.GetType(), SettingsJson.Line),
            };
        }
        return described;
    }
}
