using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Reads wav2vec 2.0 weights under torchaudio's or Hugging Face's names into a <see cref="Wav2Vec2"/>.</summary>
public static class Wav2Vec2Checkpoint
{
    /// <summary>
    /// Loads a safetensors file or a file of torch.save. A task head (<c>lm_head</c>, <c>aux</c>), the pre-training's parts and
    /// Hugging Face's <c>masked_spec_embed</c> are named in the report as unexpected, and not used.
    /// </summary>
    /// <param name="model">the model to fill, of the file's size</param>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">The file cannot be read, or a weight of the model is missing or has another shape: all at once.</exception>
    public static LoadReport Load(Wav2Vec2 model, string path)
    {
        using var scope = NewDisposeScope();
        return Load(model, Weights.Read(path), path);
    }

    /// <summary>As <see cref="Load(Wav2Vec2, string)"/>, for weights that were read already.</summary>
    /// <param name="model">the model to fill</param>
    /// <param name="weights">tensors by their file's names</param>
    /// <param name="source">what to call the weights in an error</param>
    /// <exception cref="BadInputException">A weight of the model is missing or has another shape: all at once.</exception>
    public static LoadReport Load(Wav2Vec2 model, IReadOnlyDictionary<string, Tensor> weights, string source = "weights")
    {
        var renamed = new Dictionary<string, Tensor>();
        var from = new Dictionary<string, string>();
        foreach (var (name, tensor) in weights)
        {
            var ours = Rename(name);
            if (!renamed.TryAdd(ours, tensor))
            {
                throw new BadInputException(source, name, $"is the same weight as {from[ours]}");
            }
            from[ours] = name;
        }
        var known = model.state_dict().Keys.ToHashSet();
        var fitting = renamed.Where(w => known.Contains(w.Key)).ToDictionary(w => w.Key, w => w.Value);
        // Strict on the model's side: what it has must come from the file.
        var report = Weights.Load(model, fitting, strict: true, source);
        return report with { Unexpected = [.. renamed.Keys.Where(name => !known.Contains(name)).Select(name => from[name]).Order(StringComparer.Ordinal)] };
    }

    /// <summary>torchaudio's name of a weight that has Hugging Face's or torchaudio's.</summary>
    internal static string Rename(string name)
    {
        var inner = name.StartsWith("wav2vec2.", StringComparison.Ordinal) ? name["wav2vec2.".Length..]
            : name.StartsWith("wav2vec.", StringComparison.Ordinal) ? name["wav2vec.".Length..]
            : name;
        if (inner.StartsWith("feature_projection.", StringComparison.Ordinal))
        {
            inner = "encoder." + inner;
        }
        else if (inner.StartsWith("encoder.", StringComparison.Ordinal)
            && !inner.StartsWith("encoder.transformer.", StringComparison.Ordinal)
            && !inner.StartsWith("encoder.feature_projection.", StringComparison.Ordinal))
        {
            inner = "encoder.transformer." + inner["encoder.".Length..];
        }
        // The newer form of weight norm: original0 is g, original1 is v.
        return inner.Replace("conv.parametrizations.weight.original0", "conv.weight_g", StringComparison.Ordinal)
            .Replace("conv.parametrizations.weight.original1", "conv.weight_v", StringComparison.Ordinal);
    }
}
