namespace Retort.Text;

/// <summary>What an utterance means, as SLURP annotates it (Bastianelli et al., EMNLP 2020).</summary>
/// <param name="Scenario">the domain, such as <c>calendar</c></param>
/// <param name="Action">what to do there, such as <c>set</c></param>
/// <param name="Entities">the pieces of information, in the order of the utterance</param>
public sealed record Meaning(string Scenario, string Action, IReadOnlyList<Entity> Entities)
{
    /// <summary>Scenario and action joined by an underscore; the published field of this name lacks the scenario in some lines.</summary>
    public string Intent => $"{Scenario}_{Action}";
}
