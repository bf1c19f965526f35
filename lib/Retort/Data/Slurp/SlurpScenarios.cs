namespace Retort.Data;

/// <summary>The scenarios of SLURP.</summary>
public static class SlurpScenarios
{
    /// <summary>All 18 in alphabetical order.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "alarm", "audio", "calendar", "cooking", "datetime", "email", "general", "iot", "lists", "music", "news", "play", "qa",
        "recommendation", "social", "takeaway", "transport", "weather",
    ];

    /// <summary>All 18 by decreasing number of training sentences.</summary>
    public static IReadOnlyList<string> ByTrainingSentences { get; } =
    [
        "calendar", "play", "qa", "email", "iot", "general", "weather", "transport", "lists", "news", "recommendation", "datetime",
        "social", "alarm", "music", "audio", "takeaway", "cooking",
    ];
}
