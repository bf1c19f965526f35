using System.Text.Json;

namespace Retort.Training;

/// <summary>One row of an ablation: a name, the settings that make it what it is, and what runs it.</summary>
/// <param name="Name">what the arm is called in tables; unique in its ablation</param>
/// <param name="Settings">a record, kept as JSON beside the result; a result counts as done for these settings only</param>
/// <param name="Run">
/// runs the arm for one seed and returns what it measured. Everything random in it comes from the context's seed, so that
/// neither the thread nor the arms beside it change the numbers.
/// </param>
public sealed record Arm(string Name, object Settings, Func<ArmContext, ArmOutcome> Run)
{
    /// <summary>The seeds of the ablation's that it runs for; null for all. No part of what a result is found by.</summary>
    public IReadOnlyList<long>? Seeds { get; init; }

    /// <summary>The settings as JSON.</summary>
    public string SettingsText => SettingsJson.Write(Settings, SettingsJson.Line);

    /// <summary>What a finished run of this arm is found by: a hash of name, settings, version of the code and seed.</summary>
    public string Key(long seed, string codeVersion) => SettingsJson.Hash(Name, SettingsText, codeVersion, $"{seed}")[..16];

    internal bool RunsFor(long seed) => Seeds?.Contains(seed) ?? true;

    internal JsonElement SettingsElement => JsonSerializer.Deserialize<JsonElement>(SettingsText);
}
