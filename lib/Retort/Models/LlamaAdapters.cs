using System.Globalization;
using System.Text.Json;
using Retort.Layers;
using Retort.Text;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>Settings of low-rank updates. The defaults are HyPoradise's (H2T-LoRA): rank 16 on the attention's four projections.</summary>
public sealed record LoraSettings
{
    /// <summary>Rank, r.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>The update is scaled by alpha / r.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Dropout of the update's input.</summary>
    public double Dropout { get; init; } = 0.05;

    /// <summary>The layers that are updated, by Hugging Face's names.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj"];
}

/// <summary>Files of what was tuned on a frozen <see cref="Llama"/>: RobustGER's adapter under its published names, and LoRA under PEFT's.</summary>
public static class LlamaAdapters
{
    private static readonly string[] attention = ["q_proj", "k_proj", "v_proj", "o_proj"], hidden = ["gate_proj", "up_proj", "down_proj"];

    /// <summary>Writes the adapter's weights with the settings that they were made with.</summary>
    /// <param name="model">a model with an adapter</param>
    /// <param name="path">a safetensors file</param>
    /// <param name="bos">whether prompts began with the start symbol; a reader is told, since base models differ</param>
    /// <param name="template">the prompt's template, of which a reader is told, too; null where there was none, as of lists that bring their tokens</param>
    public static void Save(Llama model, string path, bool bos = false, string? template = null)
    {
        var adapter = model.Adapter ?? throw new ArgumentException("the model has no adapter", nameof(model));
        var told = new Dictionary<string, string> { ["adapter"] = JsonSerializer.Serialize(adapter), ["bos"] = bos ? "true" : "false" };
        if (template is not null)
        {
            told["template"] = template;
        }
        SafeTensors.Save(path, model.state_dict().Where(p => Llama.IsAdapter(p.Key)).Select(p => (p.Key, p.Value)), told);
    }

    /// <summary>The prompt's template that an adapter's file tells; null if it tells none, as the published ones.</summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public static string? ReadTemplate(string path)
    {
        if (!path.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            return null;
        }
        using var file = SafeTensorsFile.Open(path);
        return file.Metadata.GetValueOrDefault("template");
    }

    /// <summary>
    /// Loads an adapter: ours, or a published file of torch.save ({"model": weights}). Gates of older files, (1, H, 1, 1), are turned.
    /// </summary>
    /// <exception cref="BadInputException">The file cannot be read, was made with other settings, or a weight is missing, not the adapter's, or of another shape.</exception>
    public static LoadReport Load(Llama model, string path)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var adapter = model.Adapter ?? throw new ArgumentException("the model has no adapter", nameof(model));
        var weights = Weights.Read(path);
        if (path.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            using var file = SafeTensorsFile.Open(path);
            if (file.Metadata.TryGetValue("adapter", out var made) && Parse(made, path) is var settings && settings != adapter)
            {
                throw new BadInputException(path, "", $"was made with {settings}, and the model has {adapter}");
            }
        }
        foreach (var name in weights.Keys.Where(k => k.EndsWith(".gating_factor", StringComparison.Ordinal)).ToArray())
        {
            if (weights[name] is { shape: [1, > 1, 1, 1] } old)
            {
                weights[name] = old.permute(0, 2, 1, 3);
            }
        }
        var state = model.state_dict().Where(p => Llama.IsAdapter(p.Key)).ToDictionary(p => p.Key, p => p.Value);
        var fits = state.Where(p => weights.TryGetValue(p.Key, out var w) && w.shape.SequenceEqual(p.Value.shape)).Select(p => p.Key).ToArray();
        var report = new LoadReport(fits, [.. state.Keys.Where(k => !weights.ContainsKey(k))], [.. weights.Keys.Where(k => !state.ContainsKey(k))],
            [.. state.Where(p => weights.ContainsKey(p.Key) && !fits.Contains(p.Key)).Select(p => new MisshapenTensor(p.Key, p.Value.shape, weights[p.Key].shape))]);
        if (!report.IsComplete)
        {
            throw new BadInputException(path, "", $"the adapter does not fit the model: {report}");
        }
        foreach (var name in fits)
        {
            state[name].copy_(weights[name]);
        }
        return report;
    }

    /// <summary>The settings that an adapter's file was made with, and whether its prompts began with the start symbol; a published file tells them by its shapes.</summary>
    /// <param name="path">the file</param>
    /// <exception cref="BadInputException">The file cannot be read, or holds no adapter.</exception>
    public static (PromptAdapterSettings Settings, bool Bos) ReadSettings(string path)
    {
        if (path.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            using var file = SafeTensorsFile.Open(path);
            if (file.Metadata.TryGetValue("adapter", out var made) && Parse(made, path) is { } settings)
            {
                return (settings, file.Metadata.GetValueOrDefault("bos") == "true");
            }
        }
        using var scope = NewDisposeScope();
        var weights = Weights.Read(path);
        const string Prefix = "transformer.h.", Rows = ".attn.adapter_wte.weight";
        int Layer(string name) => int.TryParse(name[Prefix.Length..^Rows.Length], CultureInfo.InvariantCulture, out var layer) ? layer : throw new BadInputException(path, name, "is no weight of an adapter");
        var layers = weights.Keys.Where(k => k.StartsWith(Prefix, StringComparison.Ordinal) && k.EndsWith(Rows, StringComparison.Ordinal) && k.Length > Prefix.Length + Rows.Length).Select(Layer).Order().ToArray();
        if (layers.Length == 0)
        {
            throw new BadInputException(path, "", $"holds no adapter: there is no weight like {Prefix}2{Rows}");
        }
        return (new PromptAdapterSettings
        {
            StartLayer = layers[0],
            Rows = (int)weights[$"{Prefix}{layers[0]}{Rows}"].shape[0],
            NoiseWidth = weights.TryGetValue($"{Prefix}{layers[0]}.attn.ef_key.weight", out var key) ? (int)key.shape[^1] : 0,
        }, false);
    }

    private static PromptAdapterSettings? Parse(string json, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<PromptAdapterSettings>(json);
        }
        catch (JsonException e)
        {
            throw new BadInputException(path, "metadata, adapter", $"is not the settings of an adapter: {e.Message}", e);
        }
    }

    /// <summary>Adds low-rank updates to a model, whose other weights are then frozen; they start at zero effect.</summary>
    /// <param name="model">the model</param>
    /// <param name="settings">null for HyPoradise's</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="generator">what dropout draws from; null for one of its own</param>
    public static void AttachLora(Llama model, LoraSettings? settings = null, long seed = 0, Generator? generator = null)
    {
        settings ??= new();
        if (settings.Targets.FirstOrDefault(t => !attention.Contains(t) && !hidden.Contains(t)) is { } unknown)
        {
            throw new ArgumentException($"there is no layer {unknown}; there are {string.Join(", ", attention.Concat(hidden))}", nameof(settings));
        }
        var s = model.Settings;
        generator ??= new Generator((ulong)seed);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }
        var (all, kept) = (s.Heads * s.Head, s.Groups * s.Head);
        var (dtype, device) = (model.InputEmbeddings.dtype, model.InputEmbeddings.device);
        foreach (var block in model.Layers)
        {
            foreach (var target in settings.Targets)
            {
                LowRankUpdate Update(int inputs, int outputs) => new(inputs, outputs, settings.Rank, settings.Alpha, settings.Dropout > 0 ? new SeededDropout(settings.Dropout, generator) : null, dtype, device);
                switch (target)
                {
                    case "q_proj": block.Attention.Attach(target, Update(s.Width, all)); break;
                    case "k_proj" or "v_proj": block.Attention.Attach(target, Update(s.Width, kept)); break;
                    case "o_proj": block.Attention.Output.Attach(Update(all, s.Width)); break;
                    case "down_proj": block.Hidden.Of(target).Attach(Update(s.Hidden, s.Width)); break;
                    default: block.Hidden.Of(target).Attach(Update(s.Width, s.Hidden)); break;
                }
            }
        }
        model.Fill(seed, name => name.Contains("lora_"));
    }

    /// <summary>Reads a PEFT folder (adapter_config.json, adapter_model.safetensors or .bin) into a model that has no low-rank updates yet.</summary>
    /// <exception cref="BadInputException">A file cannot be read or asks for what is not supported, or a weight is missing, unknown or of another shape.</exception>
    public static LoraSettings LoadLora(Llama model, string folder)
    {
        var config = Path.Combine(folder, "adapter_config.json");
        LoraSettings settings;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(config));
            settings = ParseLora(document.RootElement);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            throw new BadInputException(config, "", $"is no adapter_config.json that can be used: {e.Message}", e);
        }
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var path = new[] { "adapter_model.safetensors", "adapter_model.bin" }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
            ?? throw new BadInputException(folder, "", "holds no adapter_model.safetensors and no adapter_model.bin");
        var weights = Weights.Read(path);
        AttachLora(model, settings);
        var state = model.state_dict();
        var names = PeftNames(model).ToArray();
        var missing = names.Where(n => !weights.ContainsKey(n.Peft)).Select(n => n.Peft).ToArray();
        var unknown = weights.Keys.Except(names.Select(n => n.Peft)).ToArray();
        var bad = names.Where(n => weights.TryGetValue(n.Peft, out var w) && !w.shape.SequenceEqual(state[n.Ours].shape)).Select(n => new MisshapenTensor(n.Peft, state[n.Ours].shape, weights[n.Peft].shape)).ToArray();
        if (missing.Length + unknown.Length + bad.Length > 0)
        {
            throw new BadInputException(path, "", $"the low-rank updates do not fit the model: {new LoadReport([], missing, unknown, bad)}");
        }
        foreach (var (peft, ours) in names)
        {
            state[ours].copy_(weights[peft]);
        }
        return settings;
    }

    /// <summary>Writes a PEFT folder: adapter_config.json and adapter_model.safetensors.</summary>
    public static void SaveLora(Llama model, string folder, LoraSettings settings)
    {
        Directory.CreateDirectory(folder);
        var state = model.state_dict();
        SafeTensors.Save(Path.Combine(folder, "adapter_model.safetensors"), PeftNames(model).Select(n => (n.Peft, state[n.Ours])), new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(folder, "adapter_config.json"), stream => JsonSerializer.Serialize(stream, new
        {
            peft_type = "LORA",
            task_type = "CAUSAL_LM",
            r = settings.Rank,
            lora_alpha = settings.Alpha,
            lora_dropout = settings.Dropout,
            target_modules = settings.Targets,
            bias = "none",
            fan_in_fan_out = false,
        }));
    }

    private static LoraSettings ParseLora(JsonElement root)
    {
        if (JsonLines.Text(root, "peft_type") is not "LORA" and var type)
        {
            throw new FormatException($"peft_type is \"{type}\", expected \"LORA\"");
        }
        // What would change numbers or leave weights out is refused by its name; null, false and what is empty ask for nothing.
        string[] unsupported = ["use_rslora", "use_dora", "use_qalora", "lora_bias", "fan_in_fan_out", "alpha_pattern", "rank_pattern", "modules_to_save", "layers_to_transform",
            "layer_replication", "exclude_modules", "trainable_token_indices", "target_parameters"];
        foreach (var name in unsupported)
        {
            if (JsonLines.Find(root, name) is { } value && !(value.ValueKind is JsonValueKind.Null or JsonValueKind.False
                || value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any() || value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
            {
                throw new FormatException($"{name} is not supported: {JsonLines.Short(value.GetRawText())}");
            }
        }
        if (JsonLines.Find(root, "bias") is { ValueKind: JsonValueKind.String } bias && bias.GetString() != "none")
        {
            throw new FormatException($"bias \"{bias.GetString()}\" is not supported, expected \"none\"");
        }
        return new LoraSettings
        {
            Rank = JsonLines.Number(JsonLines.Member(root, "r"), "r"),
            Alpha = JsonLines.Member(root, "lora_alpha").GetDouble(),
            Dropout = JsonLines.Find(root, "lora_dropout") is { ValueKind: JsonValueKind.Number } d ? d.GetDouble() : 0,
            Targets = [.. JsonLines.List(root, "target_modules").EnumerateArray().Select(t => t.GetString()!).Order(StringComparer.Ordinal)],
        };
    }

    private static IEnumerable<(string Peft, string Ours)> PeftNames(Llama model)
    {
        foreach (var name in model.state_dict().Keys.Where(k => k.Contains("lora_A") || k.Contains("lora_B")))
        {
            var parts = name.Split('.');  // transformer.h.{i}.{attn|mlp}.{...}.lora_A.weight
            var place = parts[3] == "attn"
                ? "self_attn." + (parts[4] == "proj" ? "o_proj" : parts[4]["lora_".Length..])
                : "mlp." + parts[4] switch { "fc_1" => "gate_proj", "fc_2" => "up_proj", _ => "down_proj" };
            yield return (string.Create(CultureInfo.InvariantCulture, $"base_model.model.model.layers.{parts[2]}.{place}.{parts[^2]}.weight"), name);
        }
    }
}
