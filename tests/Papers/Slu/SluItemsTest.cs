using Retort.Data;
using Retort.Metrics;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Text;

namespace Retort.Tests.Papers.Slu;

/// <summary>Measures over test items, by hand and against the scorer.</summary>
public sealed class SluItemsTest
{
    private static readonly Spoken test = new(
        new("a.wav", "wake me at seven", new Meaning("alarm", "set", [new Entity("time", "seven")]), true),
        new("b.wav", "play jazz", new Meaning("play", "music", [new Entity("music_genre", "jazz")]), true),
        new("c.wav", "what time is it", new Meaning("datetime", "query", []), true));

    // After the first task only "a" has been seen; after the second all three.
    private static readonly IReadOnlyList<SluPrediction>[] predictions =
    [
        [new("a.wav", "alarm_set _SEP time _FILL seven _SEP wake me at seven")],
        [
            new("a.wav", "play_music _SEP music_genre _FILL seven _SEP wake me at eleven"),
            new("b.wav", "play_music _SEP music_genre _FILL jazz _SEP play jazz"),
            new("c.wav", "datetime_query _SEP what time is"),
        ],
    ];

    private readonly SluItems items = new(test, [0, 1, 1], predictions);

    [Fact]
    public void Measure_TwoTasks_IsWhatIsCountedByHand()
    {
        Assert.Equal((100 + 200.0 / 3) / 2, items.Measure(SluMeasure.AverageAccuracy), 1e-5);
        Assert.Equal(200.0 / 3, items.Measure(SluMeasure.LastAccuracy), 1e-5);
        Assert.Equal(100 * 2 / 10.0, items.Measure(SluMeasure.LastWer), 1e-5);  // "eleven" for "seven", and "it" lost, of 10 words
        Assert.Equal(10, items.Measure(SluMeasure.AverageWer), 1e-5);
        Assert.Equal(100, items.SluF1(0), 1e-5);
        Assert.Equal(1, items.Matrix()[1, 1]);
        Assert.Equal(0, items.Matrix()[1, 0]);
        Assert.Equal(1, items.Matrix().Forgetting, 1e-9);
    }

    [Fact]
    public void SluF1_OfAllItems_IsTheScorers()
    {
        var scores = SlurpScorer.Score(test.Meanings, predictions[1].ToDictionary(p => p.File, p => p.Meaning));

        Assert.Equal(100 * scores.SluF1.Micro.F1, items.SluF1(1), 1e-4);
    }

    [Fact]
    public void Measure_Weights_CountItemsAsOftenAsTheySay()
    {
        // "a" twice, "b" not at all.
        Assert.Equal(100.0 / 3, items.Measure(SluMeasure.LastAccuracy, [2, 0, 1]), 1e-5);
        Assert.Equal(100 * 3 / 12.0, items.Measure(SluMeasure.LastWer, [2, 0, 1]), 1e-5);
    }

    [Fact]
    public void SluItems_AnUtteranceWithoutPrediction_IsAnError()
    {
        var error = Assert.Throws<ArgumentException>(() => new SluItems(test, [0, 0, 1], predictions));

        Assert.Contains("\"b.wav\"", error.Message);
    }

    private sealed class Spoken(params SlurpRecording[] recordings) : SpokenData
    {
        public override IReadOnlyList<SlurpRecording> Recordings => recordings;

        public override string Hash => "items";

        public override float[] Samples(int i) => new float[16_000];
    }
}
