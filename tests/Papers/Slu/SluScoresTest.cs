using Retort.Data;
using Retort.Metrics;
using Retort.Papers.Slu;
using Retort.Text;

namespace Retort.Tests.Papers.Slu;

/// <summary>Measures over test items, by hand and against the scorer.</summary>
public sealed class SluScoresTest
{
    private static readonly Spoken test = new(
        new("a.wav", "wake me at seven", new Meaning("alarm", "set", [new Entity("time", "seven")]), true),
        new("b.wav", "play jazz", new Meaning("play", "music", [new Entity("music_genre", "jazz")]), true),
        new("c.wav", "what time is it", new Meaning("datetime", "query", []), true));

    // After the first task only "a" has been seen; after the second all three.
    private static readonly IReadOnlyList<SlurpPrediction>[] predictions =
    [
        [new("a.wav", "alarm_set _SEP time _FILL seven _SEP wake me at seven")],
        [
            new("a.wav", "play_music _SEP music_genre _FILL seven _SEP wake me at eleven"),
            new("b.wav", "play_music _SEP music_genre _FILL jazz _SEP play jazz"),
            new("c.wav", "datetime_query _SEP what time is"),
        ],
    ];

    private readonly SluScores scores = Of(predictions, new Dictionary<string, int> { ["alarm_set"] = 2 });

    private static SluScores Of(IReadOnlyList<IReadOnlyList<SlurpPrediction>> predictions, IReadOnlyDictionary<string, int>? copies = null)
    {
        var outputs = SluScores.Outputs(test, [0, 1, 1], predictions, copies);
        return new SluScores(name => outputs[name]);
    }

    [Fact]
    public void Measures_TwoTasks_AreWhatIsCountedByHand()
    {
        Assert.Equal((100 + 200.0 / 3) / 2, scores.Average(scores.Accuracy), 1e-5);
        Assert.Equal(200.0 / 3, scores.Accuracy(1), 1e-5);
        Assert.Equal(100 * 2 / 10.0, scores.Wer(1), 1e-5);  // "eleven" for "seven", and "it" lost, of 10 words
        Assert.Equal(10, scores.Average(scores.Wer), 1e-5);
        Assert.Equal(100, scores.SluF1(0), 1e-5);
        Assert.Equal(1, scores.Matrix()[1, 1]);
        Assert.Equal(0, scores.Matrix()[1, 0]);
        Assert.Equal(1, scores.Matrix().Forgetting, 1e-9);
    }

    [Fact]
    public void StringWer_CountsIntentAndEntitiesToo()
    {
        // Of 10, 8 and 6 words of the gold strings: intent, type and word of "a" are wrong, and one word of "c" is lost.
        Assert.Equal(100 * 4 / 24.0, scores.StringWer(1), 1e-5);
        Assert.Equal(0, scores.StringWer(0), 1e-5);
    }

    [Fact]
    public void PlasticityAndRetention_AreOfNewAndOldTasks()
    {
        Assert.Equal(100, scores.NewTasks(), 1e-5);
        Assert.Equal(0, scores.OldTasks(), 1e-5);
        Assert.Equal(0, scores.OldTasks(inMemory: true), 1e-5);
        Assert.True(double.IsNaN(scores.OldTasks(inMemory: false)));  // "a" is the only old one, and the memory has its intent
    }

    [Fact]
    public void SluF1_OfAllItems_IsTheScorers()
    {
        var official = SlurpScorer.Score(test.Meanings, predictions[1].ToDictionary(p => p.File, p => p.Meaning));

        Assert.Equal(100 * official.SluF1.Micro.F1, scores.SluF1(1), 1e-4);
    }

    [Fact]
    public void Measures_Weights_CountItemsAsOftenAsTheySay()
    {
        // "a" twice, "b" not at all.
        Assert.Equal(100.0 / 3, scores.Accuracy(1, [2, 0, 1]), 1e-5);
        Assert.Equal(100 * 3 / 12.0, scores.Wer(1, [2, 0, 1]), 1e-5);
    }

    [Fact]
    public void Outputs_AnUtteranceWithoutPrediction_IsAnError()
    {
        var error = Assert.Throws<ArgumentException>(() => SluScores.Outputs(test, [0, 0, 1], predictions));

        Assert.Contains("\"b.wav\"", error.Message);
    }

    private sealed class Spoken(params SlurpRecording[] recordings) : SpokenData
    {
        public override IReadOnlyList<SlurpRecording> Recordings => recordings;

        public override string Hash => "items";

        public override float[] Samples(int i) => new float[16_000];
    }
}
