// The training loop, from seed to checkpoint, in one function. What differs between papers (model, loss, data, schedule)
// comes in as functions of the step; hence a resumed run needs one step counter, the weights and the optimizer's state.

using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Training;

/// <summary>Trains a model.</summary>
public static class TrainLoop
{
    /// <summary>
    /// Trains to the end, or goes on from the folder's newest checkpoint; a run that has ended there is not run again.
    /// When it returns the model has the final weights and is in evaluation mode.
    /// </summary>
    /// <param name="task">model, data and loss, as functions</param>
    /// <param name="settings">length, optimizer, choice of the final weights</param>
    /// <param name="folder">the folder of the run (<see cref="RunFolder"/>); null keeps everything in memory</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops after the step at work, with a checkpoint</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="BadInputException">The folder holds a run with other settings, or a damaged checkpoint.</exception>
    /// <exception cref="InvalidOperationException">The loss is no longer finite.</exception>
    public static TrainResult Run(TrainTask task, TrainSettings settings, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        using var interrupt = HostInterrupt.With(cancel);
        cancel = interrupt.Token;
        var model = task.Model;
        using var run = folder is null ? null : new RunFolder(folder);
        run?.KeepSettings(new { Train = settings, Task = task.Settings });
        if (run is { HasResult: true })
        {
            return Ended(run, model);
        }
        using var adam = new AdamOptimizer(model.named_parameters().Select(p => (p.Item1, p.Item2)), settings.Adam, task.RateFactor);
        using var average = settings.AverageDecay > 0 ? new ExponentialAverage(model, settings.AverageDecay) : null;
        using var best = new BestWeights(run?.Best);
        var state = run is null ? TrainState.Start : Resume(run, model, adam, average);
        using var log = new MetricsLog(run?.MetricsFile, state.Step);
        var (clock, before, saved) = (Stopwatch.StartNew(), state.Seconds, TimeSpan.Zero);
        IReadOnlyDictionary<string, double>? atEnd = null;  // of the last step's weights

        while (state.Step < settings.Steps && !state.Stopped)
        {
            var step = state.Step;
            var evaluated = task.Evaluate is not null && (step + 1 == settings.Steps || (settings.EvaluateEvery > 0 && (step + 1) % settings.EvaluateEvery == 0));
            var measured = Step(task, settings, adam, step, logged: evaluated || (step + 1) % settings.LogEvery == 0);
            average?.Update();
            state = state with { Step = step + 1, Seconds = before + clock.Elapsed.TotalSeconds };
            if (evaluated)
            {
                // The average, where there is one, is what is evaluated and kept.
                using var swapped = average?.Swap();
                var found = Evaluate(task, settings);
                atEnd = step + 1 == settings.Steps ? found : null;
                state = state.After(found.TryGetValue(settings.BestBy, out var score)
                    ? score
                    : throw new ArgumentException($"the evaluation measures no \"{settings.BestBy}\", by which runs are compared", nameof(task)), settings);
                best.Keep(model, state);
                foreach (var (name, value) in found)
                {
                    measured[name] = value;
                }
            }
            ExceptionDispatchInfo? stopped = null;
            if (measured.Count > 0)
            {
                try
                {
                    progress?.Report(state.Step, settings.Steps, measured);
                }
                catch (OperationCanceledException e)
                {
                    // A notebook's display throws in a cell that is to stop; the checkpoint comes first.
                    stopped = ExceptionDispatchInfo.Capture(e);
                }
                measured["seconds"] = state.Seconds;
                log.Add(state.Step, measured);
            }
            var ended = state.Step == settings.Steps || state.Stopped || stopped is not null || cancel.IsCancellationRequested;
            var due = (settings.CheckpointEvery > 0 && state.Step % settings.CheckpointEvery == 0)
                || (settings.CheckpointSeconds > 0 && (clock.Elapsed - saved).TotalSeconds >= settings.CheckpointSeconds);
            if (run is not null && (ended || due))
            {
                using var scope = NewDisposeScope();
                log.Sync();
                Checkpoint.Save(run.Checkpoints, state, Tensors(model, adam, average), settings.KeepCheckpoints);
                best.Prune(Checkpoint.All(run.Checkpoints).Select(Checkpoint.ReadState));
                saved = clock.Elapsed;
            }
            stopped?.Throw();
            cancel.ThrowIfCancellationRequested();
        }

        Choose(model, settings, average, best, state);
        // The last weights have been evaluated already.
        var values = task.Evaluate is null ? new Dictionary<string, double>() : settings.Final == FinalWeights.Last && atEnd is not null ? atEnd : Evaluate(task, settings);
        var result = new TrainResult(state.Step, state.Stopped, values, state.Best, before + clock.Elapsed.TotalSeconds) { Log = log };
        model.eval();
        if (run is not null)
        {
            SafeTensors.Save(run.ModelFile, model.state_dict().Select(p => (p.Key, p.Value)));
            run.WriteResult(result);
        }
        return result;
    }

    private static Dictionary<string, double> Step(TrainTask task, TrainSettings settings, AdamOptimizer adam, long step, bool logged)
    {
        using var scope = NewDisposeScope();
        task.Model.train();
        for (var i = 0; i < task.Generators.Count; i++)
        {
            task.Generators[i].manual_seed((long)(RandomStream.Of(settings.Seed, "dropout", $"{i}", step).NextUInt64() >> 1));
        }
        var context = new StepContext(settings.Seed, step, task.Order(step), logged);
        Tensor loss;
        using (Precision(task.Model, settings.Mixed))
        {
            loss = task.Step(context);
        }
        // Before the step: a loss that is no number must not reach the weights, nor a checkpoint.
        if (loss.device_type == DeviceType.CPU && !double.IsFinite(loss.ToDouble()))
        {
            throw new InvalidOperationException($"the loss is {loss.ToDouble()} at step {step}: the training has diverged");
        }
        loss.backward();
        var norm = settings.ClipNorm > 0 || logged ? adam.GradientNorm() : 0;
        var rate = task.Rate(step);
        // The small number is PyTorch's, so that a norm of 0 divides nothing.
        adam.Step(rate, settings.ClipNorm > 0 ? Math.Min(1, settings.ClipNorm / (norm + 1e-6)) : 1);
        adam.ZeroGradients();
        if (!logged)
        {
            return [];
        }
        var value = loss.ToDouble();
        if (!double.IsFinite(value) || !double.IsFinite(norm))
        {
            throw new InvalidOperationException($"the loss is {value} and the gradients' norm {norm} at step {step}: the training has diverged");
        }
        return new Dictionary<string, double>(context.Values()) { ["loss"] = value, ["rate"] = rate, ["gradient norm"] = norm };
    }

    private static IReadOnlyDictionary<string, double> Evaluate(TrainTask task, TrainSettings settings)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var precision = Precision(task.Model, settings.Mixed);
        task.Model.eval();
        return task.Evaluate!();
    }

    /// <summary>Mixed precision on the model's device until the result is disposed of; null for none.</summary>
    internal static IDisposable? Precision(nn.Module model, bool mixed) =>
        !mixed ? null
        : model.parameters().First().device_type == DeviceType.CUDA ? Autocast.Cuda(ScalarType.BFloat16) : Autocast.Cpu(ScalarType.BFloat16);

    private static void Choose(nn.Module model, TrainSettings settings, ExponentialAverage? average, BestWeights best, TrainState state)
    {
        using var scope = NewDisposeScope();
        if (settings.Final == FinalWeights.Last || state.Best.Count == 0)
        {
            if (average is not null)
            {
                StateDict.Into(model, average.Weights);
            }
            return;
        }
        StateDict.Into(model, settings.Final == FinalWeights.Best ? best.Load(state.Best[0]) : WeightAverage.Plain(state.Best.Select(best.Load).ToArray()));
    }

    private static List<(string, Tensor)> Tensors(nn.Module model, AdamOptimizer adam, ExponentialAverage? average) =>
    [
        .. model.state_dict().Select(p => ("model." + p.Key, p.Value)),
        .. adam.State().Select(s => ("optimizer." + s.Name, s.Value)),
        .. (average?.Weights ?? new Dictionary<string, Tensor>()).Select(p => ("average." + p.Key, p.Value)),
    ];

    private static TrainState Resume(RunFolder run, nn.Module model, AdamOptimizer adam, ExponentialAverage? average)
    {
        if (Checkpoint.Newest(run.Checkpoints) is not { } newest)
        {
            return TrainState.Start;
        }
        using var scope = NewDisposeScope();
        var (state, tensors) = Checkpoint.Load(newest);
        Dictionary<string, Tensor> Part(string prefix) =>
            tensors.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[prefix.Length..], t => t.Value);
        try
        {
            StateDict.Into(model, Part("model."));
            adam.Load(Part("optimizer."));
            average?.Load(Part("average."));
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(newest, "", $"belongs to another model: {e.Message}", e);
        }
        return state;
    }

    private static TrainResult Ended(RunFolder run, nn.Module model)
    {
        using var scope = NewDisposeScope();
        StateDict.Into(model, SafeTensors.Load(run.ModelFile));
        model.eval();
        using var log = MetricsLog.Read(run.MetricsFile);
        return run.ReadResult<TrainResult>() with { Log = log };
    }
}
