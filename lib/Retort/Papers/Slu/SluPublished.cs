namespace Retort.Papers.Slu;

/// <summary>A row of the paper's tables, in percent.</summary>
/// <param name="AverageAccuracy">average intent accuracy; for offline the accuracy itself</param>
/// <param name="LastAccuracy">intent accuracy after the last task</param>
/// <param name="AverageWer">average word error rate; the authors' scripts compute it on the whole decoded string</param>
/// <param name="SluF1">SLU-F1; whether an average or the last is not published</param>
public sealed record SluPublished(double AverageAccuracy, double LastAccuracy, double AverageWer, double SluF1)
{
    private static readonly Dictionary<(int, string), SluPublished> rows = new()
    {
        [(3, "offline")] = new(85.84, 85.84, 20.46, 70.59),
        [(3, "fine-tuning")] = new(46.27, 18.36, 35.82, 49.25),
        [(3, "rehearsal 5 % random")] = new(79.79, 74.82, 25.79, 65.85),
        [(3, "rehearsal 1 % random")] = new(71.30, 61.47, 29.13, 60.05),
        [(3, "rehearsal 1 % iCaRL")] = new(71.49, 61.66, 28.62, 60.23),
        [(3, "audio-KD")] = new(72.14, 63.03, 28.68, 61.08),
        [(3, "tok-KD")] = new(71.79, 61.54, 28.82, 61.88),
        [(3, "seq-KD")] = new(76.12, 68.94, 28.56, 61.50),
        [(6, "offline")] = new(85.84, 85.84, 20.46, 70.59),
        [(6, "fine-tuning")] = new(33.56, 12.42, 46.26, 37.88),
        [(6, "rehearsal 5 % random")] = new(77.12, 73.11, 28.87, 63.22),
        [(6, "rehearsal 1 % random")] = new(66.11, 59.37, 34.77, 55.33),
        [(6, "rehearsal 1 % iCaRL")] = new(67.55, 62.55, 33.82, 56.09),
        [(6, "audio-KD")] = new(68.40, 62.83, 32.04, 58.15),
        [(6, "tok-KD")] = new(68.36, 62.53, 32.47, 58.20),
        [(6, "seq-KD")] = new(71.56, 64.82, 32.50, 58.29),
        [(6, "audio + tok")] = new(68.13, 61.50, 32.46, 57.30),
        [(6, "audio + seq")] = new(72.48, 65.25, 31.37, 60.00),
        [(6, "seq + tok")] = new(72.07, 63.46, 33.08, 58.25),
        [(6, "audio + seq + tok")] = new(71.83, 65.45, 32.55, 58.48),
    };

    /// <summary>What the paper's slides report of an arm on SLURP in so many tasks (slides 23 and 24); null for what they do not.</summary>
    /// <param name="arm">the row's name, as here "seq-KD"; ", 3 tasks" behind it is ignored</param>
    /// <param name="tasks">3 or 6; offline belongs to both</param>
    public static SluPublished? Of(string arm, int tasks) => rows.GetValueOrDefault((tasks == 1 ? 3 : tasks, arm.Split(", ")[0]));
}
