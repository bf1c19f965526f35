using Retort.Data;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>What plain trainings of a preparation share, such as a language model on text: order, rate, clipping and the last weights. The loss is the caller's.</summary>
/// <param name="Name">what the progress calls it</param>
/// <param name="Seed">the order's seed</param>
/// <param name="Steps">steps of the optimizer; the first twentieth warms up, then the rate falls as a cosine to 2 % of the highest</param>
/// <param name="Batch">samples in a step</param>
/// <param name="LearningRate">the highest rate</param>
/// <param name="Adam">the optimizer</param>
internal sealed record PlainTraining(string Name, long Seed, long Steps, int Batch, double LearningRate, AdamSettings Adam)
{
    internal TrainResult Run(nn.Module model, int samples, object settings, Func<StepContext, Tensor> step, string? folder, Progress? progress, CancellationToken cancel)
    {
        using var shown = progress is null ? Progress.Below() : null;
        var run = (progress ?? shown!).Run(Name);
        run.Begin();
        var order = new SampleOrder(samples, Seed);
        var warm = Steps / 20;
        var result = TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = at => order.Batch(at, Batch).Samples,
            Rate = Schedule.WarmUp(warm, LearningRate, Schedule.Cosine(LearningRate, Math.Max(Steps - warm, 1), 0.02)),
            Step = step,
            Settings = settings,
        }, new TrainSettings
        {
            Seed = Seed,
            Steps = Steps,
            Adam = Adam,
            ClipNorm = 1,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(Steps / 50, 1),
        }, folder, run, cancel);
        run.Done();
        return result;
    }
}
