using Retort.Data;

namespace Retort.Papers.Ced;

/// <summary>Everything a student is trained on: clips, their views, and the scores stored of them.</summary>
/// <param name="Clips">the clips</param>
/// <param name="Source">their stored views</param>
/// <param name="MaskOnly">their views without the shift, for the arm of fresh masks</param>
/// <param name="Scores">the ensemble's scores of the stored views</param>
/// <param name="CleanScores">the ensemble's scores of the clips as they are; null where no arm asks for them</param>
public sealed record CedStage(
    TaggingData Clips, ViewSource Source, ViewSource MaskOnly, TeacherStore Scores, TeacherStore? CleanScores = null)
{
    /// <summary>Stored views of each clip.</summary>
    public int Views => Scores.Card.Views;
}
