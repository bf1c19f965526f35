using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Plots;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>Players and figures of the notebook. Motion is an array of 70 numbers a frame, in degrees and keypoint units.</summary>
public static class TalkerShow
{
    /// <summary>The motion of a sample of a test clip in a run's outputs.</summary>
    /// <param name="outputs">what the run kept</param>
    /// <param name="data">the data</param>
    /// <param name="clip">the test clip</param>
    /// <param name="sample">which of its samples</param>
    public static float[] Motion(RunOutputs outputs, TalkerData data, int clip, int sample = 0)
    {
        var numbers = data.Settings.Faces.Frames * FaceClip.Width;
        return outputs["motion"].AsSpan((sample * data.Test.Clips.Count + clip) * numbers, numbers).ToArray();
    }

    /// <summary>Faces beside one another with the clip's sound, its wave and its phonemes.</summary>
    /// <param name="clip">whose face and sound</param>
    /// <param name="title">above the player</param>
    /// <param name="tracks">motions, from the left</param>
    public static VideoPlayer Video(FaceClip clip, string title, params IReadOnlyList<float[]> tracks)
    {
        var painter = new FacePainter(clip.Canonical, clip.Speaker);
        var drawn = tracks.Select(t => painter.Draw(t)).ToArray();
        var frames = Enumerable.Range(0, clip.Frames).Select(i => Picture.Beside([.. drawn.Select(d => d[i])])).ToArray();
        var file = Path.Combine(Path.GetTempPath(), $"retort-{Guid.NewGuid():n}.mp4");
        try
        {
            var sound = clip.Samples.AsSpan(0, clip.Frames * Wav2LipMel.SamplesPerFrame).ToArray();
            VideoFile.Write(file, frames[0].Width, frames[0].Height, frames, new Wave(sound, Wav2LipMel.SampleRate), quality: 28);
            var strip = Picture.Beside([.. Enumerable.Range(0, 3).Select(i => frames[(2 * i + 1) * frames.Length / 6].Half())]);
            return new VideoPlayer(File.ReadAllBytes(file), strip.ToPng(), Math.Clamp(frames[0].Width * 3 / 2, 360, 900), title)
                .WithSound(sound, Wav2LipMel.SampleRate, clip.Phonemes.Where(p => p.Ipa.Length > 0).Select(p => (p.Seconds, p.Ipa)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Lip opening over time of several tracks, with the phonemes at their times.</summary>
    public static Figure Lips(FaceClip clip, params (string Name, float[] Motion)[] tracks)
    {
        var figure = Chart.Combine(tracks.Select(t => Chart.Line(Seconds(clip), Opening(t.Motion), t.Name))).WithXAxis("seconds").WithYAxis("lip opening");
        var labels = clip.Phonemes.Where(p => p.Ipa.Length > 0 && p.Seconds < clip.Frames / 25.0).ToArray();
        return labels.Where((_, i) => i % 2 == 0).Aggregate(figure, (f, p) => f.WithText(p.Seconds, tracks.Max(t => Opening(t.Motion).Max()), p.Ipa));
    }

    /// <summary>Yaw, pitch and roll over time of several tracks.</summary>
    public static Figure Angles(FaceClip clip, params (string Name, float[] Motion)[] tracks) =>
        Chart.Grid([.. new[] { ("yaw", 1), ("pitch", 2), ("roll", 3) }.Select(a =>
            Chart.Combine(tracks.Select(t => Chart.Line(Seconds(clip), Column(t.Motion, a.Item2), t.Name))).WithTitle(a.Item1).WithXAxis("seconds").WithYAxis("degrees"))], 3, height: 260);

    /// <summary>Where heads point over all test clips, one map a track: how often each pair of yaw and pitch occurs (the paper's figure 7).</summary>
    public static Figure HeadMaps(params (string Name, float[] Motion)[] tracks)
    {
        const int Bins = 15;
        double[] Centres(double widest) => [.. Enumerable.Range(0, Bins).Select(i => Math.Round(-widest + 2 * widest * (i + 0.5) / Bins, 1))];
        var maps = tracks.Select(t =>
        {
            var map = new double[Bins, Bins];
            double[] yaw = Column(t.Motion, 1), pitch = Column(t.Motion, 2);
            for (var i = 0; i < yaw.Length; i++)
            {
                map[Math.Clamp((int)((pitch[i] + 12) / 24 * Bins), 0, Bins - 1), Math.Clamp((int)((yaw[i] + 24) / 48 * Bins), 0, Bins - 1)] += 100.0 / yaw.Length;
            }
            return map;
        }).ToArray();
        // One scale of colours: a map that is brighter elsewhere is one whose heads stay there more.
        var most = maps.Max(m => m.Cast<double>().Max());
        return Chart.Grid([.. tracks.Zip(maps, (t, map) => Chart.Heatmap(map, Centres(24).Cast<object>(), Centres(12).Cast<object>(), min: 0, max: most, unit: "% of frames")
            .WithTitle(t.Name).WithXAxis("yaw, degrees").WithYAxis("pitch, degrees"))], 2, height: 300);
    }

    /// <summary>How much there is of each split.</summary>
    public static Table Parts(TalkerData data) => new[] { ("training", data.Train), ("validation", data.Validation), ("test", data.Test) }
        .Aggregate(new Table("split", "clips", "seconds", "first words"), (table, part) =>
            table.WithRow(part.Item1, part.Item2.Clips.Count, part.Item2.Clips.Sum(c => c.Frames) / 25.0, part.Item2.Clips[0].Words[..40]));

    /// <summary>The judge's distance at each shift of the sound, mean over clips.</summary>
    public static double[] Distances(IReadOnlyList<LipSync> judged) => [.. judged[0].Distances.Select((_, i) => judged.Average(j => j.Distances[i]))];

    /// <summary>The judge's distance by shift of the sound: lips that follow it have their least at 0.</summary>
    /// <param name="curves">names, and distances at the shifts of <see cref="Distances"/></param>
    public static Figure Shifts(params (string Name, double[] Distances)[] curves) =>
        Chart.Combine(curves.Select(c => Chart.Line(Enumerable.Range(-(c.Distances.Length / 2), c.Distances.Length), c.Distances, c.Name)))
            .WithTitle("The judge's distance by shift of the sound").WithXAxis("shift, frames").WithYAxis("mean distance");

    /// <summary>Frames a second against the head's motion as a share of the truth's; the jitter of each arm stands beside its name and is its colour.</summary>
    public static Figure SpeedAndMotion(AblationReport report)
    {
        var arms = report.Arms.Where(report.Has).Select(a => (Name: a, Jitter: report.Of(a, "acceleration ratio").Average())).ToArray();
        var most = arms.Max(a => Math.Log(a.Jitter));
        string Colour(double jitter)
        {
            var (r, g, b) = ColourScale.Viridis.At(0.85 * Math.Log(Math.Max(1, jitter)) / Math.Max(1, most));  // its last colours are too light for a point
            return $"#{r:x2}{g:x2}{b:x2}";
        }
        return Chart.Combine(arms.Select(a => Chart.Scatter([report.Results.Of(a.Name, "frames a second").Average()], [report.Of(a.Name, "pose ratio").Average()],
                FormattableString.Invariant($"{a.Name}: jitter {a.Jitter:F1}"), size: 11, colour: Colour(a.Jitter))))
            .WithTitle("Speed and head motion; colour and number: jitter, times the truth's").WithXAxis("frames a second (one core)", log: true).WithYAxis("pose deviation over truth");
    }

    /// <summary>A column of a track.</summary>
    public static double[] Column(float[] motion, int number) => [.. Enumerable.Range(0, motion.Length / FaceClip.Width).Select(i => (double)motion[i * FaceClip.Width + number])];

    private static double[] Opening(float[] motion)
    {
        using var scope = NewDisposeScope();
        return [.. MotionMetrics.LipOpening(tensor(motion, [1, motion.Length / FaceClip.Width, FaceClip.Width])).data<float>().Select(v => (double)v)];
    }

    private static double[] Seconds(FaceClip clip) => [.. Enumerable.Range(0, clip.Frames).Select(i => i / 25.0)];
}
