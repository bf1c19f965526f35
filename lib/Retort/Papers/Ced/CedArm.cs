using System.Text.Json.Serialization;
using Retort.Losses;

namespace Retort.Papers.Ced;

/// <summary>One student of the ablation: the method itself with one thing changed.</summary>
public sealed record CedArm
{
    /// <summary>The arm's name, as tables and plots show it.</summary>
    public required string Name { get; init; }

    /// <summary>The question it belongs to, such as "top-k".</summary>
    public required string Axis { get; init; }

    /// <summary>Targets and input.</summary>
    public CedTarget Target { get; init; } = CedTarget.Consistent;

    /// <summary>Scores used of each stored view; 0 for all that are stored.</summary>
    public int TopK { get; init; }

    /// <summary>What the other classes get as target.</summary>
    public TargetFill Fill { get; init; } = TargetFill.Zero;

    /// <summary>Stored views that are cycled through; 0 for all.</summary>
    public int Views { get; init; }

    /// <summary>Width of the student's tokens; 0 for the settings' own.</summary>
    public int Width { get; init; }

    /// <summary>Clips the student is trained on, as a multiple of the settings' own number.</summary>
    public int ClipsTimes { get; init; } = 1;

    /// <summary>Mixup's Beta parameter; 0 for the settings' own.</summary>
    public double Mixup { get; init; }

    /// <summary>True to be taught by the first teacher alone instead of the ensemble.</summary>
    public bool SingleTeacher { get; init; }

    /// <summary>True to train on halves of the clips, each with teacher scores of its own.</summary>
    public bool HalfClips { get; init; }

    /// <summary>True to train in mixed precision: bfloat16 products, float32 weights.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Mixed { get; init; }

    /// <summary>True to start from an encoder pre-trained as a masked autoencoder on the teachers' clips, without labels.</summary>
    public bool Pretrained { get; init; }
}
