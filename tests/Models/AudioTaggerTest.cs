using Retort.Audio;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

public sealed class AudioTaggerTest
{
    private static readonly string[] classes = ["a", "b", "c", "d", "e"];

    private static AudioTransformer Model(Pooling pooling = Pooling.Mean) => new(AudioTransformerTest.Toy with { Pooling = pooling }, 1);

    [Fact]
    public void Tags_OfAClip_AreTheBestScoresInOrder()
    {
        var tagger = new AudioTagger(Model(), classes);
        var wave = AudioTransformerTest.Wave(16000);
        var scores = tagger.Scores(wave);
        var tags = tagger.Tags(wave, 3);
        Assert.Equal(3, tags.Count);
        Assert.Equal(scores.OrderDescending().Take(3), tags.Select(t => t.Score));
        Assert.All(tags, t => Assert.Equal((classes[t.Index], scores[t.Index]), (t.Class, t.Score)));
        Assert.Equal(5, tagger.Tags(wave, 99).Count);
    }

    [Fact]
    public void Open_FileWithClasses_NamesThemAndRefusesOthers()
    {
        using var file = new TemporaryFile(name: "own.safetensors");
        using var model = Model(Pooling.Logit);
        CedCheckpoint.Save(model, file.Name, classes);
        var wave = AudioTransformerTest.Wave(8000);
        Assert.Equal(new AudioTagger(model, classes).Tags(wave), AudioTagger.Open(file.Name).Tags(wave));
        Assert.Contains("another order", Assert.Throws<BadInputException>(() => AudioTagger.Open(file.Name, [.. classes.Reverse()])).Message);
        CedCheckpoint.Save(model, file.Name);
        Assert.Contains("does not name its 5 classes", Assert.Throws<BadInputException>(() => AudioTagger.Open(file.Name)).Message);
        Assert.Equal(classes, AudioTagger.Open(file.Name, classes).Classes);
    }

    [Fact]
    public void Scores_OfALogitModel_AreProbabilitiesOfTheSameModel()
    {
        var wave = AudioTransformerTest.Wave(8000);
        var mean = new AudioTagger(Model(), classes).Scores(wave);
        var logit = new AudioTagger(Model(Pooling.Logit), classes).Scores(wave);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(mean[i], logit[i], 1e-6f);
        }
    }

    [Fact]
    public void Scores_ShortClip_IsContinuedWithSilence()
    {
        var tagger = new AudioTagger(Model(), classes);
        var wave = AudioTransformerTest.Wave(500);
        Assert.Equal(tagger.Scores([.. wave, .. new float[1900]]), tagger.Scores(wave));
    }

    [Fact]
    public void Tags_OfAFileOfOtherRateAndChannels_AreThoseOfItsMonoSound()
    {
        var path = Path.Combine(Path.GetTempPath(), $"retort-tagger-{Guid.NewGuid():N}.wav");
        try
        {
            var wave = AudioTransformerTest.Wave(16000);
            WavFile.Write(path, new Wave([.. wave.SelectMany(x => new[] { x, 0.5f * x })], 44100, 2));
            var tagger = new AudioTagger(Model(), classes);
            var expected = tagger.Tags(AudioFile.Load(path, 16000).Samples, 5);
            Assert.Equal(expected, tagger.Tags(path, 5));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Embeddings_OfAClip_HaveAStepFor160Milliseconds()
    {
        var tagger = new AudioTagger(Model(), classes);
        var steps = tagger.StepEmbeddings(AudioTransformerTest.Wave(16000));
        Assert.Equal(0.16, tagger.StepSeconds, 1e-9);
        Assert.Equal(4 + 2, steps.Length);  // 101 frames: a window of 64, a rest of 37
        var clip = tagger.Embedding(AudioTransformerTest.Wave(16000));
        Assert.Equal(24, clip.Length);
        Assert.Equal(steps.Average(s => s[3]), clip[3], 1e-5f);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Scores_NotFinite_NamesTheSample(float value)
    {
        var wave = AudioTransformerTest.Wave(3000);
        wave[1234] = value;
        var error = Assert.Throws<ArgumentException>(() => new AudioTagger(Model(), classes).Scores(wave));
        Assert.Contains("sample 1234", error.Message);
    }

    [Fact]
    public void Scores_Empty_IsRefused() => Assert.Throws<ArgumentException>(() => new AudioTagger(Model(), classes).Scores([]));

    [Fact]
    public void Tags_MissingFile_NamesIt()
    {
        var error = Assert.Throws<BadInputException>(() => new AudioTagger(Model(), classes).Tags("/nowhere/x.wav"));
        Assert.Contains("/nowhere/x.wav", error.Message);
    }

    [Fact]
    public void Tagger_OtherNumberOfNames_IsRefused() => Assert.Throws<ArgumentException>(() => new AudioTagger(Model(), ["a"]));
}
