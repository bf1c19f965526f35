using Retort.Text;

namespace Retort.Data;

/// <summary>A recording of SLURP and what was said in it.</summary>
/// <param name="File">the name of the sound file, unique: the key of the scorer and of stored teacher outputs</param>
/// <param name="Sentence">the words as written</param>
/// <param name="Meaning">scenario, action and entities</param>
/// <param name="Synthetic">spoken by a machine</param>
public sealed record SlurpRecording(string File, string Sentence, Meaning Meaning, bool Synthetic)
{
    /// <summary>The words as training and error rates take them: lower case, without punctuation.</summary>
    public string Transcript => SlurpTarget.Transcript(Sentence);

    /// <summary>What the model is to write.</summary>
    /// <param name="entities">the published snapshot's defect is a switch</param>
    public string Target(TargetEntities entities = TargetEntities.All) => SlurpTarget.Write(Meaning, Transcript, entities);
}
