namespace Retort.Papers.Slu;

/// <summary>A row of the paper's tables, in percent.</summary>
/// <param name="AverageAccuracy">average intent accuracy; for offline the accuracy itself</param>
/// <param name="LastAccuracy">intent accuracy after the last task</param>
/// <param name="AverageWer">average word error rate</param>
/// <param name="SluF1">SLU-F1; whether an average or the last is not published</param>
public sealed record SluPublished(double AverageAccuracy, double LastAccuracy, double AverageWer, double SluF1)
{
    private static readonly Dictionary<(int, string), SluPublished> rows = new()
    {
        [(3, SluArms.Offline.Name)] = new(85.84, 85.84, 20.46, 70.59),
        [(3, SluArms.FineTune.Name)] = new(46.27, 18.36, 35.82, 49.25),
        [(3, SluArms.RandomLarge.Name)] = new(79.79, 74.82, 25.79, 65.85),
        [(3, SluArms.Random.Name)] = new(71.30, 61.47, 29.13, 60.05),
        [(3, SluArms.Icarl.Name)] = new(71.49, 61.66, 28.62, 60.23),
        [(3, SluArms.Audio.Name)] = new(72.14, 63.03, 28.68, 61.08),
        [(3, SluArms.Token.Name)] = new(71.79, 61.54, 28.82, 61.88),
        [(3, SluArms.Sequence.Name)] = new(76.12, 68.94, 28.56, 61.50),
        [(6, SluArms.Offline.Name)] = new(85.84, 85.84, 20.46, 70.59),
        [(6, SluArms.FineTune.Name)] = new(33.56, 12.42, 46.26, 37.88),
        [(6, SluArms.RandomLarge.Name)] = new(77.12, 73.11, 28.87, 63.22),
        [(6, SluArms.Random.Name)] = new(66.11, 59.37, 34.77, 55.33),
        [(6, SluArms.Icarl.Name)] = new(67.55, 62.55, 33.82, 56.09),
        [(6, SluArms.Audio.Name)] = new(68.40, 62.83, 32.04, 58.15),
        [(6, SluArms.Token.Name)] = new(68.36, 62.53, 32.47, 58.20),
        [(6, SluArms.Sequence.Name)] = new(71.56, 64.82, 32.50, 58.29),
        [(6, SluArms.Combinations[0].Name)] = new(68.13, 61.50, 32.46, 57.30),
        [(6, SluArms.Combinations[1].Name)] = new(72.48, 65.25, 31.37, 60.00),
        [(6, SluArms.Combinations[2].Name)] = new(72.07, 63.46, 33.08, 58.25),
        [(6, SluArms.Combinations[3].Name)] = new(71.83, 65.45, 32.55, 58.48),
    };

    /// <summary>What the paper's slides report of an arm on SLURP in so many tasks (slides 23 and 24); null for what they do not.</summary>
    public static SluPublished? Of(SluSplit split, SluArm arm) => rows.GetValueOrDefault((split.Tasks, arm.Name));
}
