using System.Text.Json;
using Retort.Layers;
using Retort.Text;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Reads and writes weights of <see cref="Llama"/>: Hugging Face's names (safetensors, whole or in shards, or PyTorch files) or
/// the names of the code that RobustGER was published with. q_proj, k_proj and v_proj go into one projection.
/// </summary>
public static class LlamaCheckpoint
{
    private sealed record Source(string Name, string File, long[] Shape, Func<Tensor> Read);

    /// <summary>The settings in a Hugging Face folder's config.json, or in such a file.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or describes a model of another family.</exception>
    public static LlamaSettings ReadConfig(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return Config(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(file, "", $"cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            throw new BadInputException(file, "", $"is no config of a LLaMA-family model: {e.Message}", e);
        }
    }

    private static LlamaSettings Config(JsonElement root)
    {
        int Number(string name, int? otherwise = null) => JsonLines.Find(root, name) is { ValueKind: not JsonValueKind.Null } value
            ? JsonLines.Number(value, name) : otherwise ?? throw new FormatException($"the field \"{name}\" is missing");
        bool True(string name) => JsonLines.Find(root, name) is { ValueKind: JsonValueKind.True };
        double Real(JsonElement from, string name, double otherwise) => JsonLines.Find(from, name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : otherwise;
        var type = JsonLines.Find(root, "model_type") is { ValueKind: JsonValueKind.String } text ? text.GetString() : "llama";
        if (type != "llama")
        {
            throw new FormatException($"model_type is \"{type}\", expected \"llama\"");
        }
        if (JsonLines.Find(root, "hidden_act") is { ValueKind: JsonValueKind.String } act && act.GetString() != "silu")
        {
            throw new FormatException($"hidden_act is \"{act.GetString()}\", expected \"silu\"");
        }
        if (True("mlp_bias"))
        {
            throw new FormatException("mlp_bias is true; hidden layers with a bias are not supported");
        }
        RotaryScaling? scaling = null;
        // Transformers 5 has base and scaling under one name.
        var theta = Real(root, "rope_theta", 10_000);
        if ((JsonLines.Find(root, "rope_parameters") ?? JsonLines.Find(root, "rope_scaling")) is { ValueKind: JsonValueKind.Object } rope)
        {
            theta = Real(rope, "rope_theta", theta);
            var kind = (JsonLines.Find(rope, "rope_type") ?? JsonLines.Find(rope, "type"))?.GetString();
            scaling = kind switch
            {
                "llama3" => new RotaryScaling(Real(rope, "factor", 8), Real(rope, "low_freq_factor", 1), Real(rope, "high_freq_factor", 4), (int)Real(rope, "original_max_position_embeddings", 8192)),
                "default" => null,
                null when JsonLines.Find(rope, "rope_theta") is not null => null,
                _ => throw new FormatException($"rope_scaling of type \"{kind}\" is not supported, expected \"llama3\""),
            };
        }
        var heads = Number("num_attention_heads");
        var settings = new LlamaSettings
        {
            Vocabulary = Number("vocab_size"),
            Width = Number("hidden_size"),
            Depth = Number("num_hidden_layers"),
            Heads = heads,
            Groups = Number("num_key_value_heads", heads),
            HeadWidth = Number("head_dim", 0),
            Hidden = Number("intermediate_size"),
            Context = Number("max_position_embeddings", 2048),
            Theta = theta,
            Scaling = scaling,
            Epsilon = Real(root, "rms_norm_eps", 1e-6),
            Tied = True("tie_word_embeddings"),
            AttentionBias = True("attention_bias"),
        };
        settings.Check();
        return settings;
    }

    /// <summary>
    /// Loads the base weights. All names and shapes are compared before the first copy; shards are read one tensor at a time.
    /// The adapter's weights may be lacking, and then stay as they are.
    /// </summary>
    /// <param name="model">the model to fill</param>
    /// <param name="path">a folder with model.safetensors, with shards and their index, or with pytorch_model.bin; or one such file</param>
    /// <exception cref="BadInputException">A file cannot be read, or a weight is missing, there twice or of another shape: all at once.</exception>
    public static LoadReport Load(Llama model, string path)
    {
        var open = new List<IDisposable>();
        try
        {
            return Copy(model, [.. Files(path).SelectMany(file => Sources(file, open))], path);
        }
        finally
        {
            open.ForEach(o => o.Dispose());
        }
    }

    /// <summary>As <see cref="Load(Llama, string)"/>, for weights that were read already.</summary>
    public static LoadReport Load(Llama model, IReadOnlyDictionary<string, Tensor> weights, string source = "weights") =>
        Copy(model, [.. weights.Select(w => new Source(w.Key, source, w.Value.shape, () => w.Value.alias()))], source);

    /// <summary>Writes the base weights under Hugging Face's names: q, k and v apart.</summary>
    /// <param name="model">the model</param>
    /// <param name="path">a safetensors file</param>
    public static void Save(Llama model, string path)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var state = model.state_dict();
        SafeTensors.Save(path, HuggingFaceNames(model.Settings).Select(name => (name, Place(state, model.Settings, name)!.reshape(ShapeOf(state, model.Settings, name)))),
            new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static IEnumerable<string> Files(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }
        if (!Directory.Exists(path))
        {
            throw new BadInputException(path, "", "there is no such file or folder");
        }
        foreach (var index in new[] { "model.safetensors.index.json", "pytorch_model.bin.index.json" }.Select(n => Path.Combine(path, n)).Where(File.Exists))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(index));
                var map = JsonLines.Member(document.RootElement, "weight_map");
                var names = map.EnumerateObject().Select(p => p.Value.GetString() ?? "").Distinct().Order(StringComparer.Ordinal).ToArray();
                return names.Length > 0 && names.All(n => n.Length > 0 && n == Path.GetFileName(n)) ? [.. names.Select(n => Path.Combine(path, n))]
                    : throw new FormatException("\"weight_map\" must name files of this folder");
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
            {
                throw new BadInputException(index, "", e.Message, e);
            }
        }
        return new[] { "model.safetensors", "pytorch_model.bin", "lit_model.pth" }.Select(n => Path.Combine(path, n)).Where(File.Exists).Take(1).ToArray() is { Length: 1 } one
            ? one : throw new BadInputException(path, "", "holds no model.safetensors, no shards with an index, and no pytorch_model.bin");
    }

    private static IEnumerable<Source> Sources(string file, List<IDisposable> open)
    {
        if (file.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            var opened = SafeTensorsFile.Open(file);
            open.Add(opened);
            return opened.Names.Select(name => new Source(name, file, opened.Shape(name), () => opened.Read(name)));
        }
        var scope = NewDisposeScope();
        open.Add(scope);
        return Weights.Read(file).Select(w => new Source(w.Key, file, w.Value.shape, () => w.Value.alias())).ToArray();
    }

    private static LoadReport Copy(Llama model, IReadOnlyList<Source> sources, string path)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var (state, settings) = (model.state_dict(), model.Settings);
        var (loaded, unexpected, misshapen) = (new Dictionary<string, Source>(), new List<string>(), new List<MisshapenTensor>());
        foreach (var source in sources)
        {
            if (source.Name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal))
            {
                continue;
            }
            if (Place(state, settings, source.Name) is null || (settings.Tied && source.Name == "lm_head.weight"))
            {
                unexpected.Add(source.Name);
            }
            else if (ShapeOf(state, settings, source.Name) is var shape && !shape.SequenceEqual(source.Shape))
            {
                misshapen.Add(new MisshapenTensor(source.Name, shape, source.Shape));
            }
            else if (!loaded.TryAdd(source.Name, source))
            {
                throw new BadInputException(source.File, source.Name, $"is in {loaded[source.Name].File} too");
            }
        }
        var lit = loaded.Keys.Any(name => name.StartsWith("transformer.", StringComparison.Ordinal));
        var expected = lit ? state.Keys.Where(k => !Llama.IsAdapter(k) && !k.Contains("lora")) : HuggingFaceNames(settings);
        var report = new LoadReport([.. loaded.Keys], [.. expected.Where(name => !loaded.ContainsKey(name))],
            [.. unexpected.Where(u => !(settings.Tied && u == "lm_head.weight"))], misshapen);
        if (!report.IsComplete)
        {
            throw new BadInputException(path, "", $"the weights do not fit the model: {report}");
        }
        foreach (var source in loaded.Values)
        {
            using var one = NewDisposeScope();
            var place = Place(state, settings, source.Name)!;
            place.copy_(source.Read().view(place.shape));
        }
        return report;
    }

    private static IEnumerable<string> HuggingFaceNames(LlamaSettings s)
    {
        yield return "model.embed_tokens.weight";
        for (var i = 0; i < s.Depth; i++)
        {
            foreach (var part in new[] { "input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj" })
            {
                yield return $"model.layers.{i}.{part}.weight";
                if (s.AttentionBias && part.StartsWith("self_attn.", StringComparison.Ordinal))
                {
                    yield return $"model.layers.{i}.{part}.bias";
                }
            }
        }
        yield return "model.norm.weight";
        if (!s.Tied)
        {
            yield return "lm_head.weight";
        }
    }

    // Where a weight of this name goes; a view of the fused projection for q, k and v, (G, heads of it, h, ...).
    private static Tensor? Place(Dictionary<string, Tensor> state, LlamaSettings s, string name)
    {
        if (state.TryGetValue(name, out var direct))
        {
            return direct;
        }
        if (name is "model.embed_tokens.weight" or "model.norm.weight")
        {
            return state[name == "model.norm.weight" ? "transformer.ln_f.weight" : "transformer.wte.weight"];
        }
        var parts = name.Split('.');  // model.layers.{i}.{block}[.{projection}].weight
        if (parts.Length is not (5 or 6) || parts[0] != "model" || parts[1] != "layers" || !int.TryParse(parts[2], out var layer) || layer < 0 || layer >= s.Depth)
        {
            return null;
        }
        var prefix = $"transformer.h.{layer}.";
        if (parts.Length == 5)
        {
            return parts[3] switch
            {
                "input_layernorm" => state.GetValueOrDefault($"{prefix}norm_1.{parts[4]}"),
                "post_attention_layernorm" => state.GetValueOrDefault($"{prefix}norm_2.{parts[4]}"),
                _ => null,
            };
        }
        var each = s.Heads / s.Groups;
        Tensor? Fused(int from, int count)
        {
            if (state.GetValueOrDefault($"{prefix}attn.attn.{parts[5]}") is not { } fused)
            {
                return null;
            }
            long[] shape = [s.Groups, each + 2, s.Head, .. fused.shape[1..]];
            return fused.view(shape).narrow(1, from, count);
        }
        return (parts[3], parts[4]) switch
        {
            ("self_attn", "q_proj") => Fused(0, each),
            ("self_attn", "k_proj") => Fused(each, 1),
            ("self_attn", "v_proj") => Fused(each + 1, 1),
            ("self_attn", "o_proj") => state.GetValueOrDefault($"{prefix}attn.proj.{parts[5]}"),
            ("mlp", "gate_proj") => state.GetValueOrDefault($"{prefix}mlp.fc_1.{parts[5]}"),
            ("mlp", "up_proj") => state.GetValueOrDefault($"{prefix}mlp.fc_2.{parts[5]}"),
            ("mlp", "down_proj") => state.GetValueOrDefault($"{prefix}mlp.proj.{parts[5]}"),
            _ => null,
        };
    }

    private static long[] ShapeOf(Dictionary<string, Tensor> state, LlamaSettings s, string name)
    {
        var shape = Place(state, s, name)!.shape;
        return name.Contains("self_attn.") && !name.Contains("o_proj") ? [shape[0] * shape[1] * shape[2], .. shape[3..]] : shape;
    }
}
