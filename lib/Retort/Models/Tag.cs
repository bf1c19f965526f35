namespace Retort.Models;

/// <summary>One class that was heard.</summary>
/// <param name="Class">the class's name</param>
/// <param name="Index">its number</param>
/// <param name="Score">its probability; classes are independent of one another, so that scores need not sum to 1</param>
public sealed record Tag(string Class, int Index, float Score);
