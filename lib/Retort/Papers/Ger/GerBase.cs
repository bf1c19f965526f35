using Retort.Data;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>
/// The small language model in the place of LLaMA-2-7b. A 7 B model can copy and vote within a list from its pre-training; a model of
/// one million weights learns it from lists corrupted in text alone (<see cref="TextCorruption"/>) beside plain text, and then from lists
/// with the errors of the recogniser in hand (<see cref="ListChannel"/>).
/// </summary>
public sealed record GerBaseSettings
{
    /// <summary>The model; its vocabulary is the data's.</summary>
    public LlamaSettings Model { get; init; } = new() { Width = 128, Depth = 4, Heads = 4, Groups = 4, Hidden = 344, Context = 192 };

    /// <summary>Steps of the optimizer.</summary>
    public long Steps { get; init; } = 3000;

    /// <summary>Sentences in a step.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of sentences that are learned as plain text; the others are corrupted lists with their answers. 1: the base has never met a list.</summary>
    public double PlainShare { get; init; } = 0.25;

    /// <summary>
    /// Whether all tokens of a list are learned, as a language model reads its text: each hypothesis is nearly a copy of the one before,
    /// and copying is what the answers need first. Else the answers alone, as the adapters do.
    /// </summary>
    public bool WholeLists { get; init; } = true;

    /// <summary>
    /// Share of lists that the base learns to correct. Below 1 it has two skills, as a large model has many: these lists name the task
    /// (<see cref="GerPrompt.Task"/>), and the others name none and are copied: their answer is one of their own hypotheses, drawn evenly. GER's prompts
    /// name none, so that the base alone copies, and to correct is for the adapter to bring forth.
    /// </summary>
    public double CorrectShare { get; init; } = 1;

    /// <summary>The seed of weights, order and corruptions.</summary>
    public long Seed { get; init; } = 11;
}

/// <summary>The frozen base of all arms.</summary>
public sealed class GerBase : IResultKey
{
    private readonly IReadOnlyDictionary<string, Tensor> weights;

    private GerBase(LlamaSettings settings, GerPrompt prompt, IReadOnlyDictionary<string, Tensor> weights, TrainResult result, string key) =>
        (Settings, Prompt, this.weights, Result, ResultKey) = (settings, prompt, weights, result, key);

    /// <summary>The model's size.</summary>
    public LlamaSettings Settings { get; }

    /// <summary>How lists become tokens.</summary>
    public GerPrompt Prompt { get; }

    /// <summary>The training.</summary>
    public TrainResult Result { get; }

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>A copy of the base, with a fresh adapter if settings for one are given.</summary>
    /// <param name="adapter">null for none</param>
    /// <param name="seed">the adapter's start</param>
    public Llama Copy(Retort.Layers.PromptAdapterSettings? adapter = null, long seed = 0)
    {
        var model = new Llama(Settings, adapter);
        LlamaCheckpoint.Load(model, weights);
        model.Fill(seed, Llama.IsAdapter);
        return model;
    }

    /// <summary>Trains the base, or goes on with or reads the folder's run.</summary>
    /// <param name="settings">size and training</param>
    /// <param name="data">text and vocabulary</param>
    /// <param name="folder">where the run is kept; null to keep nothing</param>
    /// <param name="progress">where it says how far it is; null: below the cell, or in the terminal</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <param name="channel">makes the lists; null: words are taken for what they sound like</param>
    /// <param name="from">the base whose weights it starts with; null: fresh ones</param>
    public static GerBase Train(GerBaseSettings settings, GerData data, string? folder = null, Progress? progress = null, CancellationToken cancel = default, ListChannel? channel = null, GerBase? from = null)
    {
        var size = settings.Model with { Vocabulary = data.Words.Count };
        var (prompt, named) = (GerPrompt.Short(data.Words), GerPrompt.Short(data.Words, GerPrompt.Task));
        using var model = new Llama(size);
        model.Fill(settings.Seed);
        if (from is not null)
        {
            LlamaCheckpoint.Load(model, from.weights);
        }
        var adam = new AdamSettings { Beta2 = 0.98, WeightDecay = 0.01, Decoupled = true, SpareVectors = true };
        var training = new PlainTraining(from is null ? "language model" : "language model, goes on", settings.Seed, settings.Steps, settings.Batch, settings.LearningRate, adam);
        Func<string, RandomStream, NBestList> corrupted = channel is null ? data.Sounds.List : channel.List;
        var result = training.Run(model, data.Text.Count, new { settings, Data = data.ResultKey, Channel = channel?.ResultKey, From = from?.ResultKey }, context =>
        {
            var (tokens, targets) = GerBatch.Padded([.. context.Batch.Select(i => Sequence(i, context.Step))]);
            return TokenLoss.CrossEntropy(model.call(tokens, null), targets);
        }, folder, progress, cancel);
        using var scope = NewDisposeScope();
        return new GerBase(size, prompt, model.state_dict().ToDictionary(p => p.Key, p => p.Value.detach().clone().DetachFromDisposeScope()), result, StateDict.Hash(model));

        // Tokens, and the first place whose token is learned.
        (int[] Tokens, int Prompt) Sequence(int i, long step)
        {
            var draw = RandomStream.Of(settings.Seed, "corrupt", $"{i}", step);
            if (draw.Chance(settings.PlainShare))
            {
                return (data.Words.EncodeMarked(data.Text[i]), 1);
            }
            var list = corrupted(data.Text[i], draw);
            var two = settings.CorrectShare < 1;
            var copied = two && !draw.Chance(settings.CorrectShare);
            var (tokens, length) = (two && !copied ? named : prompt).EncodeWithAnswer(copied ? list with { Truth = draw.Pick(list.Hypotheses) } : list);
            return (tokens, settings.WholeLists ? 1 : length);
        }
    }

    /// <summary>Log-probability of a sentence as plain text, for rescoring.</summary>
    /// <param name="sentences">the sentences</param>
    public double[] LogProbabilities(IReadOnlyList<string> sentences)
    {
        using var model = Copy();
        return LlamaGeneration.LogProbabilities(model, [.. sentences.Select(Prompt.Tokenizer.EncodeMarked)]);
    }
}
