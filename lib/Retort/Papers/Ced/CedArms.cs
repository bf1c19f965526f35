using Retort.Losses;

namespace Retort.Papers.Ced;

/// <summary>The arms of CED's ablations: every axis that the published code opens.</summary>
public static class CedArms
{
    /// <summary>The method itself, which every axis is compared to.</summary>
    public static CedArm Ced { get; } = new() { Name = "CED", Axis = "method" };

    /// <summary>Consistency: same augmentation, other targets; the author reports 5 to 7 mAP between the first two.</summary>
    public static IReadOnlyList<CedArm> Consistency { get; } =
    [
        new() { Name = "clean-teacher KD", Axis = "consistency", Target = CedTarget.CleanTeacher },
        new() { Name = "fresh masks", Axis = "consistency", Target = CedTarget.FreshMasks },
    ];

    /// <summary>Supervision: the teachers' scores or the data set's labels, with and without augmentation.</summary>
    public static IReadOnlyList<CedArm> Supervision { get; } =
    [
        new() { Name = "labels", Axis = "supervision", Target = CedTarget.Labels },
        new() { Name = "KD, no augmentation", Axis = "supervision", Target = CedTarget.TeacherClean },
        new() { Name = "labels, no augmentation", Axis = "supervision", Target = CedTarget.LabelsClean },
    ];

    /// <summary>How many of the scores are stored.</summary>
    public static IReadOnlyList<CedArm> TopK { get; } =
        [.. new[] { 1, 3, 5, 10 }.Select(k => new CedArm { Name = $"top {k}", Axis = "top-k", TopK = k })];

    /// <summary>What stands for the scores that are not stored, at k = 3, where it matters.</summary>
    public static IReadOnlyList<CedArm> Fill { get; } =
    [
        new() { Name = "top 3, last mean", Axis = "fill", TopK = 3, Fill = TargetFill.LastMean },
        new() { Name = "top 3, last half", Axis = "fill", TopK = 3, Fill = TargetFill.LastHalf },
        new() { Name = "top 3, last random", Axis = "fill", TopK = 3, Fill = TargetFill.LastRandom },
        new() { Name = "top 3, uniform", Axis = "fill", TopK = 3, Fill = TargetFill.Uniform },
    ];

    /// <summary>How many views are stored of each clip.</summary>
    public static IReadOnlyList<CedArm> Views { get; } =
        [.. new[] { 1, 5, 10 }.Select(v => new CedArm { Name = v == 1 ? "1 view" : $"{v} views", Axis = "views", Views = v })];

    /// <summary>The student's size: four widths, the settings' own among them.</summary>
    public static IReadOnlyList<CedArm> Size { get; } =
        [.. new[] { 32, 48, 96 }.Select(w => new CedArm { Name = $"width {w}", Axis = "student size", Width = w })];

    /// <summary>How many clips the student is trained on.</summary>
    public static IReadOnlyList<CedArm> Data { get; } = [new() { Name = "4 x clips", Axis = "data size", ClipsTimes = 4 }];

    /// <summary>What the teacher is.</summary>
    public static IReadOnlyList<CedArm> Teacher { get; } = [new() { Name = "single teacher", Axis = "teacher", SingleTeacher = true }];

    /// <summary>Mixup on the student's side, which the teachers do not see.</summary>
    public static IReadOnlyList<CedArm> Mixup { get; } = [new() { Name = "mixup 0.5", Axis = "mixup", Mixup = 0.5 }];

    /// <summary>Length of what one stored score speaks of.</summary>
    public static IReadOnlyList<CedArm> Chunk { get; } = [new() { Name = "halved clips", Axis = "chunk length", HalfClips = true }];

    /// <summary>Where the student starts.</summary>
    public static IReadOnlyList<CedArm> Start { get; } = [new() { Name = "MAE start", Axis = "student start", Pretrained = true }];

    /// <summary>Precision of the student's products. Published runs use float16; nothing is reported of it.</summary>
    public static IReadOnlyList<CedArm> Precision { get; } = [new() { Name = "bfloat16", Axis = "precision", Mixed = true }];

    /// <summary>Every arm, the method first.</summary>
    public static IReadOnlyList<CedArm> All { get; } =
        [Ced, .. Consistency, .. Supervision, .. Size, .. Data, .. Teacher, .. TopK, .. Fill, .. Views, .. Mixup, .. Chunk, .. Start, .. Precision];

    /// <summary>The arms that a few minutes have room for.</summary>
    public static IReadOnlyList<CedArm> Few { get; } = [Ced, .. Consistency.Take(1), .. Supervision.Take(2), TopK[0], Views[0]];
}
