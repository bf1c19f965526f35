using Retort.Plots;
using Retort.Randomness;

namespace Retort.Tests.Plots;

/// <summary>One figure of every kind, used by the tests of JSON, picture and page.</summary>
internal static class Gallery
{
    private static readonly double[] Steps = [.. Enumerable.Range(0, 41).Select(i => i * 50.0)];

    public static IReadOnlyList<(string Name, Figure Figure)> All { get; } =
    [
        ("line", Lines()),
        ("band", Bands()),
        ("scatter", Points()),
        ("bar", Bars()),
        ("bar-horizontal", Lying()),
        ("bar-stacked", Stacked()),
        ("heatmap", Confusion()),
        ("spectrogram", Spectrogram()),
        ("box", Boxes()),
        ("histogram", Histogram()),
        ("log", Logarithmic()),
        ("grid", Grid()),
        ("space", Space()),
        ("animation", Animation()),
        ("long-names", LongNames()),
    ];

    private static Figure Lines() => Chart.Combine(
            Chart.Line(Steps, Steps.Select(s => 0.42 * (1 - Math.Exp(-s / 400))), "consistent"),
            Chart.Line(Steps, Steps.Select(s => 0.35 * (1 - Math.Exp(-s / 300))), "inconsistent", dash: "dash"),
            Chart.Line(Steps, Steps.Select(s => s is > 700 and < 1000 ? double.NaN : 0.28 * (1 - Math.Exp(-s / 200))), "hard labels", markers: true))
        .WithTitle("Learning curves of three arms", "mAP on the validation split, one seed each")
        .WithXAxis("optimizer steps").WithYAxis("mAP").WithHorizontalLine(0.45, "teacher ensemble").WithVerticalLine(800, "crossing");

    private static Figure Bands() => Chart.Combine(new[] { ("tiny", 0.40, 0.02), ("mini", 0.43, 0.015), ("base", 0.46, 0.03) }.Select(arm =>
    {
        var mean = Steps.Select(s => arm.Item2 * (1 - Math.Exp(-s / 500))).ToArray();
        return Chart.Band(Steps, mean, mean.Select(m => m - arm.Item3 * (0.3 + m)), mean.Select(m => m + arm.Item3 * (0.3 + m)), arm.Item1);
    })).WithTitle("Mean over five seeds with its 95 % interval").WithXAxis("optimizer steps").WithYAxis("mAP");

    private static Figure Points() => Chart.Combine(
            Chart.Scatter(new[] { 5.5, 9.6, 22, 86 }, new[] { 48.1, 48.9, 49.6, 50.0 }, "CED", ["Tiny", "Mini", "Small", "Base"], 9),
            Chart.Scatter(new[] { 5.0, 18, 39, 68 }, new[] { 47.1, 47.8, 48.2, 48.7 }, "MobileNetV3", error: [0.2, 0.2, 0.15, 0.1]))
        .WithTitle("Size against score").WithXAxis("parameters (million)").WithYAxis("mAP (%)");

    private static Figure Bars() => Chart.Combine(
            Chart.Bar(new[] { "hard labels", "single teacher", "ensemble", "ensemble, consistent" }, new[] { 0.281, 0.335, 0.352, 0.421 }, "made data", [0.02, 0.015, 0.012, 0.009]),
            Chart.Bar(new[] { "hard labels", "single teacher", "ensemble", "ensemble, consistent" }, new[] { 0.25, 0.31, 0.36, 0.40 }, "published", errorBelow: [0.01, 0.01, 0.01, 0.01], error: [0.03, 0.02, 0.03, 0.01]))
        .WithTitle("Final score by arm").WithYAxis("mAP");

    private static Figure Lying() => Chart.Bar(new[] { "speech", "siren", "engine idling in the rain", "dog" }, new[] { 0.71, 0.66, -0.12, 0.35 },
        horizontal: true, error: [0.05, 0.1, 0.04, 0.08]).WithTitle("Gain per class").WithXAxis("difference in average precision");

    private static Figure Stacked() => Chart.Combine(
            Chart.Bar(new[] { 1, 2, 4, 8 }, new[] { 3.0, 2.4, 2.2, 2.1 }, "forward"),
            Chart.Bar(new[] { 1, 2, 4, 8 }, new[] { 6.1, 4.8, 4.5, 4.2 }, "backward"))
        .WithBarMode("stack").WithTitle("Seconds of a step").WithXAxis("batch").WithYAxis("s");

    private static Figure Confusion()
    {
        var names = new object[] { "bell", "dog", "rain", "siren", "speech" };
        var z = new double[5, 5];
        for (var r = 0; r < 5; r++)
        {
            for (var c = 0; c < 5; c++)
            {
                z[r, c] = r == c ? 0.8 - 0.05 * r : 0.05 + 0.01 * ((r * 3 + c) % 4);
            }
        }
        z[1, 3] = double.NaN;
        return Chart.Heatmap(z, names, names, ColourScale.Blues, unit: "share", firstRowOnTop: true, text: "0.00")
            .WithTitle("Confusions").WithXAxis("predicted").WithYAxis("true").WithSize(560, 460);
    }

    private static Figure Spectrogram()
    {
        const int bands = 64, frames = 1000;
        var db = new float[bands, frames];
        var draw = RandomStream.Of(1, "gallery");
        for (var b = 0; b < bands; b++)
        {
            for (var f = 0; f < frames; f++)
            {
                var glide = 20 + 18 * Math.Sin(f / 90.0);
                db[b, f] = (float)(-70 + 60 * Math.Exp(-Math.Pow((b - glide) / 2.5, 2)) + 30 * Math.Exp(-Math.Pow((b - 2 * glide) / 2.5, 2)) + 4 * draw.Normal());
            }
        }
        return Chart.Spectrogram(db, 0.01).WithTitle("Mel spectrogram of a siren").WithSize(760, 320);
    }

    private static Figure Boxes()
    {
        var draw = RandomStream.Of(2, "gallery");
        double[] Group(double mean, int n) => [.. Enumerable.Range(0, n).Select(_ => draw.Normal(mean, 0.03)), mean + 0.2];
        return Chart.Combine(Chart.Box(Group(0.4, 60), "consistent"), Chart.Box(Group(0.35, 60), "inconsistent"), Chart.Box(Group(0.3, 12), "hard", points: true))
            .WithTitle("Average precision by arm").WithYAxis("average precision");
    }

    private static Figure Histogram()
    {
        var draw = RandomStream.Of(3, "gallery");
        return Chart.Combine(
                Chart.Histogram(Enumerable.Range(0, 800).Select(_ => draw.Normal(0.3, 0.12)), "student", 30),
                Chart.Histogram(Enumerable.Range(0, 800).Select(_ => draw.Normal(0.6, 0.08)), "teacher", 30))
            .WithTitle("Scores of true labels").WithXAxis("score");
    }

    private static Figure Logarithmic() => Chart.Combine(
            Chart.Line(new[] { 100.0, 1e3, 1e4, 1e5, 1e6, 2e6 }, new[] { 3e4, 2.4e5, 9e5, 1.4e6, 1.5e6, 1.3e6 }, "memory-mapped", markers: true),
            Chart.Line(new[] { 100.0, 1e3, 1e4, 1e5, 1e6, 2e6 }, new[] { 2.4e4, 2.1e5, 5e5, 2.2e5, 8.1e4, 5.4e4 }, "stream", markers: true))
        .WithXAxis("views in the store", log: true).WithYAxis("reads a second", log: true).WithTitle("Reading the teacher store")
        .WithHorizontalLine(1e6, "aim");

    private static Figure Grid() => Chart.Grid([Lines().WithTitle("learning curves").WithXAxis("steps"), Boxes().WithTitle("classes"),
        Spectrogram().WithTitle("a clip"), Bars().WithTitle("arms")], 2, "Four views of one run");

    private static Figure Space()
    {
        var draw = RandomStream.Of(4, "gallery");
        return Chart.Combine(Enumerable.Range(0, 3).Select(k =>
        {
            var points = Enumerable.Range(0, 80).Select(_ => (X: draw.Normal(k, 0.35), Y: draw.Normal(k % 2, 0.35), Z: draw.Normal(1 - k / 2.0, 0.3))).ToArray();
            return Chart.Scatter3D(points.Select(p => p.X), points.Select(p => p.Y), points.Select(p => p.Z), $"class {k + 1}");
        })).WithTitle("Embeddings, first three components").WithSize(640, 520);
    }

    private static Figure Animation() => Chart.Animation([.. new[] { 0.2, 0.5, 1.0, 2.0 }.Select(t => ($"T = {t:0.0}",
        Chart.Bar(new[] { "dog", "bell", "rain", "siren" }, new[] { 3.0, 1.5, 0.2, -1 }.Select(z => Math.Exp(z / t)).ToArray() is var e ? e.Select(v => v / e.Sum()).ToArray() : [])
            .WithTitle("Teacher's distribution by temperature").WithYAxis("probability")))]);

    private static Figure LongNames() => Chart.Combine(
            Chart.Line(Steps, Steps.Select(s => s / 2000), "ensemble of four teachers, consistent, fill rule zero"),
            Chart.Line(Steps, Steps.Select(s => s / 2500), "ensemble of four teachers, inconsistent, fill rule zero"))
        .WithTitle("A & B < C, \"quoted\"").WithXAxis("steps");
}
