using Retort.Randomness;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Child;

/// <summary>A made problem: 3 smooth functions of 8 numbers, 256 samples to learn from and 64 to be measured by.</summary>
public sealed class TinyProblem : IDisposable
{
    private readonly Generator generator = new();
    private readonly Tensor inputs, targets;
    private readonly Action<long>? beforeStep;

    public TinyProblem(long seed, int width = 16, Action<long>? beforeStep = null, int ballast = 0)
    {
        this.beforeStep = beforeStep;
        var draw = RandomStream.Of(1, "problem");
        var x = Enumerable.Range(0, 320 * 8).Select(_ => (float)draw.Normal()).ToArray();
        var y = Enumerable.Range(0, 320).SelectMany(i => new[] { MathF.Sin(x[i * 8] + x[i * 8 + 1]), x[i * 8 + 2] * x[i * 8 + 3], MathF.Abs(x[i * 8 + 4]) }).ToArray();
        inputs = tensor(x).view(320, 8);
        targets = tensor(y).view(320, 3);
        Model = new TinyNet(seed, width, generator, ballast);
        Task = new TrainTask
        {
            Model = Model,
            Order = step => RandomStream.Of(seed, "order", epoch: step).Permutation(256)[..32],
            Rate = Schedule.Ced(0.02, 10, 200),
            Step = Step,
            Evaluate = () => new Dictionary<string, double> { ["error"] = Error(inputs[256..], targets[256..]).ToDouble() },
            Generators = [generator],
            Settings = new { seed, width },
        };
    }

    public static TrainSettings Settings { get; } = new()
    {
        Steps = 120,
        EvaluateEvery = 8,
        BestBy = "error",
        LowerIsBetter = true,
        KeepBest = 3,
        Patience = 0,
        ClipNorm = 1,
        AverageDecay = 0.8,
        CheckpointEvery = 5,
        CheckpointSeconds = 0,
    };

    public TinyNet Model { get; }

    public TrainTask Task { get; }

    public void Dispose()
    {
        Model.Dispose();
        inputs.Dispose();
        targets.Dispose();
        generator.Dispose();
    }

    private Tensor Step(StepContext context)
    {
        beforeStep?.Invoke(context.Step);
        var batch = tensor(context.Batch.Select(i => (long)i).ToArray());
        var noise = context.Random("noise");
        var x = inputs.index_select(0, batch) + 0.01 * noise.Normal();
        var loss = Error(x, targets.index_select(0, batch));
        context.Measure("noisy", loss);
        return loss;
    }

    private Tensor Error(Tensor x, Tensor y) => nn.functional.mse_loss(Model.call(x), y);
}
