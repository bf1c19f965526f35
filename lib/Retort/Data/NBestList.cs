// N-best lists with their transcription: HyPoradise's JSON and RobustHP's files of torch.save, and the published rule by which a
// list is filled to N (RobustGER, appendix A.1 and the data script).

using System.Text.Json;
using Retort.Randomness;
using Retort.Text;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Data;

/// <summary>One utterance's list.</summary>
/// <param name="Id">its name</param>
/// <param name="Hypotheses">best first</param>
/// <param name="Truth">what was said</param>
public sealed record NBestList(string Id, IReadOnlyList<string> Hypotheses, string Truth)
{
    /// <summary>The text in the place of an empty hypothesis.</summary>
    public const string Unknown = "<UNK>";

    /// <summary>Log-probabilities of the hypotheses; empty where the file has none.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];

    /// <summary>The noise input that came with the list, rows times width, -E_LN; null if none did.</summary>
    public float[]? Noise { get; init; }

    /// <summary>Mean over time of the recogniser's encoder output for the noisy recording; null if none came with the list.</summary>
    public float[]? NoisyAudio { get; init; }

    /// <summary>The same for the parallel clean recording.</summary>
    public float[]? CleanAudio { get; init; }

    /// <summary>The prompt as tokens of the language model that the file was made for (RobustHP's input_ids_no_response); null if none came with the list.</summary>
    public int[]? PromptTokens { get; init; }

    /// <summary>The answer's tokens behind it, the end symbol last (the rest of RobustHP's input_ids); null if none came with the list.</summary>
    public int[]? AnswerTokens { get; init; }

    /// <summary>
    /// A list of n by the published rule: the likeliest different texts that are not empty; where there are too few, one sample for each
    /// missing place, put in by its score unless it is known; then copies of entries drawn at random, each behind itself. An empty text is <see cref="Unknown"/>.
    /// </summary>
    /// <param name="found">texts and scores, in any order</param>
    /// <param name="n">hypotheses of a list</param>
    /// <param name="draw">chooses the copies</param>
    /// <param name="sample">gives one more text and score; null for none</param>
    public static (IReadOnlyList<string> Hypotheses, IReadOnlyList<double> Scores) Fill(
        IEnumerable<(string Text, double Score)> found, int n, RandomStream draw, Func<(string Text, double Score)>? sample = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var kept = new List<(string Text, double Score)>();
        foreach (var item in found.OrderByDescending(f => f.Score))
        {
            if (kept.Count < n && item.Text.Length > 0 && kept.All(k => k.Text != item.Text))
            {
                kept.Add(item);
            }
        }
        for (var missing = n - kept.Count; missing > 0 && sample is not null; missing--)
        {
            var item = sample();
            if (item.Text.Length > 0 && kept.All(k => k.Text != item.Text))
            {
                var place = kept.FindIndex(k => k.Score < item.Score);
                kept.Insert(place < 0 ? kept.Count : place, item);
            }
        }
        if (kept.Count == 0)
        {
            kept.Add((Unknown, double.NegativeInfinity));
        }
        while (kept.Count < n)
        {
            var place = draw.Next(kept.Count);
            kept.Insert(place + 1, kept[place]);
        }
        return ([.. kept.Select(k => k.Text)], [.. kept.Select(k => k.Score)]);
    }

    /// <summary>
    /// Reads HyPoradise's files, a JSON list or one object a line (.jsonl): {"input": [texts], "output": text}, or, as its LoRA code has them,
    /// {"input1": the best text, "input2": the others, joined by full stops or as a list, "output": text}.
    /// </summary>
    /// <param name="path">the file</param>
    /// <param name="n">hypotheses that each list must have; more are cut off, and an empty one becomes <see cref="Unknown"/></param>
    /// <exception cref="BadInputException">The file cannot be read, or an entry is something else; its number is named.</exception>
    public static IReadOnlyList<NBestList> ReadHyporadise(string path, int n = 5)
    {
        if (path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
        {
            return [.. JsonLines.Read(path, (line, problem) => throw new BadInputException(path, $"line {line}", problem)).ToArray()
                .Select((item, i) => Entry(item.Object, n, path, i, $"line {item.Line}"))];
        }
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new BadInputException(path, "", $"cannot be read as JSON: {e.Message}", e);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new BadInputException(path, "", "expected a list of objects with \"input\" and \"output\"");
            }
            return [.. document.RootElement.EnumerateArray().Select((item, i) => Entry(item, n, path, i, $"entry {i}"))];
        }
    }

    private static NBestList Entry(JsonElement item, int n, string path, int number, string place)
    {
        string[] Texts(string name) => [.. JsonLines.List(item, name).EnumerateArray().Select(h => h.ValueKind == JsonValueKind.String ? h.GetString()! : throw new FormatException($"\"{name}\" holds something else than texts"))];
        string[] Others()
        {
            if (JsonLines.Member(item, "input2").ValueKind == JsonValueKind.Array)
            {
                return Texts("input2");
            }
            // A text of which no one can tell where its hypotheses end is not guessed at.
            var parts = JsonLines.Text(item, "input2").Split('.', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return parts.Length == n - 1 ? parts : throw new FormatException($"\"input2\" has {parts.Length} texts between full stops, expected {n - 1}");
        }
        try
        {
            var texts = JsonLines.Find(item, "input1") is null ? Texts("input") : [JsonLines.Text(item, "input1").Trim().TrimEnd('.'), .. Others()];
            return new NBestList($"{number}", Checked(texts, n), JsonLines.Text(item, "output").Trim());
        }
        catch (FormatException e)
        {
            throw new BadInputException(path, place, e.Message, e);
        }
    }

    /// <summary>
    /// Reads a file of RobustHP (torch.save of a list of dicts: id, input, ground_truth, am_score, emb_diff, audio_features,
    /// clean_audio_features, input_ids, input_ids_no_response) as data: nothing of the file is run. Audio features are kept as their mean over time.
    /// </summary>
    /// <param name="path">the file</param>
    /// <param name="n">hypotheses that each list must have</param>
    /// <exception cref="BadInputException">The file cannot be read, refers to anything but tensors and containers, or an entry is something else; its number is named.</exception>
    public static IReadOnlyList<NBestList> ReadRobustHp(string path, int n = 5)
    {
        using var scope = NewDisposeScope();
        if (PyTorchFile.Load(path) is not List<object?> items)
        {
            throw new BadInputException(path, "", "expected a list of dicts");
        }
        var lists = new List<NBestList>();
        foreach (var item in items)
        {
            try
            {
                lists.Add(Entry(item, n, lists.Count));
            }
            catch (FormatException e)
            {
                throw new BadInputException(path, $"entry {lists.Count}", e.Message, e);
            }
        }
        return lists;
    }

    private static NBestList Entry(object? item, int n, int number)
    {
        if (item is not Dictionary<object, object?> entry)
        {
            throw new FormatException("is no dict");
        }
        string Text(string name) => entry.GetValueOrDefault(name) as string ?? throw new FormatException($"\"{name}\" is missing or no text");
        var inputs = entry.GetValueOrDefault("input") as List<object?> ?? throw new FormatException("\"input\" is missing or no list");
        var texts = inputs.Select(h => h as string ?? throw new FormatException("\"input\" holds something else than texts")).ToArray();
        float[]? Values(string name, int axes, bool mean)
        {
            if (entry.GetValueOrDefault(name) is not { } value)
            {
                return null;
            }
            if (value is not Tensor tensor || tensor.dim() != axes || tensor.numel() == 0)
            {
                throw new FormatException($"\"{name}\" is no tensor of {axes} axes");
            }
            using var wide = tensor.to(float32);
            using var used = mean ? wide.mean([0L]) : wide.contiguous();
            var values = used.data<float>().ToArray();
            return values.All(float.IsFinite) ? values : throw new FormatException($"\"{name}\" holds values that are not finite");
        }
        int[]? Tokens(string name)
        {
            if (entry.GetValueOrDefault(name) is not { } value)
            {
                return null;
            }
            if (value is not Tensor tensor || tensor.dim() != 1 || tensor.numel() == 0 || tensor.dtype is not (ScalarType.Int32 or ScalarType.Int64))
            {
                throw new FormatException($"\"{name}\" is no row of whole numbers");
            }
            using var wide = tensor.to(int64);
            return [.. wide.data<long>().ToArray().Select(t => t is >= 0 and <= int.MaxValue ? (int)t : throw new FormatException($"\"{name}\" holds {t}, which is no token"))];
        }
        var (prompt, whole) = (Tokens("input_ids_no_response"), Tokens("input_ids"));
        if (prompt is not null && whole is not null && !whole.AsSpan().StartsWith(prompt))
        {
            throw new FormatException("\"input_ids\" does not begin with \"input_ids_no_response\"");
        }
        return new NBestList(entry.GetValueOrDefault("id") as string ?? $"{number}", Checked(texts, n), Text("ground_truth"))
        {
            Scores = entry.GetValueOrDefault("am_score") is List<object?> scores
                ? [.. scores.Take(n).Select(s => s is double d ? d : s is long l ? (double)l : throw new FormatException("\"am_score\" holds something else than numbers"))] : [],
            Noise = Values("emb_diff", 2, false),
            NoisyAudio = Values("audio_features", 2, true),
            CleanAudio = Values("clean_audio_features", 2, true),
            PromptTokens = prompt,
            AnswerTokens = prompt is null ? null : whole?[prompt.Length..],
        };
    }

    private static string[] Checked(string[] texts, int n) => texts.Length >= n ? [.. texts.Take(n).Select(t => t.Trim() is { Length: > 0 } text ? text : Unknown)]
        : throw new FormatException($"has {texts.Length} hypotheses, expected {n}");
}
