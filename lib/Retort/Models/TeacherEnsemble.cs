// CED's teacher: several independently trained models whose sigmoid outputs are averaged (published: two ViT-Base and
// three ViT-Large). The mean is of probabilities, not of logits.

using Retort.Audio;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// The arithmetic mean of several models' probabilities over one shared front-end. Always in eval mode and without
/// gradients.
/// </summary>
public sealed class TeacherEnsemble
{
    /// <param name="members">the models; they are put into eval mode</param>
    /// <exception cref="ArgumentException">There is no member, or two differ in front-end settings or number of classes.</exception>
    public TeacherEnsemble(params IReadOnlyList<AudioTransformer> members)
    {
        if (members.Count == 0)
        {
            throw new ArgumentException("an ensemble needs a member", nameof(members));
        }
        var first = members[0].Settings;
        for (var i = 1; i < members.Count; i++)
        {
            var other = members[i].Settings;
            if (other.Mel != first.Mel)
            {
                throw new ArgumentException($"member {i} has another front-end than member 0: {other.Mel.Identity} against {first.Mel.Identity}", nameof(members));
            }
            if (other.Classes != first.Classes)
            {
                throw new ArgumentException($"member {i} has {other.Classes} classes, member 0 has {first.Classes}", nameof(members));
            }
        }
        foreach (var member in members)
        {
            member.eval();
        }
        Members = members;
    }

    /// <summary>The models.</summary>
    public IReadOnlyList<AudioTransformer> Members { get; }

    /// <summary>The first member's front-end, which all share.</summary>
    public MelFrontEnd FrontEnd => Members[0].FrontEnd;

    /// <summary>Number of classes.</summary>
    public int Classes => Members[0].Settings.Classes;

    /// <summary>Mean probabilities (B, C) of waves (B, samples).</summary>
    public Tensor Forward(Tensor waves)
    {
        using var scope = NewDisposeScope();
        return ForwardMel(FrontEnd.call(waves)).MoveToOuterDisposeScope();
    }

    /// <summary>Mean probabilities (B, C) of spectrograms (B, mels, frames) in dB.</summary>
    public Tensor ForwardMel(Tensor mel)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sum = Members[0].Probabilities(mel);
        for (var i = 1; i < Members.Count; i++)
        {
            sum = sum + Members[i].Probabilities(mel);
        }
        return (sum / Members.Count).MoveToOuterDisposeScope();
    }
}
