// The published recipe (paper, appendix C.2; the released training code) on a LLaMA-family model of the user's and Robust
// HyPoradise files. As published: 8 micro-batches of 4 lists drawn uniformly with replacement (the longest list is the first, so that
// memory that does not suffice is known at once); on them first the statistics network's AdamW step, then the adapter's with the network's new
// weights; linear warm-up counted in micro-batches, then a constant rate; validation after each 200 micro-batches. Unlike it: adapter,
// network and Adam's state are in float32 (published: bfloat16, as the base); the validation's draws are the same each time, so that
// checkpoints are compared on equal lists; the best of them is what the run ends with (published: chosen by hand); logits are made where an
// answer is learned and nowhere else; the first stage runs no language model (published: a pass whose outputs go unused).

using Retort.Data;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>What a paper-size run reads, and how it is trained. The defaults are the published ones.</summary>
public sealed record GerPaperSettings
{
    /// <summary>Folder of the base model: config.json, weights, tokenizer.model or tokenizer.json.</summary>
    public string Base { get; init; } = "";

    /// <summary>Training lists, a RobustHP file of torch.save or HyPoradise JSON; RobustHP's brings noise inputs, and audio where the distillation is to have it.</summary>
    public string Data { get; init; } = "";

    /// <summary>
    /// Lists by whose cross-entropy checkpoints are compared, in the same forms; the weights of the least are kept. Not the test lists. Empty: the last weights are kept.
    /// </summary>
    public string Validation { get; init; } = "";

    /// <summary>Lists that are decoded at the end, in the same forms; empty for none.</summary>
    public string Test { get; init; } = "";

    /// <summary>
    /// A text file with {best} and {others}, or HyPoradise's H2T-LoRA.json: the prompt of lists that bring no tokens of their own. Empty:
    /// <see cref="GerPrompt.Template"/>, which is ours and not the published one. RobustHP's lists bring theirs.
    /// </summary>
    public string Template { get; init; } = "";

    /// <summary>Whether prompts and answers are encoded from the lists' texts also where lists bring tokens of their own.</summary>
    public bool EncodeAnew { get; init; }

    /// <summary>Folder of all-MiniLM-L6-v2 for lists that come without noise inputs; empty if all come with one.</summary>
    public string SentenceEncoder { get; init; } = "";

    /// <summary>The adapter. Without a noise input (the GER baseline) it takes lists of <see cref="Hypotheses"/>, and no distillation.</summary>
    public PromptAdapterSettings Adapter { get; init; } = new();

    /// <summary>Hypotheses of a list where the adapter has no noise input; with one its rows tell, N (N - 1).</summary>
    public int Hypotheses { get; init; } = 5;

    /// <summary>Lists drawn for each list there is: draws are with replacement.</summary>
    public int Epochs { get; init; } = 2;

    /// <summary>Lists of a forward pass.</summary>
    public int MicroBatch { get; init; } = 4;

    /// <summary>Forward passes of a step.</summary>
    public int Accumulate { get; init; } = 8;

    /// <summary>The learning rate; 1e-2 on CHiME-4, 5e-3 elsewhere.</summary>
    public double LearningRate { get; init; } = 5e-3;

    /// <summary>Weight of the mutual information; 0 for none, as where lists come without audio.</summary>
    public double Lambda { get; init; } = 0.5;

    /// <summary>Whether the cross-entropy is divided by all positions, as published, or by those that are learned.</summary>
    public bool PublishedCrossEntropy { get; init; } = true;

    /// <summary>Micro-batches between validations.</summary>
    public int ValidateEvery { get; init; } = 200;

    /// <summary>Most tokens of a prompt with its answer, and no more than the model's context; longer ones are cut, as published.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>Most new tokens of an answer.</summary>
    public int MaxAnswer { get; init; } = 150;

    /// <summary>Whether prompts begin with the start symbol.</summary>
    public bool Bos { get; init; }

    /// <summary>Type of the base weights.</summary>
    public ScalarType BaseType { get; init; } = ScalarType.BFloat16;

    /// <summary>Where it runs: "cuda" or "cpu".</summary>
    public string Device { get; init; } = "cuda";

    /// <summary>The seed.</summary>
    public long Seed { get; init; } = 1337;

    /// <summary>The published run on CHiME-4.</summary>
    public static GerPaperSettings Chime4 { get; } = new() { LearningRate = 1e-2 };
}

/// <summary>Paper size: the published recipe on the user's model and data.</summary>
public static class GerPaper
{
    /// <summary>Memory in GB, by arithmetic from the model's config.json alone, before anything is loaded: for lists as long as the settings allow.</summary>
    /// <exception cref="BadInputException">The config cannot be read.</exception>
    public static string Plan(GerPaperSettings settings)
    {
        var size = LlamaCheckpoint.ReadConfig(settings.Base);
        return Memory(settings, size, Math.Min(settings.MaxTokens, size.Context), Math.Min(settings.MaxAnswer + 1, settings.MaxTokens), 1280).ToString();
    }

    internal static LlamaMemory Memory(GerPaperSettings settings, LlamaSettings size, int tokens, int answer, int audioWidth) =>
        LlamaMemory.Of(size, settings.Adapter, settings.BaseType, settings.MicroBatch, tokens, answer, settings.Lambda > 0 ? audioWidth : 0);

    /// <summary>
    /// Trains the adapter, or goes on where the folder's run was stopped; writes adapter.safetensors, and for the test lists corrections and scores.
    /// What memory it takes is said before the base is loaded.
    /// </summary>
    /// <param name="settings">what and how</param>
    /// <param name="folder">where run and results are kept</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <param name="said">where the plan is written; the console if null</param>
    /// <returns>WER of the 1-best, of the corrections, o_nb and o_cp on the test lists, in percent (<see cref="ListCorrector.Score"/>); empty without any</returns>
    /// <exception cref="BadInputException">A file is missing, damaged, or does not fit: one clear message.</exception>
    /// <exception cref="ArgumentException">Distillation is asked of an adapter without a noise input.</exception>
    public static IReadOnlyDictionary<string, double> Train(
        GerPaperSettings settings, string folder, RunProgress? progress = null, CancellationToken cancel = default, TextWriter? said = null)
    {
        var device = new Device(settings.Device);
        if (settings is { Lambda: > 0, Adapter.NoiseWidth: 0 })
        {
            throw new ArgumentException("the distillation acts on the tuners of the noise input, and the adapter has none: expected Lambda = 0", nameof(settings));
        }
        var size = LlamaCheckpoint.ReadConfig(settings.Base);
        var (template, name) = GerPrompt.Recognise(settings.Template.Length > 0 ? ListCorrector.ReadTemplate(settings.Template) : GerPrompt.Template);
        var prompt = GerPrompt.Of(HuggingFaceTokenizer.Read(settings.Base, size.Vocabulary), template, settings.Bos, settings.EncodeAnew);
        var most = Math.Min(settings.MaxTokens, size.Context);
        var train = Part(settings.Data);
        var (checks, checkTokens, _) = settings.Validation.Length > 0 ? Part(settings.Validation) : ([], [], 0);
        var own = train.Lists.Count(prompt.TakesTokensOf);
        if (own > 0 && own < train.Lists.Count && settings.Template.Length == 0)
        {
            throw new BadInputException(settings.Data, train.Lists.First(l => !prompt.TakesTokensOf(l)).Id, "brings no tokens, as other lists do: name the template that theirs are of, or encode all anew");
        }
        var knows = own == 0 || settings.Template.Length > 0;
        if (settings.Lambda > 0 && train.Lists.FirstOrDefault(l => l.NoisyAudio is null || l.CleanAudio is null || l.NoisyAudio.Length != train.Lists[0].NoisyAudio?.Length || l.CleanAudio.Length != l.NoisyAudio.Length) is { } silent)
        {
            throw new BadInputException(settings.Data, silent.Id, "has no audio features of the others' width, which the distillation needs; expected audio_features and clean_audio_features, or Lambda = 0");
        }
        var test = settings.Test.Length > 0 ? Read(settings.Test) : [];
        var audioWidth = train.Lists[0].NoisyAudio?.Length ?? 0;
        var (longest, answers) = (train.Encoded.Max(e => e.Tokens.Length) - 1, train.Encoded.Max(e => e.Tokens.Length - e.Prompt));
        var prompts = own > 0 ? $"{own} of {train.Lists.Count} lists by their own tokens{(own < train.Lists.Count ? $", the others by {name}" : "")}" : name;
        var leftOut = train.LeftOut > 0 ? $"; {train.LeftOut} lists are left out, since their prompts alone have {most} tokens and teach nothing" : "";
        (said ?? Console.Out).WriteLine($"{Memory(settings, size, longest, answers, audioWidth)}\nprompts: {prompts}{leftOut}");

        using var llama = new Llama(size, settings.Adapter, settings.BaseType, device);
        LlamaCheckpoint.Load(llama, settings.Base);
        llama.Fill(settings.Seed, Llama.IsAdapter);
        var corrector = new ListCorrector(llama, prompt, new() { MaxAnswer = settings.MaxAnswer }, name, knows);
        try
        {
            corrector.Prompts(test);
        }
        catch (ArgumentException e)
        {
            // Now, and not when the training is over.
            throw new BadInputException(settings.Test, "", e.Message, e);
        }
        var mine = settings.Lambda > 0 ? new MutualInformationNetwork(size.Heads * size.Head, settings.Adapter.NoiseWidth, audioWidth) : null;
        mine?.Fill(settings.Seed);
        mine?.to(device);
        using var trained = new Trained(llama, mine);
        var stages = mine is null ? 1 : 2;
        var micros = train.Lists.Count / settings.MicroBatch;
        var rounds = Math.Max(1, (long)settings.Epochs * micros / settings.Accumulate);
        var warm = (int)(0.2 * micros);
        TrainLoop.Run(new TrainTask
        {
            Model = trained,
            // Both stages of a round see the same lists.
            Order = step => Drawn(step / stages),
            // As published: what the round's last micro-batch sets.
            Rate = step => settings.LearningRate * (warm == 0 ? 1 : Math.Min(1, ((step / stages + 1) * settings.Accumulate - 1.0) / warm)),
            Step = context => context.Step % stages == stages - 1 ? Adapter(context) : Statistics(context.Batch),
            RateFactor = weight => weight.StartsWith("mine", StringComparison.Ordinal) ? 0.1 : 1,
            Evaluate = checks.Count == 0 ? null : Validate,
            Settings = settings,
        }, new TrainSettings
        {
            Seed = settings.Seed,
            Steps = rounds * stages,
            Adam = new AdamSettings { WeightDecay = 0.02, Decoupled = true },
            EvaluateEvery = Math.Max(1, settings.ValidateEvery / settings.Accumulate) * stages,
            BestBy = "validation loss",
            LowerIsBetter = true,
            KeepBest = 1,
            Patience = 0,
            Final = checks.Count == 0 ? FinalWeights.Last : FinalWeights.Best,
            LogEvery = 10 * stages,
        }, folder, progress, cancel);
        LlamaAdapters.Save(llama, Path.Combine(folder, "adapter.safetensors"), settings.Bos, knows ? template : null);
        if (test.Count == 0)
        {
            return new Dictionary<string, double>();
        }
        var corrected = corrector.Correct(test);
        AtomicFile.WriteText(Path.Combine(folder, "corrections.txt"), string.Concat(corrected.Select(a => a + "\n")));
        return ListCorrector.Score(test, corrected);

        IReadOnlyList<NBestList> Read(string path) => ListCorrector.ReadLists(path, settings.Adapter.NoiseWidth > 0 ? ListCorrector.HypothesesOf(settings.Adapter.Rows) : settings.Hypotheses, settings.Adapter, settings.SentenceEncoder, prompt);

        (IReadOnlyList<NBestList> Lists, (int[] Tokens, int Prompt)[] Encoded, int LeftOut) Part(string path)
        {
            try
            {
                var all = Read(path);
                var cut = all.Select(l => (List: l, Encoded: prompt.EncodeWithAnswer(l))).Where(l => l.Encoded.Prompt < most)
                    .Select(l => (l.List, Encoded: (Tokens: l.Encoded.Tokens.Length <= most ? l.Encoded.Tokens : l.Encoded.Tokens[..most], l.Encoded.Prompt))).ToArray();
                return cut.Length >= settings.MicroBatch ? ([.. cut.Select(c => c.List)], [.. cut.Select(c => c.Encoded)], all.Count - cut.Length)
                    : throw new BadInputException(path, "", $"has {cut.Length} lists whose prompts are shorter than {most} tokens, fewer than a micro-batch of {settings.MicroBatch}");
            }
            catch (ArgumentException e)
            {
                throw new BadInputException(path, "", e.Message, e);
            }
        }

        int[] Drawn(long round)
        {
            var draw = RandomStream.Of(settings.Seed, "lists", "", round);
            int[] rows = [.. Enumerable.Range(0, settings.MicroBatch * settings.Accumulate).Select(_ => draw.Next(train.Lists.Count))];
            if (round == 0)
            {
                rows[0] = Enumerable.Range(0, train.Lists.Count).MaxBy(i => train.Encoded[i].Tokens.Length);
            }
            return rows;
        }

        Tensor? Noise(IReadOnlyList<NBestList> lists, int[] rows) => settings.Adapter.NoiseWidth == 0 ? null : Rows(rows, i => lists[i].Noise!, [rows.Length, settings.Adapter.Rows, settings.Adapter.NoiseWidth], device);

        Tensor Audio(int[] rows, Func<NBestList, float[]?> of) => Rows(rows, i => of(train.Lists[i])!, [rows.Length, -1], device);

        // Stage 1: the network alone, on E_LN as it is. Micro-batches are of one size, so that their mean is the mean over all.
        Tensor Statistics(int[] rows)
        {
            var noise = -Noise(train.Lists, rows)!;
            return MutualInformation.Difference(mine!.call(noise, Audio(rows, l => l.NoisyAudio), false), mine.call(noise, Audio(rows, l => l.CleanAudio), false));
        }

        // Stage 2: the adapter alone, by the network of after its step.
        Tensor Adapter(StepContext context)
        {
            var parts = context.Batch.Chunk(settings.MicroBatch).ToArray();
            for (var i = 0; i < parts.Length - 1; i++)
            {
                // Each pass frees its graph before the next: the gradients add up.
                using var scope = NewDisposeScope();
                (Loss(parts[i], null) / parts.Length).backward();
            }
            return Loss(parts[^1], context) / parts.Length;
        }

        Tensor Loss(int[] rows, StepContext? context)
        {
            var taps = new List<Tensor>();
            var noise = Noise(train.Lists, rows);
            var loss = CrossEntropy(train.Encoded, rows, noise, taps, settings.PublishedCrossEntropy);
            context?.Measure("cross-entropy", loss);
            if (mine is null)
            {
                return loss;
            }
            var noisy = Audio(rows, l => l.NoisyAudio);
            Tensor[] tuned = [.. taps.Select(tap => mine.Held(-tap, noisy))];
            if (context is { Logged: true })
            {
                // Is the estimate alive? Where psi is near 1 for all, nothing is distilled.
                using var none = no_grad();
                context.Measure("psi noisy", mine.call(-noise!, noisy, false).mean());
                context.Measure("psi clean", mine.call(-noise!, Audio(rows, l => l.CleanAudio), false).mean());
                context.Measure("psi tuned", stack(tuned).mean());
            }
            return loss + settings.Lambda * MutualInformation.Tapped(tuned);
        }

        Tensor CrossEntropy((int[] Tokens, int Prompt)[] encoded, int[] rows, Tensor? noise, List<Tensor>? taps, bool overAll)
        {
            var (tokens, targets) = GerBatch.Padded([.. rows.Select(i => encoded[i])]);
            var flat = targets.reshape(-1).to(device);
            var places = flat.ge(0).nonzero().squeeze(1);
            var hidden = llama.Hidden(tokens.to(device), noise, taps);
            var logits = llama.Logits(hidden.reshape(flat.shape[0], -1).index_select(0, places)).to(float32);
            var loss = TokenLoss.CrossEntropy(logits, flat.index_select(0, places));
            return overAll ? loss * ((double)places.shape[0] / flat.shape[0]) : loss;
        }

        IReadOnlyDictionary<string, double> Validate()
        {
            var draw = RandomStream.Of(settings.Seed, "validation lists");
            var losses = Enumerable.Range(0, checks.Count / settings.MicroBatch).Select(_ =>
            {
                using var scope = NewDisposeScope();
                int[] rows = [.. Enumerable.Range(0, settings.MicroBatch).Select(_ => draw.Next(checks.Count))];
                return CrossEntropy(checkTokens, rows, Noise(checks, rows), null, overAll: false).ToDouble();
            }).ToArray();
            return new Dictionary<string, double> { ["validation loss"] = losses.Average() };
        }

    }

    private static Tensor Rows(int[] rows, Func<int, float[]> of, long[] shape, Device device) => tensor([.. rows.SelectMany(of)]).view(shape).to(device);

    /// <summary>What is trained and kept in checkpoints: the adapter's weights and the statistics network, not the base.</summary>
    private sealed class Trained : nn.Module
    {
        internal Trained(Llama llama, MutualInformationNetwork? mine) : base(nameof(Trained))
        {
            foreach (var (name, parameter) in llama.named_parameters().Where(p => Llama.IsAdapter(p.name)))
            {
                register_parameter(name.Replace('.', '/'), parameter);
            }
            if (mine is not null)
            {
                register_module("mine", mine);
            }
        }
    }
}
