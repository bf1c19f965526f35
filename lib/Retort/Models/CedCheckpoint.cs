// Reads the weights of published CED models and writes our own under the same names. Published: PyTorch files that hold a
// plain state dict or one under the key 'model'; safetensors of the Hugging Face port, which drops the front-end, calls
// init_bn.1 init_bn and puts 'encoder.' before all but the head; and masked-autoencoder starts without a head.

using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Checkpoints of <see cref="AudioTransformer"/>, in the published names.</summary>
public static class CedCheckpoint
{
    /// <summary>The metadata entry of our own files that holds the settings.</summary>
    private const string SettingsKey = "retort.audio_transformer";

    /// <summary>The metadata entry of our own files that holds the names of the classes.</summary>
    private const string ClassesKey = "retort.classes";

    private const string Head = "outputlayer.1.";
    private static readonly JsonSerializerOptions json = new() { IgnoreReadOnlyProperties = true, Converters = { new JsonStringEnumConverter() } };
    private static readonly string[] Positions = ["time_pos_embed", "freq_pos_embed"];

    /// <summary>A model of the checkpoint's sizes with its weights, in eval mode.</summary>
    /// <param name="path">a .pt or .safetensors file</param>
    /// <param name="change">what to change of the settings found, such as <c>s => s with { Classes = 3, Pooling = Pooling.Logit }</c></param>
    /// <param name="seed">the run's seed, for weights that the file does not give (the head, for another number of classes)</param>
    /// <param name="lenient">true to accept a file that lacks weights or has others, such as a masked-autoencoder start</param>
    /// <returns>the model, and what was not loaded as it stands in the file</returns>
    /// <exception cref="BadInputException">The file is damaged, or is no checkpoint of such a model.</exception>
    public static (AudioTransformer Model, CedCheckpointReport Report) Open(
        string path, Func<AudioTransformerSettings, AudioTransformerSettings>? change = null, long seed = 0, bool lenient = false)
    {
        using var scope = NewDisposeScope();
        var (state, stored) = Read(path);
        var found = stored ?? SettingsOf(state, path);
        var settings = change is null ? found : change(found);
        var model = new AudioTransformer(settings, seed);
        var report = Load(model, state, path, lenient);
        model.eval();
        return (model, report);
    }

    /// <summary>Loads a checkpoint's weights into a model.</summary>
    /// <param name="model">the model</param>
    /// <param name="path">a .pt or .safetensors file</param>
    /// <param name="lenient">true to accept a file that lacks weights or has others</param>
    /// <exception cref="BadInputException">The file is damaged, or its weights are not those of such a model. The model is then unchanged.</exception>
    public static CedCheckpointReport Load(AudioTransformer model, string path, bool lenient = false)
    {
        using var scope = NewDisposeScope();
        return Load(model, Read(path).State, path, lenient);
    }

    /// <summary>Writes a model's weights as safetensors in the published names, with its settings and classes in the metadata.</summary>
    /// <param name="model">the model</param>
    /// <param name="path">the file to write</param>
    /// <param name="classes">the names of its classes, in order, for <see cref="AudioTagger.Open"/>; null where they are not known</param>
    /// <exception cref="ArgumentException">The model has another number of classes.</exception>
    public static void Save(AudioTransformer model, string path, IReadOnlyList<string>? classes = null)
    {
        if (classes is not null && classes.Count != model.Settings.Classes)
        {
            throw new ArgumentException($"{classes.Count} class names for a model of {model.Settings.Classes} classes", nameof(classes));
        }
        using var scope = NewDisposeScope();
        var metadata = new Dictionary<string, string> { ["format"] = "pt", [SettingsKey] = JsonSerializer.Serialize(model.Settings, json) };
        if (classes is not null)
        {
            metadata[ClassesKey] = JsonSerializer.Serialize(classes);
        }
        SafeTensors.Save(path, model.state_dict().Select(entry => (entry.Key, entry.Value.detach().cpu())), metadata);
    }

    /// <summary>The names of the classes that a file of ours holds; null where it holds none.</summary>
    /// <exception cref="BadInputException">The file is damaged.</exception>
    public static IReadOnlyList<string>? Classes(string path)
    {
        if (!Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        using var file = SafeTensorsFile.Open(path);
        try
        {
            return file.Metadata.TryGetValue(ClassesKey, out var text) ? JsonSerializer.Deserialize<string[]>(text) : null;
        }
        catch (JsonException error)
        {
            throw new BadInputException(path, $"metadata {ClassesKey}", $"not a list of names: {error.Message}", error);
        }
    }

    private static CedCheckpointReport Load(AudioTransformer model, Dictionary<string, Tensor> state, string source, bool lenient)
    {
        var target = model.state_dict();
        var copies = new List<(Tensor To, Tensor From)>();
        var resized = new List<string>();
        var missing = new List<string>();
        (int File, int Model)? freshHead = null;
        foreach (var (key, to) in target)
        {
            if (!state.TryGetValue(key, out var from))
            {
                // The front-end follows from the settings, and the count of batches matters to no published momentum.
                if (!key.StartsWith("front_end.") && !key.EndsWith(".num_batches_tracked"))
                {
                    missing.Add(key);
                }
                continue;
            }
            if (key.StartsWith(Head) && from.dim() == to.dim() && from.shape[0] != to.shape[0] && from.shape.Skip(1).SequenceEqual(to.shape.Skip(1)))
            {
                freshHead = ((int)from.shape[0], (int)to.shape[0]);
                continue;
            }
            if (Positions.Contains(key) && from.dim() == 4 && from.shape[1] == to.shape[1] && !from.shape.SequenceEqual(to.shape))
            {
                resized.Add($"{key}: from {Sizes(from)} to {Sizes(to)}");
                from = Resize(from, to.shape[2], to.shape[3]);
            }
            if (!from.shape.SequenceEqual(to.shape))
            {
                throw new BadInputException(source, key, $"shape {Sizes(from)}, the model needs {Sizes(to)}");
            }
            copies.Add((to, from));
        }
        var unexpected = state.Keys.Where(key => !target.ContainsKey(key)).Order(StringComparer.Ordinal).ToArray();
        if (!lenient && missing.Count + unexpected.Length > 0)
        {
            throw new BadInputException(source, "", missing.Count > 0
                ? $"{missing.Count} weights of the model are not in it, the first is {missing[0]}; load leniently if that is meant"
                : $"{unexpected.Length} weights are not the model's, the first is {unexpected[0]}; load leniently if that is meant");
        }
        if (copies.Count == 0)
        {
            throw new BadInputException(source, "", "none of the model's weights is in it");
        }
        using (no_grad())
        {
            foreach (var (to, from) in copies)
            {
                to.copy_(from);
            }
        }
        return new CedCheckpointReport(source, missing, unexpected, freshHead, resized);
    }

    /// <summary>
    /// The published rule for position embeddings (1, D, rows, columns) of another size: the first ones where fewer are
    /// needed, bilinear interpolation (corners not aligned) where more are.
    /// </summary>
    internal static Tensor Resize(Tensor positions, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var x = positions.to(float32);
        x = x.narrow(2, 0, Math.Min(rows, x.shape[2])).narrow(3, 0, Math.Min(columns, x.shape[3]));
        if (x.shape[2] < rows || x.shape[3] < columns)
        {
            x = nn.functional.interpolate(x, [rows, columns], mode: InterpolationMode.Bilinear, align_corners: false);
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>The file's tensors under the published names, and the settings if it is one of ours.</summary>
    private static (Dictionary<string, Tensor> State, AudioTransformerSettings? Settings) Read(string path)
    {
        Dictionary<string, Tensor> raw;
        AudioTransformerSettings? settings = null;
        if (Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            using var file = SafeTensorsFile.Open(path);
            raw = file.Names.ToDictionary(name => name, file.Read);
            if (file.Metadata.TryGetValue(SettingsKey, out var text))
            {
                settings = Parse(text, path);
            }
        }
        else
        {
            raw = PyTorchFile.LoadStateDict(path);
        }
        var ported = raw.Keys.Any(key => key.StartsWith("encoder."));
        return (raw.ToDictionary(entry => ported ? Published(entry.Key) : entry.Key, entry => entry.Value), settings);
    }

    private static AudioTransformerSettings Parse(string text, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<AudioTransformerSettings>(text, json)
                ?? throw new BadInputException(path, $"metadata {SettingsKey}", "null in place of the settings");
        }
        catch (JsonException error)
        {
            throw new BadInputException(path, $"metadata {SettingsKey}", $"not the settings of a model: {error.Message}", error);
        }
    }

    private static string Published(string key)
    {
        var name = key.StartsWith("encoder.") ? key["encoder.".Length..] : key;
        return name.StartsWith("init_bn.") && !name.StartsWith("init_bn.1.") ? "init_bn.1." + name["init_bn.".Length..] : name;
    }

    /// <summary>The sizes that the weights' shapes show. Head width is 64, as in all published models.</summary>
    private static AudioTransformerSettings SettingsOf(Dictionary<string, Tensor> state, string path)
    {
        long[] Shape(string key, int rank) => !state.TryGetValue(key, out var found)
            ? throw new BadInputException(path, key, "not in the file; this is no checkpoint of an audio transformer")
            : found.dim() == rank ? found.shape : throw new BadInputException(path, key, $"shape {Sizes(found)}, expected rank {rank}");

        var time = Shape("time_pos_embed", 4);
        var rows = Shape("freq_pos_embed", 4)[2];
        var patch = (int)Shape("patch_embed.proj.weight", 4)[2];
        var width = (int)time[1];
        if (width % 64 != 0 || width == 0)
        {
            throw new BadInputException(path, "time_pos_embed", $"width {width} is not a multiple of 64, so that the number of heads is not " +
                "known; make the model with its settings and load into it");
        }
        var depth = 0;
        while (state.ContainsKey($"blocks.{depth}.norm1.weight"))
        {
            depth++;
        }
        var standard = AudioTransformerSettings.Tiny;
        var settings = standard with
        {
            Classes = state.ContainsKey(Head + "weight") ? (int)Shape(Head + "weight", 2)[0] : standard.Classes,
            Width = width,
            Depth = depth,
            Heads = width / 64,
            HiddenRatio = depth == 0 ? standard.HiddenRatio : (int)(Shape("blocks.0.mlp.fc1.weight", 2)[0] / width),
            Patch = patch,
            TargetFrames = time[3] == standard.Columns ? standard.TargetFrames : (int)time[3] * patch,
            Mel = standard.Mel with { Mels = (int)rows * patch },
            Pooling = state.ContainsKey("cls_token") ? Pooling.Token : Pooling.Mean,
        };
        try
        {
            settings.Check();
        }
        catch (ArgumentException error)
        {
            throw new BadInputException(path, "", $"its shapes fit no audio transformer: {error.Message}", error);
        }
        return settings;
    }

    private static string Sizes(Tensor tensor) => $"({string.Join(", ", tensor.shape)})";
}
