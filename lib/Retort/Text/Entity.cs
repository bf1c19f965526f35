namespace Retort.Text;

/// <summary>A piece of information in an utterance, such as a date or a place.</summary>
/// <param name="Type">what it is, such as <c>currency_name</c></param>
/// <param name="Filler">its words</param>
public readonly record struct Entity(string Type, string Filler);
