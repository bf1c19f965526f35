using Retort.Claims;
using Retort.Plots;

namespace Retort.Tests.Plots;

/// <summary>Tables and claims used by several tests.</summary>
internal static class Sheets
{
    public sealed record Run(string Arm, int Seed, double Map, string Size);

    public static IReadOnlyList<Run> Runs { get; } =
    [
        new("consistent", 1, 0.42, "tiny"), new("consistent", 2, 0.44, "tiny"), new("consistent", 3, 0.43, "tiny"),
        new("inconsistent", 1, 0.35, "tiny"), new("inconsistent", 2, 0.37, "tiny"), new("inconsistent", 3, 0.33, "tiny"),
        new("hard <labels> & more", 1, 0.28, "tiny"),
    ];

    public static Table Table => Retort.Plots.Table.Of(Runs, "Runs").Grouped(["Arm"], "Map").WithFormat("Map", "0.000")
        .Renamed(("Arm", "arm"), ("Map", "mAP"));

    public static Claim Held { get; } = new()
    {
        Id = "ced/consistent",
        Paper = "ced",
        Says = "The same augmented view for teacher and student beats different views",
        Published = "+5 to +7 mAP on AS-20K",
        Measured = "mAP, consistent minus inconsistent",
        Effect = 0.08,
        Low = 0.05,
        High = 0.11,
        PFor = 0.002,
        PAgainst = 0.998,
        PValue = 0.004,
        Test = "bootstrap over 5 seeds and 400 test items, 1000 resamples",
        Seeds = [1, 2, 3, 4, 5],
        Size = "full",
        Rule = ClaimRule.Greater(),
        Notebook = "01-consistent-ensemble.ipynb",
        Cell = "claims",
    };

    public static Claim Open { get; } = Held with { Id = "ced/open", Low = -0.01, PFor = 0.1, PAgainst = 0.9, PValue = 0.2, Notes = "Too few seeds to tell." };

    public static Claim Failed { get; } = Held with { Id = "ced/failed", Effect = -0.08, Low = -0.12, High = -0.02, PFor = 0.997, PAgainst = 0.003, PValue = 0.006, Notes = "Short training: the ordering inverts." };
}
