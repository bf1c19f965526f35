using Retort.Data;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>What is asked of a model between tasks; the made experiment and the paper's own share it.</summary>
internal static class SluBoundary
{
    private const int Rows = 64;

    /// <summary>Intent accuracy on the utterances of each task seen, and on all of them ("validation accuracy").</summary>
    public static Dictionary<string, double> Known(SpokenLanguageModel model, SluPart part, TaskSplit tasks, int task)
    {
        var known = new Dictionary<string, double>();
        var (right, all) = (0.0, 0);
        for (var k = 0; k <= task; k++)
        {
            var rows = tasks.Of(part.Scenarios, k);
            var accuracy = SluTest.IntentAccuracy(model, part, rows);
            known[$"task {k + 1}"] = accuracy;
            (right, all) = (right + accuracy * rows.Length, all + rows.Length);
        }
        known["validation accuracy"] = right / all;
        return known;
    }

    /// <summary>The evaluations of a log, which are at the ends of epochs, spread evenly over them.</summary>
    public static List<(double Epoch, IReadOnlyDictionary<string, double> Values)> Curves(MetricsLog log, int tasks, int epochs)
    {
        var series = Enumerable.Range(0, tasks).Select(k => log.Series($"task {k + 1}").Values).ToArray();
        var count = series.Min(s => s.Length);
        return [.. Enumerable.Range(0, count).Select(e => ((double)(e + 1) * epochs / count,
            (IReadOnlyDictionary<string, double>)Enumerable.Range(0, tasks).ToDictionary(k => $"task {k + 1}", k => series[k][e])))];
    }

    /// <summary>The mean of an utterance's frames, which herding goes by: of the valid ones, or without length masks of all, as released.</summary>
    public static Func<int, float[]> MeanFrames(SpokenLanguageModel model, SluPart part, int[] rows)
    {
        model.eval();
        var means = new Dictionary<int, float[]>();
        foreach (var batch in rows.Chunk(Rows))
        {
            using var scope = NewDisposeScope();
            using var none = no_grad();
            var (features, frames) = part.Sound(batch);
            var encoded = model.Encoder.FromFeatures(features, model.LengthMasks ? frames : null);
            for (var b = 0; b < batch.Length; b++)
            {
                means[batch[b]] = encoded.select(0, b).narrow(0, 0, model.LengthMasks ? frames[b] : encoded.shape[1]).mean([0]).to(float32).cpu().data<float>().ToArray();
            }
        }
        return i => means[i];
    }
}
