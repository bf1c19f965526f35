using Retort.Audio;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class TeacherEnsembleTest
{
    private static readonly AudioTransformerSettings toy = AudioTransformerTest.Toy;

    [Fact]
    public void Forward_IsTheMeanOfProbabilitiesAndNotOfLogits()
    {
        using var scope = NewDisposeScope();
        var members = new[]
        {
            new AudioTransformer(toy, 1), new AudioTransformer(toy with { Width = 12, Heads = 2 }, 2),
            new AudioTransformer(toy with { Pooling = Pooling.Mean }, 3),
        };
        var ensemble = new TeacherEnsemble(members);
        var waves = tensor(AudioTransformerTest.Wave(16000)).view(2, 8000);
        var scores = ensemble.Forward(waves);
        var expected = (members[0].call(waves).sigmoid() + members[1].call(waves).sigmoid() + members[2].call(waves)) / 3;
        Assert.InRange((scores - expected).abs().max().item<float>(), 0, 1e-6f);
        Assert.False(scores.requires_grad);
        Assert.All(members, m => Assert.False(m.training));
    }

    [Fact]
    public void Members_OfOtherFrontEndOrClasses_AreRefused()
    {
        var first = new AudioTransformer(toy, 1);
        var floor = new AudioTransformer(toy with { Mel = new MelSettings { Floor = DbFloor.Batch } }, 1);
        var classes = new AudioTransformer(toy with { Classes = 6 }, 1);
        Assert.Contains("front-end", Assert.Throws<ArgumentException>(() => new TeacherEnsemble(first, floor)).Message);
        Assert.Contains("6 classes", Assert.Throws<ArgumentException>(() => new TeacherEnsemble(first, classes)).Message);
        Assert.Throws<ArgumentException>(() => new TeacherEnsemble([]));
    }
}
