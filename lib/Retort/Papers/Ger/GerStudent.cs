using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>The lists of an experiment as one extractor sees them.</summary>
/// <param name="Train">lists to learn from</param>
/// <param name="Validation">lists to choose on</param>
/// <param name="Test">lists to report</param>
public sealed record GerParts(GerInputs Train, GerInputs Validation, GerInputs Test)
{
    /// <summary>All parts of some data by one extractor; audio vectors are standardised by the training lists.</summary>
    public static GerParts Of(GerData data, GerPrompt prompt, NoiseEmbedding extractor, int trainLists = int.MaxValue)
    {
        var train = new GerInputs([.. data.Train.Take(trainLists)], prompt, extractor);
        return new GerParts(train, new GerInputs(data.Validation, prompt, extractor, train.Scale), new GerInputs(data.Test, prompt, extractor, train.Scale));
    }
}

/// <summary>Trains an arm's adapter on the frozen base, and measures it.</summary>
public static class GerStudent
{
    /// <summary>Trains one arm for one seed, decodes the test, and returns what a measure needs of each list.</summary>
    /// <param name="arm">the arm</param>
    /// <param name="context">seed, folder, progress</param>
    /// <param name="language">the frozen base</param>
    /// <param name="parts">the lists; where something is chosen, the validation lists stand in the test's place: <c>parts with { Test = parts.Validation }</c></param>
    /// <returns>
    /// Values "gate" (mean absolute gate), "trainable" and "seconds"; curves "loss" and what the arm's loss measured;
    /// outputs "errors" and "words" of each test list, "tokens" (lists x <see cref="LongestAnswer"/>, -1 behind the end), and "gates" (mean absolute
    /// gate of each adapted layer)
    /// </returns>
    public static ArmOutcome Train(GerArm arm, ArmContext context, GerBase language, GerParts parts)
    {
        using var model = New(arm, context.Seed, language, parts);
        var result = Run(arm, model, context.Seed, parts, context.Folder, context.Progress, context.Cancel);
        var decoded = Decode(model, parts.Test, context.Seed);
        var test = Words(parts.Test, decoded);
        var gates = Gates(model);
        var curves = result.Log.Names.Where(n => n.StartsWith("psi", StringComparison.Ordinal) || n is "loss" or "gradient norm").ToDictionary(n => n, result.Curve);
        return new ArmOutcome(
            new Dictionary<string, double>
            {
                ["gate"] = gates.Average(),
                ["trainable"] = model.Language.parameters().Where(p => p.requires_grad).Sum(p => p.numel()),
                ["seconds"] = result.Seconds,
            },
            curves,
            new Dictionary<string, float[]>
            {
                ["errors"] = [.. test.Select(t => (float)t.Errors)],
                ["words"] = [.. test.Select(t => (float)t.Words)],
                ["gates"] = [.. gates.Select(g => (float)g)],
                ["tokens"] = [.. decoded.SelectMany(d => Enumerable.Range(0, LongestAnswer).Select(i => i < d.Length ? d[i] : -1f))],
            });
    }

    /// <summary>Most words of an answer.</summary>
    public const int LongestAnswer = 24;

    /// <summary>A fresh model of an arm.</summary>
    public static GerModel New(GerArm arm, long seed, GerBase language, GerParts parts)
    {
        using var scope = NewDisposeScope();
        var input = arm.Input?.Invoke(parts.Train.Batch([0]));
        var adapter = arm.Adapter with { Rows = parts.Train.Rows, NoiseWidth = (int)(input?.shape[2] ?? 0) };
        var size = language.Settings;
        var mine = new MutualInformationNetwork(size.Heads * size.Head, parts.Train.NoiseWidth, parts.Train.AudioWidth, arm.Training.NarrowestNetwork);
        mine.Fill(seed);
        var project = new Projection(size.Heads * size.Head, parts.Train.AudioWidth);
        FreshWeights.Fill(project, seed, "to audio", (_, shape, draw) => FreshWeights.Uniform(draw, shape[1]));
        return new GerModel(language.Copy(adapter, seed), mine, project, arm.Input);
    }

    /// <summary>Trains a model by its arm's loss.</summary>
    public static TrainResult Run(GerArm arm, GerModel model, long seed, GerParts parts, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var how = arm.Training;
        var order = new SampleOrder(parts.Train.Items.Count, seed);
        return TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = step => order.Batch(step, how.Batch).Samples,
            Rate = Schedule.WarmUp((long)(how.WarmUpShare * how.Steps), how.LearningRate, Schedule.Constant(how.LearningRate)),
            Step = context =>
            {
                model.Measured = context.Measure;
                return arm.Loss(model, parts.Train.Batch(context.Batch, seed));
            },
            RateFactor = name => name.StartsWith("llama.", StringComparison.Ordinal) ? 1 : how.NetworkRate,
            Settings = new { Training = how, arm.Adapter },
        }, new TrainSettings
        {
            Seed = seed,
            Steps = how.Steps,
            Adam = new AdamSettings { WeightDecay = how.WeightDecay, Decoupled = true },
            ClipNorm = how.ClipNorm,
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = Math.Max(how.Steps / 40, 1),
        }, folder, progress, cancel);
    }

    /// <summary>The answers to a part's prompts, as tokens.</summary>
    public static IReadOnlyList<int[]> Decode(GerModel model, GerInputs part, long seed)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        model.eval();
        return LlamaGeneration.Greedy(model.Language, [.. part.Encoded.Select(e => e.Tokens[..e.Prompt])], part.Prompt.Tokenizer.EndId, LongestAnswer, model.InputOf(part.Whole(seed)));
    }

    /// <summary>Errors and reference words of each list's answer.</summary>
    public static IReadOnlyList<(int Errors, int Words)> Words(GerInputs part, IReadOnlyList<int[]> answers) =>
        [.. answers.Select((a, i) => Errors(part.Items[i].List.Truth, part.Prompt.Tokenizer.Decode(a)))];

    /// <summary>Errors and reference words of a hypothesis.</summary>
    public static (int Errors, int Words) Errors(string truth, string hypothesis)
    {
        string[] Split(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var reference = Split(truth);
        return (EditDistance.Of<string>(reference, Split(hypothesis)), reference.Length);
    }

    /// <summary>The mean absolute gate of each adapted layer.</summary>
    public static IReadOnlyList<double> Gates(GerModel model)
    {
        using var scope = NewDisposeScope();
        return [.. model.Language.named_parameters().Where(p => p.name.EndsWith(".gating_factor", StringComparison.Ordinal)).Select(p => (double)p.parameter.detach().abs().mean().item<float>())];
    }
}
