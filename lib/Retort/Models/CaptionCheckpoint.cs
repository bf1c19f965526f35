// Weights of captioning students under the published names (wsntxxn's effb2-trm models, 556 tensors: Hugging Face's
// pytorch_model.bin, and the smaller training checkpoints of the same code) and as our own safetensors.

using System.Text.Json;
using System.Text.Json.Serialization;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>What a captioning checkpoint holds beside the model.</summary>
/// <param name="Model">the student, in eval mode</param>
/// <param name="Projections">the training-only projections; null if the file has none</param>
/// <param name="PositionsWereMissing">true for a training checkpoint of the released code, which leaves the table of positions out: the model then has fresh small noise, as in the released code</param>
public sealed record CaptionCheckpoint(AudioCaptionModel Model, EmbeddingProjections? Projections, bool PositionsWereMissing)
{
    private const string SettingsKey = "retort.caption_model";
    private const string Embedding = "decoder.word_embedding.weight";
    private const string Classifier = "decoder.classifier.weight";
    private const string Positions = "decoder.pos_encoder.pe";
    private static readonly JsonSerializerOptions json = new() { IgnoreReadOnlyProperties = true, Converters = { new JsonStringEnumConverter() } };

    /// <summary>Opens a checkpoint: the published student at its vocabulary's size, or a model that <see cref="Save"/> wrote.</summary>
    /// <param name="path">a .bin, .pth or .safetensors file</param>
    /// <exception cref="BadInputException">The file is damaged, or a weight is missing, unexpected or misshapen: all at once.</exception>
    public static CaptionCheckpoint Open(string path)
    {
        using var scope = NewDisposeScope();
        var weights = Weights.Read(path);
        return Of(weights, path, Stored(path));
    }

    /// <summary>As <see cref="Open"/>, for weights that were read already.</summary>
    /// <param name="weights">tensors by their file's names</param>
    /// <param name="source">what to call the weights in an error</param>
    public static CaptionCheckpoint Of(IReadOnlyDictionary<string, Tensor> weights, string source = "weights") => Of(weights, source, null);

    private static CaptionCheckpoint Of(IReadOnlyDictionary<string, Tensor> weights, string source, Sizes? sizes)
    {
        using var scope = NewDisposeScope();
        var prefix = Prefix(weights, source);
        var outer = prefix.EndsWith("model.", StringComparison.Ordinal) ? prefix[..^"model.".Length] : prefix;
        var embedding = weights[prefix + Embedding];
        if (embedding.dim() != 2)
        {
            throw new BadInputException(source, prefix + Embedding, $"rank {embedding.dim()}, expected (words, width)");
        }
        // A training checkpoint leaves the positions out; the released code then draws the small noise anew, and so do we. Sines would be of another size.
        sizes ??= new Sizes(new EfficientNetEncoderSettings(), new CaptionDecoderSettings { Vocabulary = (int)embedding.shape[0], Positions = CaptionPositions.Upstream });
        var model = new AudioCaptionModel(new EfficientNetEncoder(sizes.Encoder), new CaptionDecoder(sizes.Decoder));
        var ours = new Dictionary<string, Tensor>();
        var heads = new Dictionary<string, Tensor>();
        foreach (var (name, value) in weights)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && (name[prefix.Length..].StartsWith("encoder.") || name[prefix.Length..].StartsWith("decoder.")))
            {
                ours[name[prefix.Length..]] = value;
            }
            else
            {
                heads[name.StartsWith(outer, StringComparison.Ordinal) ? name[outer.Length..] : name] = value;
            }
        }
        if (ours.Remove(Classifier, out var classifier) && !(classifier.shape.SequenceEqual(embedding.shape) && classifier.equal(embedding).all().item<bool>()))
        {
            throw new BadInputException(source, prefix + Classifier, "it differs from the embedding; in this model both are one matrix");
        }
        var positionsMissing = ours.TryAdd(Positions, model.state_dict()[Positions]);
        Weights.Load(model, ours, strict: true, source);
        EmbeddingProjections? projections = null;
        if (heads.Count > 0)
        {
            if (!heads.TryGetValue("stdnt_proj.weight", out var student) || student.dim() != 2 || (heads.TryGetValue("tchr_proj.weight", out var teacher) && teacher.dim() != 2))
            {
                throw new BadInputException(source, heads.Keys.Order(StringComparer.Ordinal).First(), "an unexpected weight: neither of the model nor of the distillation's projections");
            }
            projections = new EmbeddingProjections((int)student.shape[1], (int)(teacher ?? student).shape[teacher is null ? 0 : 1], (int)student.shape[0], fixedTeacher: teacher is null);
            Weights.Load(projections, heads, strict: true, source);
        }
        model.eval();
        return new CaptionCheckpoint(model, projections, positionsMissing);
    }

    /// <summary>Writes the model as safetensors in the published names, with its settings in the metadata.</summary>
    /// <param name="model">a model whose encoder is an <see cref="EfficientNetEncoder"/></param>
    /// <param name="path">where to; replaced only when the new file is whole</param>
    /// <param name="projections">written beside it if given</param>
    /// <exception cref="ArgumentException">The model's encoder is another.</exception>
    public static void Save(AudioCaptionModel model, string path, EmbeddingProjections? projections = null)
    {
        if (model.Encoder is not EfficientNetEncoder encoder)
        {
            throw new ArgumentException($"a model with a {model.Encoder.GetType().Name} has no published names", nameof(model));
        }
        using var scope = NewDisposeScope();
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            [SettingsKey] = JsonSerializer.Serialize(new Sizes(encoder.Settings, model.Decoder.Settings), json),
        };
        SafeTensors.Save(path, Published(model, projections).Select(w => (w.Key, w.Value.detach().cpu())), metadata);
    }

    /// <summary>The weights under the published names; the embedding also as the classifier.</summary>
    internal static Dictionary<string, Tensor> Published(AudioCaptionModel model, EmbeddingProjections? projections)
    {
        var all = model.state_dict().ToDictionary(w => "model.model." + w.Key, w => w.Value);
        all["model.model." + Classifier] = all["model.model." + Embedding].clone();
        foreach (var (name, value) in projections?.state_dict() ?? [])
        {
            all["model." + name] = value;
        }
        return all;
    }

    private static string Prefix(IReadOnlyDictionary<string, Tensor> weights, string source)
    {
        var found = weights.Keys.Where(k => k.EndsWith(Embedding, StringComparison.Ordinal)).ToArray();
        return found.Length == 1 ? found[0][..^Embedding.Length]
            : throw new BadInputException(source, "", $"{found.Length} weights are named ...{Embedding}; a captioning student has one");
    }

    private static Sizes? Stored(string path)
    {
        if (!Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        using var file = SafeTensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(SettingsKey, out var text))
        {
            return null;
        }
        try
        {
            var sizes = JsonSerializer.Deserialize<Sizes>(text, json);
            sizes?.Encoder.Net.Check();
            sizes?.Decoder.Check();
            return sizes;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new BadInputException(path, $"metadata {SettingsKey}", $"not the settings of a captioning model: {e.Message}", e);
        }
    }

    private sealed record Sizes(EfficientNetEncoderSettings Encoder, CaptionDecoderSettings Decoder);
}
