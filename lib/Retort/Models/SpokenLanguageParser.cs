// What a trained model is for: a recording in, words and meaning out. Beam search gives several readings with their scores,
// which later systems choose from.

using Retort.Audio;
using Retort.Decoding;
using Retort.Layers;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Transcribes and parses recordings with a <see cref="SpokenLanguageModel"/>. The model is put into evaluation mode and not changed
/// otherwise. One call at a time.
/// </summary>
public sealed class SpokenLanguageParser
{
    internal const double MostSeconds = 3_600;
    private const int Rate = 16_000;
    private const int Window = 512;  // recordings in memory at a time
    private const int Rows = 64;
    private const long BatchSamples = 240 * Rate;
    private readonly SpokenLanguageModel model;

    /// <param name="model">the model, on any device</param>
    /// <param name="tokenizer">what its tokens mean</param>
    /// <param name="decoding">how it is decoded; its start and end symbols are the tokenizer's. Null for 5 beams.</param>
    /// <exception cref="ArgumentException">The parts do not fit one another.</exception>
    public SpokenLanguageParser(SpokenLanguageModel model, Tokenizer tokenizer, DecodingSettings? decoding = null)
    {
        if (tokenizer.Count != model.Decoder.Settings.Vocabulary)
        {
            throw new ArgumentException($"a tokenizer of {tokenizer.Count} tokens for a decoder of {model.Decoder.Settings.Vocabulary}", nameof(tokenizer));
        }
        (this.model, Tokenizer) = (model, tokenizer);
        Decoding = (decoding ?? new DecodingSettings()) with { Start = tokenizer.StartId, End = tokenizer.EndId };
        Decoding.Check(tokenizer.Count);
        model.eval();
    }

    /// <summary>The model.</summary>
    public SpokenLanguageModel Model => model;

    /// <summary>What the model's tokens mean.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How the model is decoded. A recording has at most as many readings as there are beams.</summary>
    public DecodingSettings Decoding { get; }

    /// <summary>
    /// The longest recording that is taken. A longer one is refused: a model of single commands makes nothing of it, and memory
    /// grows with the square of the length. Cut it into commands first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0, or more than an hour.</exception>
    public double LongestSeconds
    {
        get;
        init => field = value is > 0 and <= MostSeconds ? value
            : throw new ArgumentOutOfRangeException(nameof(LongestSeconds), value, $"expected more than 0 and at most {MostSeconds} seconds");
    } = 30;

    /// <summary>Parses a file of any format that <see cref="AudioFile"/> reads; resampled to 16 kHz, channels averaged.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or its sound is empty, too short, too long or not of finite numbers.</exception>
    public SpokenCommand Parse(string path) => Decode([new Clip(path, Load(path))])[0];

    /// <summary>Parses a recording.</summary>
    /// <param name="samples">16 kHz, one channel, full scale 1</param>
    /// <exception cref="ArgumentException">There are too few samples or too many, or one is not a finite number.</exception>
    public SpokenCommand Parse(float[] samples) => Decode([new Clip("", Checked(samples))])[0];

    /// <summary>Parses files, those of like length together.</summary>
    /// <param name="paths">the files</param>
    /// <param name="leftOut">told of each file that cannot be used; it has no result. Null: such a file stops everything.</param>
    /// <param name="cancel">stops between batches</param>
    /// <returns>one for each usable file, in their order</returns>
    /// <exception cref="BadInputException">A file cannot be used, and <paramref name="leftOut"/> is null; those of its stretch are counted.</exception>
    public IReadOnlyList<SpokenCommand> ParseAll(IEnumerable<string> paths, Action<BadInputException>? leftOut = null, CancellationToken cancel = default)
    {
        var results = new List<SpokenCommand>();
        foreach (var window in paths.Chunk(Window))
        {
            cancel.ThrowIfCancellationRequested();
            var (loaded, problems) = (new Clip?[window.Length], new BadInputException?[window.Length]);
            Parallel.For(0, window.Length, i =>
            {
                try
                {
                    loaded[i] = new Clip(window[i], Load(window[i]));
                }
                catch (BadInputException e)
                {
                    problems[i] = e;
                }
            });
            var wrong = problems.OfType<BadInputException>().ToArray();
            if (wrong.Length > 0 && leftOut is null)
            {
                throw new BadInputException(wrong[0].Input, wrong[0].Place, wrong.Length == 1 ? wrong[0].Problem : $"{wrong[0].Problem} (and {wrong.Length - 1} more recordings among {window.Length}; {nameof(leftOut)} is told of all)");
            }
            Array.ForEach(wrong, p => leftOut!(p));
            var commands = new SpokenCommand?[window.Length];
            var usable = Enumerable.Range(0, window.Length).Where(i => loaded[i] is not null).OrderBy(i => loaded[i]!.Samples.Length).ThenBy(i => i).ToArray();
            for (var from = 0; from < usable.Length;)
            {
                cancel.ThrowIfCancellationRequested();
                // Without length masks a recording's result would depend on its batch; the published code decodes one at a time.
                var count = 1;
                while (model.LengthMasks && count < Rows && from + count < usable.Length && (count + 1L) * loaded[usable[from + count]]!.Samples.Length <= BatchSamples)
                {
                    count++;
                }
                var batch = usable.AsSpan(from, count).ToArray();
                foreach (var (i, command) in batch.Zip(Decode([.. batch.Select(i => loaded[i]!)])))
                {
                    commands[i] = command;
                }
                from += count;
            }
            results.AddRange(commands.OfType<SpokenCommand>());
        }
        return results;
    }

    /// <summary>
    /// Parses files and writes the predictions as SLURP's official scorer takes them: one JSON object a line with file (the name
    /// without folders), scenario, action and entities, and besides the decoded string as text.
    /// </summary>
    /// <param name="predictions">the jsonl file to write or replace</param>
    /// <param name="paths">the recordings</param>
    /// <param name="leftOut">told of each file that cannot be used; it has no line. Null: such a file stops everything.</param>
    /// <param name="cancel">stops between batches</param>
    /// <exception cref="BadInputException">A file cannot be used, or two have one name, or the predictions cannot be written.</exception>
    public IReadOnlyList<SpokenCommand> ParseTo(string predictions, IEnumerable<string> paths, Action<BadInputException>? leftOut = null, CancellationToken cancel = default)
    {
        string[] all = [.. paths];
        if (all.GroupBy(p => Path.GetFileName(p)).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new BadInputException(twice.Last(), "", $"has the name of {twice.First()}; the scorer tells recordings apart by their names");
        }
        return Written(predictions, ParseAll(all, leftOut, cancel));
    }

    /// <summary>Where in a file each token of a string is looked for.</summary>
    /// <param name="path">the recording</param>
    /// <param name="text">a string as the model writes it; null for its own best reading</param>
    /// <exception cref="BadInputException">As for <see cref="Parse(string)"/>.</exception>
    public SpokenAttention Attention(string path, string? text = null) => Attend(Load(path), text);

    /// <summary>Where in a recording each token of a string is looked for.</summary>
    /// <param name="samples">16 kHz, one channel, full scale 1</param>
    /// <param name="text">a string as the model writes it; null for its own best reading</param>
    /// <exception cref="ArgumentException">As for <see cref="Parse(float[])"/>, or the string is too long for the decoder.</exception>
    public SpokenAttention Attention(float[] samples, string? text = null) => Attend(Checked(samples), text);

    /// <summary>Writes model.safetensors, tokenizer.json and parser.json, the last last: a save that is cut off is noticed by <see cref="Load(string, Device)"/>.</summary>
    /// <param name="folder">made if it is missing; what a former save left there is replaced</param>
    /// <exception cref="InvalidOperationException">The tokenizer is not of byte pairs, or the encoder of another kind than the two that have a file.</exception>
    /// <exception cref="BadInputException">The folder cannot be written.</exception>
    public void Save(string folder)
    {
        if (Tokenizer is not BpeTokenizer bpe)
        {
            throw new InvalidOperationException($"a {Tokenizer.GetType().Name} has no file; only a {nameof(BpeTokenizer)} can be saved");
        }
        var (mel, wave) = (model.Encoder as LogMelEncoder, model.Encoder as Wav2Vec2);
        if (mel is null && wave is null)
        {
            throw new InvalidOperationException($"an encoder {model.Encoder.GetType().Name} cannot be saved; expected {nameof(LogMelEncoder)} or {nameof(Wav2Vec2)}");
        }
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var state = model.state_dict();
        string modelPath = Path.Combine(folder, SpokenLanguageFile.ModelName), tokenizerPath = Path.Combine(folder, SpokenLanguageFile.TokenizerName);
        SafeTensors.Save(modelPath, state.Select(p => (p.Key, p.Value)));
        bpe.Save(tokenizerPath);
        new SpokenLanguageFile
        {
            Format = SpokenLanguageFile.Kind,
            LogMel = mel?.Settings,
            Wav2Vec2 = wave?.Settings,
            Decoder = model.Decoder.Settings,
            CtcSymbols = state.TryGetValue("ctc.weight", out var head) ? (int)head.shape[0] : 0,
            LengthMasks = model.LengthMasks,
            Decoding = Decoding,
            Special = Tokenizer.Special,
            LongestSeconds = LongestSeconds,
            ModelHash = SpokenLanguageFile.HashOf(modelPath),
            TokenizerHash = SpokenLanguageFile.HashOf(tokenizerPath),
        }.Write(folder);
    }

    /// <summary>Reads what <see cref="Save"/> wrote, strictly: every weight is there, none is left over, and all files are of one save.</summary>
    /// <param name="folder">the folder</param>
    /// <param name="device">where the model is wanted; null for the CPU</param>
    /// <exception cref="BadInputException">A file is missing, damaged, or of another save; or the parts do not fit one another.</exception>
    public static SpokenLanguageParser Load(string folder, Device? device = null)
    {
        var file = SpokenLanguageFile.Read(folder);
        var path = Path.Combine(folder, SpokenLanguageFile.Name);
        var tokenizer = BpeTokenizer.Load(Path.Combine(folder, SpokenLanguageFile.TokenizerName), file.Special);
        var width = file.LogMel?.Width ?? file.Wav2Vec2!.Width;
        if (tokenizer.Count != file.Decoder.Vocabulary || width != file.Decoder.Width)
        {
            throw new BadInputException(path, "", $"a decoder of {file.Decoder.Vocabulary} tokens and width {file.Decoder.Width} does not fit a tokenizer of {tokenizer.Count} and an encoder of width {width}");
        }
        SpokenLanguageModel model;
        try
        {
            var encoder = file.LogMel is { } mel ? new LogMelEncoder(mel) : (AudioEncoder)new Wav2Vec2(file.Wav2Vec2);
            model = new SpokenLanguageModel(encoder, new TokenDecoder(file.Decoder, 0), file.CtcSymbols) { LengthMasks = file.LengthMasks };
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(path, "", e.Message, e);
        }
        using (var scope = NewDisposeScope())
        {
            var weights = Path.Combine(folder, SpokenLanguageFile.ModelName);
            var report = Weights.Load(model, SafeTensors.Load(weights), strict: false);
            if (!report.IsComplete)
            {
                model.Dispose();
                throw new BadInputException(weights, "", $"does not fit {SpokenLanguageFile.Name}: {JsonLines.Short(report.ToString())}");
            }
        }
        model.to(device ?? CPU);
        return new SpokenLanguageParser(model, tokenizer, file.Decoding) { LongestSeconds = file.LongestSeconds };
    }

    private float[] Load(string path)
    {
        // A second more than is taken: a recording of hours is not read to its end only to be refused.
        var samples = AudioFile.Load(path, Rate, seconds: LongestSeconds + 1).Samples;
        return Usable(path, samples);
    }

    private float[] Usable(string source, float[] samples) => Problem(samples) is { } problem ? throw new BadInputException(source, "", problem) : samples;

    private float[] Checked(float[] samples) => Problem(samples) is { } problem ? throw new ArgumentException(problem, nameof(samples)) : samples;

    private string? Problem(float[] samples)
    {
        if (samples.Length > LongestSeconds * Rate)
        {
            return FormattableString.Invariant($"the recording is longer than {LongestSeconds} s ({nameof(LongestSeconds)}); cut it into single commands");
        }
        var least = Least();
        if (samples.Length < least)
        {
            return samples.Length == 0 ? "the recording is empty: no samples" : $"the recording of {samples.Length} samples is too short; {least} at 16 kHz are needed";
        }
        var bad = Array.FindIndex(samples, s => !float.IsFinite(s));
        return bad < 0 ? null : FormattableString.Invariant($"sample {bad} is {samples[bad]}; samples must be finite");
    }

    // The fewest samples that the encoder makes a frame of.
    private long Least()
    {
        long low = model.Encoder is LogMelEncoder mel ? mel.Settings.Mel.MinimumSamples : 1, high = Math.Max(low, Rate);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = model.Encoder.Frames(middle) >= 1 ? (low, middle) : (middle + 1, high);
        }
        return low;
    }

    private SpokenCommand[] Decode(IReadOnlyList<Clip> clips)
    {
        model.eval();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (memory, frames) = Encode(clips);
        var found = BeamSearch.Decode(model.Decoder, memory, frames, Decoding);
        return [.. clips.Select((clip, b) => new SpokenCommand(clip.Source, (double)clip.Samples.Length / Rate, [.. found[b].Select(h =>
            new SpokenHypothesis(Tokenizer.Decode([.. h.Tokens]), h.Tokens, h.Score, h.LogProbability, h.Finished))]))];
    }

    private (Tensor Memory, long[]? Frames) Encode(IReadOnlyList<Clip> clips)
    {
        var longest = clips.Max(c => c.Samples.Length);
        var flat = new float[clips.Count * longest];
        for (var b = 0; b < clips.Count; b++)
        {
            clips[b].Samples.CopyTo(flat, b * longest);
        }
        return model.Encode(tensor(flat, [clips.Count, longest]).to(Device), [.. clips.Select(c => (long)c.Samples.Length)]);
    }

    private SpokenAttention Attend(float[] samples, string? text)
    {
        var clip = new Clip("", samples);
        int[] ids = [.. text is null ? Decode([clip])[0].Best.Tokens : Tokenizer.Encode(text)];
        model.eval();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (memory, frames) = Encode([clip]);
        int[] inputs = [Tokenizer.StartId, .. ids];
        var layers = model.Decoder.CrossAttention(tensor(inputs.Select(i => (long)i).ToArray(), [1, inputs.Length]).to(Device), memory, frames);
        var stride = (double)Rate * 1000 / model.Encoder.Frames((long)Rate * 1000);
        return new SpokenAttention(stack(layers).to(float32).cpu().contiguous().data<float>().ToArray(), layers.Count, model.Decoder.Settings.Heads,
            [.. ids.Append(Tokenizer.EndId).Select(Shown)], (int)memory.shape[1], Math.Round(stride) / Rate);
    }

    private string Shown(int id) => Tokenizer.Decode([id]) is { Length: > 0 } text ? text : Tokenizer.Tokens[id];

    private Device Device => model.parameters().First().device;

    private static IReadOnlyList<SpokenCommand> Written(string path, IReadOnlyList<SpokenCommand> commands)
    {
        SlurpPrediction.Save(path, commands.Select(c => new SlurpPrediction(Path.GetFileName(c.Source), c.Best.Text)));
        return commands;
    }

    private sealed record Clip(string Source, float[] Samples);
}
