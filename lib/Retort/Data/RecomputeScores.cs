namespace Retort.Data;

/// <summary>Runs the teachers on one view of one clip.</summary>
/// <param name="clip">the clip's number</param>
/// <param name="view">the view's number</param>
/// <param name="seed">the view's stored seed</param>
/// <param name="scores">receives the scores of all classes; shape (Classes)</param>
public delegate void RecomputeScores(int clip, int view, uint seed, Span<float> scores);
