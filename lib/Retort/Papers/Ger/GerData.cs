using System.Globalization;
using System.Text.Json;
using Retort.Audio;
using Retort.Data;
using Retort.Randomness;
using Retort.Text;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ger;

/// <summary>
/// The synthetic data of an experiment: text, and lists of noisy speech for training, validation and test. Made once (speech,
/// recogniser, decoding) and kept in the cache.
/// </summary>
public sealed class GerData : IResultKey
{
    private const string Version = "ger data 4";
    private static readonly string[] parts = ["train", "validation", "test"];
    private readonly GerDataSettings settings;
    private readonly IReadOnlyDictionary<string, string[]> sentences;
    private readonly Lazy<TextCorruption> sounds;

    private GerData(GerDataSettings settings, IReadOnlyDictionary<string, string[]> sentences, WordTokenizer words, string hash) =>
        (this.settings, this.sentences, Words, ResultKey, sounds) = (settings, sentences, words, hash,
            new(() => new([.. words.Tokens.Where(t => t.All(char.IsAsciiLetterLower))], settings.Hypotheses)));

    /// <summary>The settings.</summary>
    public GerDataSettings Settings => settings;

    /// <inheritdoc/>
    public string ResultKey { get; }

    /// <summary>The words of the language model's text, and of all speech; the first four are special, the next are the prompt's headings.</summary>
    public WordTokenizer Words { get; }

    /// <summary>What its words sound like, and lists of sentences by sound alone.</summary>
    /// <exception cref="BadInputException">espeak-ng is missing or fails.</exception>
    public TextCorruption Sounds => sounds.Value;

    /// <summary>Text for the language model; none of its sentences is spoken.</summary>
    public IReadOnlyList<string> Text => sentences["text"];

    /// <summary>Lists to learn corrections from.</summary>
    public IReadOnlyList<GerItem> Train { get; private set; } = [];

    /// <summary>Lists to choose settings on.</summary>
    public IReadOnlyList<GerItem> Validation { get; private set; } = [];

    /// <summary>Lists to report.</summary>
    public IReadOnlyList<GerItem> Test { get; private set; } = [];

    /// <summary>Seconds that making the lists took, the recogniser's training included.</summary>
    public double Seconds { get; private set; }

    /// <summary>The headings of the prompt, one token each: what stands for the published instruction and headings; then the name of a task.</summary>
    public static IReadOnlyList<string> Headings { get; } = ["[BEST]", "[OTHER]", "[RESPONSE]", GerPrompt.Task];

    /// <summary>The data, made first where the cache lacks them.</summary>
    /// <param name="settings">null for the defaults</param>
    /// <param name="progress">where the recogniser's training says how far it is; null: below the cell, or in the terminal</param>
    /// <param name="meanwhile">
    /// what is done beside the recogniser's training, on another core, where lists are to be made: it gets the data without lists, such as
    /// text for a language model, and where to say how far it is
    /// </param>
    /// <exception cref="BadInputException">espeak-ng is missing or fails, or the cache cannot be written or is damaged.</exception>
    public static GerData Of(GerDataSettings? settings = null, Progress? progress = null, Action<GerData, Progress>? meanwhile = null)
    {
        settings ??= new();
        var sentences = NoisyMinutes.Sentences([("test", settings.TestLists), ("validation", settings.ValidationLists), ("recogniser", settings.RecogniserUtterances), ("train", settings.TrainLists), ("text", settings.TextSentences)], settings.Seed, settings.OutsideShare);
        var special = new SpecialTokens();
        var known = sentences.Values.SelectMany(s => s).SelectMany(s => s.Split(' ')).Distinct().Order(StringComparer.Ordinal);
        var words = new WordTokenizer([.. special.All, .. Headings, .. known], special);
        var hash = SettingsJson.Hash(Version, SettingsJson.Write(settings, SettingsJson.Line), NoisyMinutes.Grammar.Hash);
        var data = new GerData(settings, sentences, words, hash);
        var folder = Cache.Entry("ger-lists", hash, into =>
        {
            using var shown = progress is null ? Progress.Below() : null;
            data.Make(into, progress ?? shown!, meanwhile);
        });
        data.Read(folder);
        return data;
    }

    /// <summary>A part's speech, for hearing: spoken first where the cache lacks it.</summary>
    /// <param name="part">recogniser, train, validation or test</param>
    public NoisySpeech Speech(string part)
    {
        IReadOnlyList<float[]>? babble = null;
        if (part != "babble")
        {
            var talkers = new NoisySpeech("babble", [.. sentences["recogniser"].Take(60)], Split.Train, settings.Speech, settings.Seed, null, _ => (null, double.PositiveInfinity));
            babble = [.. Enumerable.Range(0, talkers.Sentences.Count).Select(talkers.Clean)];
        }
        return new NoisySpeech(part, sentences[part], part switch { "test" => Split.Test, "validation" => Split.Validation, _ => Split.Train }, settings.Speech, settings.Seed, babble, i => Condition(part, i));
    }

    private (NoiseKind?, double) Condition(string part, int i)
    {
        var draw = RandomStream.Of(settings.Seed, $"condition {part}", $"{i}");
        if (part == "recogniser")
        {
            return draw.Chance(0.5) ? (null, double.PositiveInfinity) : (draw.Pick(settings.TrainNoises), draw.Uniform(settings.MildRatios.Lowest, settings.MildRatios.Highest));
        }
        return draw.Chance(settings.CleanShare) ? (null, double.PositiveInfinity)
            : (draw.Pick(part == "test" ? settings.TestNoises : settings.TrainNoises), draw.Pick(settings.Ratios));
    }

    private void Make(string folder, Progress progress, Action<GerData, Progress>? meanwhile)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var heard = Speech("recogniser");
        AllCores.Beside(() => Recognise(folder, heard, progress), () => meanwhile?.Invoke(this, progress));
        File.WriteAllText(Path.Combine(folder, "seconds.txt"), clock.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture));
    }

    // Trains the recogniser, and makes the lists of the other parts where something else may still be at work on its core.
    private void Recognise(string folder, NoisySpeech heard, Progress progress)
    {
        var run = progress.Run("recogniser");
        run.Begin();
        // The recogniser's first symbol, [PAD], is the blank.
        using var recogniser = GerRecogniser.Train(settings, heard, Words, run);
        run.Done();
        foreach (var part in parts)
        {
            using var scope = NewDisposeScope();
            var items = recogniser.Lists(part, Speech(part));
            var (segments, width) = (settings.Segments, settings.Encoder.Width);
            SafeTensors.Save(Path.Combine(folder, $"{part}.safetensors"),
            [
                ("segments", tensor([.. items.SelectMany(i => i.Segments)], [items.Count, segments * width])),
                ("noisy", tensor([.. items.SelectMany(i => i.List.NoisyAudio!)], [items.Count, width])),
                ("clean", tensor([.. items.SelectMany(i => i.List.CleanAudio!)], [items.Count, width])),
            ]);
            File.WriteAllLines(Path.Combine(folder, $"{part}.jsonl"), items.Select(i => JsonSerializer.Serialize(new Line(i.List.Hypotheses, i.List.Truth,
                [.. i.List.Scores.Select(s => double.IsFinite(s) ? s : -1e9)], i.Noise?.ToString(), i.Noise is null ? null : i.Ratio))));
        }
    }

    private sealed record Line(IReadOnlyList<string> Hypotheses, string Truth, IReadOnlyList<double> Scores, string? Noise, double? Ratio);

    private void Read(string folder)
    {
        try
        {
            var read = parts.Select(part => Part(folder, part)).ToArray();
            (Train, Validation, Test) = (read[0], read[1], read[2]);
            Seconds = double.Parse(File.ReadAllText(Path.Combine(folder, "seconds.txt")), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or JsonException or FormatException or NullReferenceException or ArgumentException)
        {
            throw new BadInputException(folder, "", $"is damaged: {e.Message}; remove the folder to make it again", e);
        }
    }

    private static IReadOnlyList<GerItem> Part(string folder, string part)
    {
        using var scope = NewDisposeScope();
        var tensors = SafeTensors.Load(Path.Combine(folder, $"{part}.safetensors"));
        float[][] Rows(string name) => [.. tensors[name].unbind(0).Select(t => t.contiguous().data<float>().ToArray())];
        var (segments, noisy, clean) = (Rows("segments"), Rows("noisy"), Rows("clean"));
        return [.. File.ReadLines(Path.Combine(folder, $"{part}.jsonl")).Select((text, i) =>
        {
            var line = JsonSerializer.Deserialize<Line>(text)!;
            return new GerItem(new NBestList($"{part}-{i}", line.Hypotheses, line.Truth) { Scores = line.Scores, NoisyAudio = noisy[i], CleanAudio = clean[i] },
                line.Noise is null ? null : Enum.Parse<NoiseKind>(line.Noise), line.Ratio ?? double.PositiveInfinity, segments[i]);
        })];
    }
}
