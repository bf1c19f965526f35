using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Decoding;
using Retort.Layers;
using Retort.Text;

namespace Retort.Models;

/// <summary>parser.json, the settings of a saved <see cref="SpokenLanguageParser"/>. It is written last and knows the other files' hashes.</summary>
internal sealed record SpokenLanguageFile
{
    public const string Name = "parser.json";
    public const string ModelName = "model.safetensors";
    public const string TokenizerName = "tokenizer.json";
    public const string Kind = "retort spoken language parser/1";

    private static readonly JsonSerializerOptions json = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter(), new Convolution() },
    };

    public required string Format { get; init; }

    /// <summary>The encoder's settings, if it is of log-mel frames.</summary>
    public LogMelEncoderSettings? LogMel { get; init; }

    /// <summary>The encoder's settings, if it is wav2vec 2.0.</summary>
    public Wav2Vec2Settings? Wav2Vec2 { get; init; }

    public required TokenDecoderSettings Decoder { get; init; }

    public required int CtcSymbols { get; init; }

    public required bool LengthMasks { get; init; }

    public required DecodingSettings Decoding { get; init; }

    public required SpecialTokens Special { get; init; }

    public required double LongestSeconds { get; init; }

    public required string ModelHash { get; init; }

    public required string TokenizerHash { get; init; }

    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, Name), JsonSerializer.Serialize(this, json));

    /// <exception cref="BadInputException">It is missing, damaged, contradicts itself, or belongs to other files than those beside it.</exception>
    public static SpokenLanguageFile Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        SpokenLanguageFile? file;
        try
        {
            file = JsonSerializer.Deserialize<SpokenLanguageFile>(File.ReadAllText(path), json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new BadInputException(path, e is JsonException { LineNumber: { } line } ? $"line {line + 1}" : "", $"are no settings of a parser: {JsonLines.Short(e.Message)}", e);
        }
        if (file?.Problem(new FileInfo(Path.Combine(folder, ModelName)) is { Exists: true } model ? model.Length : 0) is var problem && (file is null || problem is not null))
        {
            throw new BadInputException(path, "", problem ?? "is null; expected settings");
        }
        foreach (var (name, hash) in new[] { (ModelName, file.ModelHash), (TokenizerName, file.TokenizerHash) })
        {
            if (HashOf(Path.Combine(folder, name)) != hash)
            {
                throw new BadInputException(Path.Combine(folder, name), "", $"is not the file that {Name} was written with: damaged, replaced, or left by a save that was cut off");
            }
        }
        return file;
    }

    public static string HashOf(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexString(SHA256.HashData(stream)).ToLowerInvariant();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
    }

    // Numbers that would make a model much larger than the file of its weights are refused before anything is made.
    private string? Problem(long bytes)
    {
        if (Format != Kind)
        {
            return $"the format is \"{JsonLines.Short(Format ?? "")}\"; expected \"{Kind}\"";
        }
        if (Decoder is null || Decoding is null || Special is null || Special.All.Any(s => s is null) || (LogMel is null) == (Wav2Vec2 is null)
            || LogMel is { Mel: null } || Wav2Vec2 is { Convolutions: null })
        {
            return "expected the settings of the decoder, of the decoding, the special tokens, and of one encoder";
        }
        if (Decoding.Beams > 10_000 || !double.IsFinite(Decoding.LengthPower))
        {
            return FormattableString.Invariant($"{Decoding.Beams} beams and the length power {Decoding.LengthPower}; expected at most 10000 beams, and a finite power");
        }
        if (LongestSeconds is not (> 0 and <= SpokenLanguageParser.MostSeconds) || CtcSymbols < 0)
        {
            return FormattableString.Invariant($"the longest recording is {LongestSeconds} s and the CTC head has {CtcSymbols} symbols; expected up to {SpokenLanguageParser.MostSeconds} s, and no negative number");
        }
        try
        {
            Decoder.Check();
            Decoding.Check(Decoder.Vocabulary);
            LogMel?.Check();
            Wav2Vec2?.Check();
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
        if (LogMel is { Mel: var mel } && (mel.SampleRate != 16_000 || mel.FftLength is < 2 or > 1 << 14 || mel.Hop is < 1 or > 1 << 14 || mel.Mels is < 1 or > 1 << 12
            || !(mel.LowFrequency >= 0) || !(mel.HighFrequency > mel.LowFrequency) || !(mel.HighFrequency <= 8_000) || !(mel.Range > 0)))
        {
            return $"the spectrogram \"{mel.Identity}\" cannot be made of sound at 16 kHz";
        }
        double Layers(double depth, double width, double hidden, double attentions) => depth * (4 * attentions * width * width + 2 * width * hidden);
        var weights = Layers(Decoder.Depth, Decoder.Width, Decoder.Hidden, 2) + 2.0 * Decoder.Vocabulary * Decoder.Width
            + (LogMel is { } l ? Layers(l.Depth, l.Width, l.Hidden, 1) + (double)l.Mel.Mels * l.Width * (l.Convolutions ? 1 : l.Stack) + (l.Convolutions ? (double)l.ResidualConvolutions * l.Width * l.Width : 0) : 0)
            + (Wav2Vec2 is { } w ? Layers(w.Depth, w.Width, w.Hidden, 1) + w.Convolutions.Zip(w.Convolutions.Skip(1), (a, b) => (double)a.Channels * b.Channels * b.Kernel).Sum()
                + (double)w.Convolutions[0].Channels * w.Convolutions[0].Kernel + (double)w.Width / w.PositionGroups * w.Width * w.PositionKernel : 0)
            + (double)CtcSymbols * (LogMel?.Width ?? Wav2Vec2!.Width);
        return 2 * weights > bytes ? FormattableString.Invariant($"a model of these settings has {weights:N0} weights or more, and {ModelName} {bytes} bytes") : null;
    }

    /// <summary>Channels, kernel and stride as three numbers.</summary>
    internal sealed class Convolution : JsonConverter<(int, int, int)>
    {
        public override (int, int, int) Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<int[]>(ref reader) is [var channels, var kernel, var stride] ? (channels, kernel, stride)
                : throw new JsonException("a convolution is not three numbers: channels, kernel, stride");

        public override void Write(Utf8JsonWriter writer, (int, int, int) value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, new[] { value.Item1, value.Item2, value.Item3 });
    }
}
