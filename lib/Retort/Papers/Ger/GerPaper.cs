// The published recipe (paper, appendix C.2; the released training code) on a LLaMA-family model of the user's and Robust
// HyPoradise files: adapter and statistics network in float32, the base in bfloat16.

using Retort.Data;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
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

    /// <summary>Lists that are decoded at the end, in the same forms; empty for none.</summary>
    public string Test { get; init; } = "";

    /// <summary>A text file with {best} and {others}: the prompt. Empty: <see cref="GerPrompt.Template"/>, which is ours and not the published one.</summary>
    public string Template { get; init; } = "";

    /// <summary>Folder of all-MiniLM-L6-v2 for lists that come without noise inputs; empty if all come with one.</summary>
    public string SentenceEncoder { get; init; } = "";

    /// <summary>The adapter.</summary>
    public PromptAdapterSettings Adapter { get; init; } = new();

    /// <summary>Rounds over the lists.</summary>
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

    /// <summary>Most tokens of a prompt with its answer; longer ones are cut, as published.</summary>
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
    /// <summary>Memory in GB, by arithmetic from the model's config.json alone, before anything is loaded.</summary>
    /// <exception cref="BadInputException">The config cannot be read.</exception>
    public static string Plan(GerPaperSettings settings)
    {
        var size = LlamaCheckpoint.ReadConfig(settings.Base);
        using var shapes = new Llama(size, settings.Adapter, device: new Device(DeviceType.META));
        var all = shapes.named_parameters().ToArray();
        var adapter = all.Where(p => Llama.IsAdapter(p.name)).Sum(p => p.parameter.numel());
        var weights = all.Sum(p => p.parameter.numel()) - adapter;
        var bytes = settings.BaseType == ScalarType.Float32 ? 4 : 2;
        // Of each layer's pass: two norms, fused projection, attention output, two hidden widths, residual sums, kept for the backward pass.
        var perToken = (long)size.Depth * (8L * size.Width + (size.Heads + 2L * size.Groups) * size.Head + 3L * size.Hidden) * bytes;
        double baseGb = weights * bytes / 1e9, adapterGb = adapter * 16 / 1e9, activeGb = perToken * settings.MicroBatch * 256 / 1e9;
        return FormattableString.Invariant($"base {weights / 1e9:F2} G weights, {baseGb:F1} GB; adapter {adapter / 1e6:F1} M weights with gradient and Adam's state {adapterGb:F1} GB; ")
            + FormattableString.Invariant($"activations of {settings.MicroBatch} x 256 tokens about {activeGb:F1} GB; together about {baseGb + adapterGb + activeGb:F0} GB");
    }

    /// <summary>Trains the adapter, or goes on where the folder's run was stopped; writes adapter.safetensors, and for the test lists corrections and scores.</summary>
    /// <param name="settings">what and how</param>
    /// <param name="folder">where run and results are kept</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it, with a checkpoint</param>
    /// <returns>WER of the 1-best, of the corrections, o_nb and o_cp on the test lists, in percent; empty without any</returns>
    /// <exception cref="BadInputException">A file is missing, damaged, or does not fit: one clear message.</exception>
    public static IReadOnlyDictionary<string, double> Train(GerPaperSettings settings, string folder, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var device = new Device(settings.Device);
        var size = LlamaCheckpoint.ReadConfig(settings.Base);
        var prompt = GerPrompt.Of(ListCorrector.ReadTokenizer(settings.Base, size.Vocabulary), ListCorrector.ReadTemplate(settings.Template), settings.Bos);
        IReadOnlyList<NBestList> ReadLists(string path) => ListCorrector.ReadLists(path, settings.Adapter.Rows, settings.Adapter.NoiseWidth, settings.SentenceEncoder);
        var lists = ReadLists(settings.Data);
        if (settings.Lambda > 0 && lists.FirstOrDefault(l => l.NoisyAudio is null || l.CleanAudio is null) is { } silent)
        {
            throw new BadInputException(settings.Data, silent.Id, "has no audio features, which the distillation needs; expected audio_features and clean_audio_features, or Lambda = 0");
        }
        var llama = new Llama(size, settings.Adapter, settings.BaseType, device);
        LlamaCheckpoint.Load(llama, settings.Base);
        llama.Fill(settings.Seed, Llama.IsAdapter);
        var mine = settings.Lambda > 0 ? new MutualInformationNetwork(size.Heads * size.Head, settings.Adapter.NoiseWidth, lists[0].NoisyAudio!.Length) : null;
        mine?.Fill(settings.Seed);
        mine?.to(device);
        using var trained = new Trained(llama, mine);
        var encoded = lists.Select(l => prompt.EncodeWithAnswer(l)).Select(e => (Tokens: e.Tokens.Length <= settings.MaxTokens ? e.Tokens : e.Tokens[..settings.MaxTokens], e.Prompt)).ToArray();
        var order = new SampleOrder(lists.Count, settings.Seed);
        var perStep = settings.MicroBatch * settings.Accumulate;
        var steps = Math.Max(1, (long)settings.Epochs * (lists.Count / settings.MicroBatch) / settings.Accumulate);
        var warm = Math.Max(1, (long)(0.2 * lists.Count / perStep));
        TrainLoop.Run(new TrainTask
        {
            Model = trained,
            Order = step => order.Batch(step, perStep).Samples,
            Rate = Schedule.WarmUp(warm, settings.LearningRate, Schedule.Constant(settings.LearningRate)),
            Step = context =>
            {
                var micros = context.Batch.Chunk(settings.MicroBatch).ToArray();
                foreach (var rows in micros[..^1])
                {
                    // Each pass frees its graph before the next: the gradients add up.
                    using var scope = NewDisposeScope();
                    (Loss(rows) / micros.Length).backward();
                }
                return Loss(micros[^1]) / micros.Length;
            },
            RateFactor = name => name.StartsWith("mine", StringComparison.Ordinal) ? 0.1 : 1,
            Settings = settings,
        }, new TrainSettings
        {
            Seed = settings.Seed,
            Steps = steps,
            Adam = new AdamSettings { WeightDecay = 0.02, Decoupled = true },
            Patience = 0,
            Final = FinalWeights.Last,
            LogEvery = 10,
        }, folder, progress, cancel);
        LlamaAdapters.Save(llama, Path.Combine(folder, "adapter.safetensors"), settings.Bos);
        if (settings.Test.Length == 0)
        {
            return new Dictionary<string, double>();
        }
        var test = ReadLists(settings.Test);
        var answers = new ListCorrector(llama, prompt, new() { MaxAnswer = settings.MaxAnswer }).Correct(test);
        AtomicFile.WriteText(Path.Combine(folder, "corrections.txt"), string.Concat(answers.Select(a => a + "\n")));
        return ListCorrector.Score(test, answers);

        Tensor Loss(int[] rows)
        {
            var (tokens, targets) = Batch([.. rows.Select(i => encoded[i])], device);
            var noise = Rows([.. rows.Select(i => lists[i].Noise!)], [rows.Length, settings.Adapter.Rows, settings.Adapter.NoiseWidth], device);
            var taps = new List<Tensor>();
            var logits = llama.Logits(llama.Hidden(tokens, noise, taps)).to(float32);
            var loss = settings.PublishedCrossEntropy ? TokenLoss.CrossEntropyOverAll(logits, targets) : TokenLoss.CrossEntropy(logits, targets);
            if (mine is null)
            {
                return loss;
            }
            Tensor Audio(Func<NBestList, float[]> of) => Rows([.. rows.Select(i => of(lists[i]))], [rows.Length, -1], device);
            var (noisy, clean) = (Audio(l => l.NoisyAudio!), Audio(l => l.CleanAudio!));
            return loss + MutualInformation.Difference(mine.call(-noise, noisy, false), mine.call(-noise, clean, false))
                + settings.Lambda * MutualInformation.Tapped([.. taps.Select(tap => mine.Held(-tap, noisy))]);
        }
    }

    private static Tensor Rows(float[][] rows, long[] shape, Device device) => tensor([.. rows.SelectMany(r => r)]).view(shape).to(device);

    private static (Tensor Tokens, Tensor Targets) Batch((int[] Tokens, int Prompt)[] rows, Device device)
    {
        var longest = rows.Max(r => r.Tokens.Length) - 1;
        long Token(int b, int t, bool target) => t + (target ? 1 : 0) >= rows[b].Tokens.Length || (!target && t >= rows[b].Tokens.Length) ? (target ? -1 : 0)
            : target && t + 1 < rows[b].Prompt ? -1 : rows[b].Tokens[t + (target ? 1 : 0)];
        Tensor Of(bool target) => tensor([.. Enumerable.Range(0, rows.Length * longest).Select(i => Token(i / longest, i % longest, target))], [rows.Length, longest]).to(device);
        return (Of(false), Of(true));
    }

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
