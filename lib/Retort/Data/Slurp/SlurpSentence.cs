using Retort.Text;

namespace Retort.Data;

/// <summary>One line of SLURP's text files: a sentence, its meaning, and the recordings of it.</summary>
/// <param name="Id">the field slurp_id</param>
/// <param name="Sentence">the words as written</param>
/// <param name="Meaning">scenario, action and entities; fillers are the tokens in lower case, joined by spaces</param>
/// <param name="PublishedIntent">the field intent, which in some lines lacks the scenario; use the meaning's</param>
/// <param name="Recordings">file names</param>
public sealed record SlurpSentence(int Id, string Sentence, Meaning Meaning, string PublishedIntent, IReadOnlyList<string> Recordings);
