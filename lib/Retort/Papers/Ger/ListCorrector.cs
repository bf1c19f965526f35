// Correcting N-best lists of the user's own with a LLaMA-family model and an adapter: what a program needs of this paper.

using System.Text.Json;
using Retort.Data;
using Retort.Layers;
using Retort.Metrics;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>How lists are corrected.</summary>
public sealed record ListCorrectorSettings
{
    /// <summary>
    /// A text file with {best} and {others}, or HyPoradise's H2T-LoRA.json: the prompt that the adapter was tuned with. Empty: the one that the
    /// adapter's file tells; a published file tells none, and lists that bring no tokens are then refused.
    /// </summary>
    public string Template { get; init; } = "";

    /// <summary>Whether prompts are encoded from the lists' texts also where lists bring tokens of their own, as RobustHP's do.</summary>
    public bool EncodeAnew { get; init; }

    /// <summary>Hypotheses of a list where the adapter does not tell (LoRA); prompt rows tell by their number, N (N - 1).</summary>
    public int Hypotheses { get; init; } = 5;

    /// <summary>Whether a list that does not fit the model's context with <see cref="MaxAnswer"/> new tokens keeps its best hypothesis; otherwise it is an error.</summary>
    public bool BestWhereTooLong { get; init; }

    /// <summary>Folder of all-MiniLM-L6-v2 for lists that come without noise inputs; empty if all come with one.</summary>
    public string SentenceEncoder { get; init; } = "";

    /// <summary>Most new tokens of an answer.</summary>
    public int MaxAnswer { get; init; } = 150;

    /// <summary>Whether prompts begin with the start symbol; null: as the adapter's file says, and with it for LoRA, as Hugging Face's tokenizers have it.</summary>
    public bool? Bos { get; init; }

    /// <summary>Type of the base weights.</summary>
    public ScalarType BaseType { get; init; } = ScalarType.BFloat16;

    /// <summary>Whether the base is kept in 8 bits (<see cref="Llama.ToEightBits"/>).</summary>
    public bool EightBits { get; init; }

    /// <summary>Where it runs: "cpu" or "cuda".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Lists that are corrected at a time.</summary>
    public int Batch { get; init; } = 16;
}

/// <summary>A language model with an adapter that writes what was said where a recogniser gave N guesses.</summary>
public sealed class ListCorrector : IDisposable
{
    private readonly Llama model;
    private readonly GerPrompt prompt;
    private readonly ListCorrectorSettings settings;
    private readonly bool knowsTemplate;

    internal ListCorrector(Llama model, GerPrompt prompt, ListCorrectorSettings settings, string name, bool knowsTemplate)
    {
        (this.model, this.prompt, this.settings, this.knowsTemplate) = (model, prompt, settings, knowsTemplate);
        Prompt = name;
    }

    /// <summary>Whose prompt is used for lists that bring no tokens of their own: the published template (told by its hash), this library's, or another.</summary>
    public string Prompt { get; }

    /// <summary>Opens a base model and an adapter for it.</summary>
    /// <param name="folder">a Hugging Face folder of a LLaMA-family model: config.json, weights, tokenizer.model or tokenizer.json</param>
    /// <param name="adapter">the adapter: ours (safetensors), a published file of torch.save, or a folder of PEFT's with low-rank updates (LoRA)</param>
    /// <param name="settings">null for the defaults</param>
    /// <exception cref="BadInputException">A file is missing, damaged, or does not fit the others: one clear message.</exception>
    public static ListCorrector Open(string folder, string adapter, ListCorrectorSettings? settings = null)
    {
        settings ??= new();
        var size = LlamaCheckpoint.ReadConfig(folder);
        var tokenizer = HuggingFaceTokenizer.Read(folder, size.Vocabulary);
        var lora = Directory.Exists(adapter);
        var (tuned, bos) = lora ? (null, true) : ((PromptAdapterSettings?, bool))LlamaAdapters.ReadSettings(adapter);
        var told = settings.Template.Length > 0 ? ReadTemplate(settings.Template) : lora ? null : LlamaAdapters.ReadTemplate(adapter);
        var (template, name) = told is null ? (GerPrompt.Template, "none: the adapter does not tell what it was tuned with") : GerPrompt.Recognise(told);
        Llama model;
        try
        {
            model = new Llama(size, tuned, settings.BaseType, new Device(settings.Device));
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(adapter, "", $"does not fit the model in {folder}: {e.Message}", e);
        }
        try
        {
            LlamaCheckpoint.Load(model, folder);
            if (lora)
            {
                LlamaAdapters.LoadLora(model, adapter);
                model.eval();
            }
            else
            {
                LlamaAdapters.Load(model, adapter);
            }
            if (settings.EightBits)
            {
                model.ToEightBits();
            }
            return new ListCorrector(model, GerPrompt.Of(tokenizer, template, settings.Bos ?? bos, settings.EncodeAnew), settings, name, told is not null);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Lists of a file (HyPoradise's .json or .jsonl, or RobustHP's torch.save), with noise inputs made where they come without.</summary>
    /// <exception cref="BadInputException">The file cannot be read, a list is too short or brings tokens of another model, or there is no encoder to make noise inputs with.</exception>
    public IReadOnlyList<NBestList> Read(string path) =>
        ReadLists(path, model.Adapter is { NoiseWidth: > 0 } adapter ? HypothesesOf(adapter.Rows) : settings.Hypotheses, model.Adapter, settings.SentenceEncoder, prompt);

    /// <summary>What was said, one text for each list.</summary>
    /// <param name="lists">lists with noise inputs, where the adapter takes them</param>
    /// <exception cref="ArgumentException">A list has no noise input of the adapter's size, brings no tokens where the adapter's template is not known, or is too long for the model's context.</exception>
    public IReadOnlyList<string> Correct(IReadOnlyList<NBestList> lists)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        if (lists.Count == 0)
        {
            return [];
        }
        long rows = model.Adapter?.Rows ?? 0, width = model.Adapter?.NoiseWidth ?? 0;
        if (width > 0 && lists.FirstOrDefault(l => l.Noise?.Length != rows * width) is { } odd)
        {
            throw new ArgumentException($"list {odd.Id} has {(odd.Noise is null ? "no noise input" : $"a noise input of {odd.Noise.Length} values")}, expected {rows} rows of {width}: read lists by {nameof(Read)}", nameof(lists));
        }
        var (prompts, fits) = Prompts(lists);
        var answers = lists.Select(l => l.Hypotheses[0]).ToArray();
        if (fits.Length == 0)
        {
            return answers;
        }
        var noise = width == 0 ? null : tensor([.. fits.SelectMany(i => lists[i].Noise!)], [fits.Length, rows, width]).to(model.InputEmbeddings.device);
        var written = LlamaGeneration.Greedy(model, [.. fits.Select(i => prompts[i])], prompt.Tokenizer.EndId, settings.MaxAnswer, noise, settings.Batch);
        for (var k = 0; k < fits.Length; k++)
        {
            answers[fits[k]] = prompt.Tokenizer.Decode(written[k]).Trim().Split('\n')[0].Trim();
        }
        return answers;
    }

    /// <summary>Tokens of each list's prompt, and the numbers of those that fit the context.</summary>
    /// <exception cref="ArgumentException">One does not, where that is an error; or its template is not known.</exception>
    internal (int[][] Prompts, int[] Fits) Prompts(IReadOnlyList<NBestList> lists)
    {
        if (!knowsTemplate && lists.FirstOrDefault(l => !prompt.TakesTokensOf(l)) is { } bare)
        {
            throw new ArgumentException($"list {bare.Id} brings no tokens of its own, and the adapter does not tell what prompt it was tuned with: name a file with its template ({nameof(ListCorrectorSettings.Template)})", nameof(lists));
        }
        int[][] prompts = [.. lists.Select(prompt.Encode)];
        var most = model.Settings.Context - settings.MaxAnswer;
        var beyond = Enumerable.Range(0, lists.Count).Where(i => prompts[i].Length > most).ToArray();
        if (beyond.Length > 0 && !settings.BestWhereTooLong)
        {
            var others = beyond.Length > 1 ? $", and so {beyond.Length - 1} more (the next is list {lists[beyond[1]].Id})" : "";
            throw new ArgumentException($"list {lists[beyond[0]].Id} has a prompt of {prompts[beyond[0]].Length} tokens, which with {settings.MaxAnswer} new ones does not fit the model's context of {model.Settings.Context}{others}: "
                + $"take it out, lower {nameof(ListCorrectorSettings.MaxAnswer)}, or keep the best hypothesis of such lists ({nameof(ListCorrectorSettings.BestWhereTooLong)})", nameof(lists));
        }
        return (prompts, [.. Enumerable.Range(0, lists.Count).Except(beyond)]);
    }

    /// <summary>
    /// WER in percent of the 1-best, of the answers, and the oracles o_nb and o_cp; and, as the published code prints beside, of 1-best and answers
    /// in lower case without . , - ? '.
    /// </summary>
    /// <param name="lists">lists with what was said</param>
    /// <param name="answers">a text for each</param>
    public static IReadOnlyDictionary<string, double> Score(IReadOnlyList<NBestList> lists, IReadOnlyList<string> answers)
    {
        string[] truths = [.. lists.Select(l => l.Truth)];
        IReadOnlyList<string>[] all = [.. lists.Select(l => l.Hypotheses)];
        static string[] Plain(IEnumerable<string> texts) => [.. texts.Select(t => string.Concat(t.ToLowerInvariant().Where(c => !".,-?'".Contains(c))))];
        return new Dictionary<string, double>
        {
            ["1-best"] = 100 * ErrorRate.Words(truths, [.. all.Select(l => l[0])]).Rate,
            ["corrected"] = 100 * ErrorRate.Words(truths, answers).Rate,
            ["o_nb"] = 100 * NBestOracle.Best(truths, all).Rate,
            ["o_cp"] = 100 * NBestOracle.Compositional(truths, all).Rate,
            ["1-best, normalised"] = 100 * ErrorRate.Words(Plain(truths), Plain(all.Select(l => l[0]))).Rate,
            ["corrected, normalised"] = 100 * ErrorRate.Words(Plain(truths), Plain(answers)).Rate,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    /// <summary>A template: a text file, or HyPoradise's JSON with one.</summary>
    internal static string ReadTemplate(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                using var document = JsonDocument.Parse(text);
                text = JsonLines.Text(document.RootElement, "prompt_h2t_nbest");
            }
            return text.Contains("{best}", StringComparison.Ordinal) && text.Contains("{others}", StringComparison.Ordinal) ? text
                : throw new BadInputException(path, "", "is no template of a prompt: expected the places {best} and {others}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new BadInputException(path, "", $"the prompt's template cannot be read: {e.Message}", e);
        }
    }

    internal static IReadOnlyList<NBestList> ReadLists(string path, int hypotheses, PromptAdapterSettings? adapter, string sentenceEncoder, GerPrompt prompt)
    {
        var (rows, width) = (adapter?.Rows ?? 0, adapter?.NoiseWidth ?? 0);
        var json = new[] { ".json", ".jsonl" }.Any(e => path.EndsWith(e, StringComparison.OrdinalIgnoreCase));
        var lists = json ? NBestList.ReadHyporadise(path, hypotheses) : NBestList.ReadRobustHp(path, hypotheses);
        if (lists.Count == 0)
        {
            throw new BadInputException(path, "", "holds no lists");
        }
        if (lists.FirstOrDefault(l => l.Noise is not null && l.Noise.Length != rows * width) is { } odd && width > 0)
        {
            throw new BadInputException(path, odd.Id, $"has a noise input of {odd.Noise!.Length} values, expected {rows} rows of {width}");
        }
        if (lists.Select(l => (l.Id, Problem: prompt.WhyNot(l))).FirstOrDefault(l => l.Problem is not null) is { Problem: { } problem } foreign)
        {
            throw new BadInputException(path, foreign.Id, problem);
        }
        if (width == 0 || lists.All(l => l.Noise is not null))
        {
            return lists;
        }
        if (sentenceEncoder.Length == 0)
        {
            throw new BadInputException(path, "", "its lists come without noise inputs (emb_diff): name the folder of a sentence encoder that makes them");
        }
        var (encoder, pieces) = Models.SentenceEncoder.Load(sentenceEncoder);
        using (encoder)
        {
            if (encoder.Settings.Width != width)
            {
                throw new BadInputException(sentenceEncoder, "", $"has vectors of {encoder.Settings.Width} values, and the adapter takes {width}");
            }
            float[] Vector(string text)
            {
                using var scope = NewDisposeScope();
                return encoder.Encode(pieces, [text]).data<float>().ToArray();
            }
            var embedding = new NoiseEmbedding(width, Vector, Vector, new NoiseEmbeddingSettings { Hypotheses = hypotheses });
            return [.. lists.Select(l => l.Noise is null ? l with { Noise = embedding.Of(l.Hypotheses) } : l)];
        }
    }

    // N (N - 1) rows.
    internal static int HypothesesOf(int rows) => Enumerable.Range(2, 60).FirstOrDefault(n => n * (n - 1) == rows) is var n and > 0 ? n
        : throw new ArgumentException($"an adapter of {rows} rows fits lists of no size N; expected N (N - 1) rows", nameof(rows));
}
