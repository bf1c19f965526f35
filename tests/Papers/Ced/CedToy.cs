using Retort.Data;
using Retort.Models;
using Retort.Papers.Ced;

namespace Retort.Tests.Papers.Ced;

/// <summary>A world of few clips, small models and a few steps.</summary>
internal static class CedToy
{
    public static readonly SoundWorldSettings World = SoundWorldSettings.HalfSecond with { Speech = false, TrainClips = 120, ValidationClips = 40, TestClips = 40 };

    public static readonly AudioTransformerSettings Model = new() { Width = 32, Depth = 1, Heads = 2, TargetFrames = 64 };

    public static readonly CedTraining Training = CedTraining.Of(4) with { Batch = 16, WarmUp = 1, EvaluateEvery = 2 };

    public static readonly CedTeacherSettings Teachers = new()
    {
        Members = 2,
        Model = Model,
        Training = Training,
        StudentClips = 48,
        StoredViews = 3,
        TopK = 20,
    };

    public static readonly CedArm Ced = new("CED", CedLoss.Consistent) { Student = Model, Training = Training };

    public static CedData Data() => CedData.Synthetic(World);
}
