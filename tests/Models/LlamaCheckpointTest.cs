using System.Text.Json;
using Retort.Layers;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Hugging Face's files and PEFT's: names, shards, configurations, and what is wrong with them.</summary>
public sealed class LlamaCheckpointTest : IDisposable
{
    private static readonly LlamaSettings small = new() { Vocabulary = 40, Width = 32, Depth = 2, Heads = 4, Groups = 2, Hidden = 48, Context = 32 };
    private readonly string folder = Directory.CreateTempSubdirectory("retort-llama-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Place(string name) => Path.Combine(folder, name);

    private static Llama Model(long seed, LlamaSettings? settings = null, PromptAdapterSettings? adapter = null)
    {
        var model = new Llama(settings ?? small, adapter);
        model.Fill(seed);
        return model;
    }

    private static Tensor Logits(Llama model)
    {
        using var none = no_grad();
        return model.call(tensor(new long[] { 1, 5, 7, 2, 30, 4 }, [2, 3]), null);
    }

    private static float Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    // The reference's forward pass from unfused weights, for one row, by hand.
    private static Tensor ByHand(IReadOnlyDictionary<string, Tensor> w, LlamaSettings s, Tensor tokens)
    {
        Tensor Norm(Tensor t, string name) => t * (t.square().mean([-1L], keepdim: true) + s.Epsilon).rsqrt() * w[name];
        var (length, h) = (tokens.shape[0], s.Head);
        Tensor Rope(Tensor t)
        {
            var angle = arange(0, length).to(float32).unsqueeze(1) * pow(tensor((float)s.Theta), arange(0, h, 2).to(float32) / -h).unsqueeze(0);
            var (cos, sin) = (cat([angle.cos(), angle.cos()], -1), cat([angle.sin(), angle.sin()], -1));
            return t * cos + cat([-t[.., (h / 2)..], t[.., ..(h / 2)]], -1) * sin;
        }
        var x = w["model.embed_tokens.weight"].index_select(0, tokens);
        for (var i = 0; i < s.Depth; i++)
        {
            var p = $"model.layers.{i}.";
            var normed = Norm(x, p + "input_layernorm.weight");
            Tensor By(Tensor t, string name) => matmul(t, w[$"{p}self_attn.{name}.weight"].t()) + w.GetValueOrDefault($"{p}self_attn.{name}.bias", zeros(1));
            Tensor Part(string name) => By(normed, name);
            var (q, k, v) = (Part("q_proj"), Part("k_proj"), Part("v_proj"));
            var heads = Enumerable.Range(0, s.Heads).Select(head =>
            {
                var group = head / (s.Heads / s.Groups);
                var scores = matmul(Rope(q.narrow(1, head * h, h)), Rope(k.narrow(1, group * h, h)).t()) / Math.Sqrt(h);
                scores = scores + full([length, length], float.NegativeInfinity).triu(1);
                return matmul(scores.softmax(-1), v.narrow(1, group * h, h));
            }).ToArray();
            x = x + By(cat(heads, 1), "o_proj");
            var inner = Norm(x, p + "post_attention_layernorm.weight");
            var gate = matmul(inner, w[p + "mlp.gate_proj.weight"].t());
            x = x + matmul(gate * gate.sigmoid() * matmul(inner, w[p + "mlp.up_proj.weight"].t()), w[p + "mlp.down_proj.weight"].t());
        }
        return matmul(Norm(x, "model.norm.weight"), w.GetValueOrDefault("lm_head.weight", w["model.embed_tokens.weight"]).t());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Load_HuggingFaceNames_ComputesWhatTheSeparateProjectionsDo(bool tied, bool bias)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var settings = small with { Tied = tied, AttentionBias = bias };
        var first = Model(1, settings);
        foreach (var (name, parameter) in first.named_parameters().Where(p => p.name.EndsWith(".bias")))
        {
            parameter.copy_(tensor(FormulaWeights.Values(name, parameter.shape)!, parameter.shape));
        }
        LlamaCheckpoint.Save(first, Place("model.safetensors"));
        var weights = SafeTensors.Load(Place("model.safetensors"));
        Assert.Equal([16, 32], weights["model.layers.1.self_attn.k_proj.weight"].shape);
        Assert.Equal(bias, weights.ContainsKey("model.layers.1.self_attn.o_proj.bias"));
        var second = Model(2, settings);
        Assert.True(Distance(Logits(first), Logits(second)) > 1e-3);
        LlamaCheckpoint.Load(second, folder);
        Assert.Equal(0, Distance(Logits(first), Logits(second)));
        var tokens = tensor(new long[] { 1, 5, 7, 3 });
        Assert.InRange(Distance(ByHand(weights, settings, tokens), second.call(tokens.unsqueeze(0), null)[0]), 0, 1e-5f);
    }

    [Fact]
    public void Load_Shards_AreFoundByTheIndexAndBfloat16IsWidened()
    {
        using var scope = NewDisposeScope();
        var first = Model(1);
        LlamaCheckpoint.Save(first, Place("whole.safetensors"));
        var weights = SafeTensors.Load(Place("whole.safetensors")).Select((w, i) => (w.Key, Value: w.Value.to(bfloat16), File: $"model-0000{i % 2 + 1}-of-00002.safetensors")).ToArray();
        foreach (var shard in weights.GroupBy(w => w.File))
        {
            SafeTensors.Save(Place(shard.Key), shard.Select(w => (w.Key, w.Value)));
        }
        File.WriteAllText(Place("model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = weights.ToDictionary(w => w.Key, w => w.File) }));
        var second = Model(2);
        var report = LlamaCheckpoint.Load(second, folder);
        Assert.Equal(weights.Length, report.Loaded.Count);
        Assert.InRange(Distance(Logits(first), Logits(second)), 1e-6f, 0.05f);
        File.Delete(Place("model-00002-of-00002.safetensors"));
        Assert.Contains("model-00002", Assert.Throws<BadInputException>(() => LlamaCheckpoint.Load(second, folder)).Message);
    }

    [Fact]
    public void Load_AnotherWidthOrVocabulary_IsOneErrorAndLoadsNothing()
    {
        using var scope = NewDisposeScope();
        LlamaCheckpoint.Save(Model(1, small with { Vocabulary = 41 }), Place("model.safetensors"));
        var second = Model(2);
        var before = Logits(second);
        var error = Assert.Throws<BadInputException>(() => LlamaCheckpoint.Load(second, folder));
        Assert.Contains("model.embed_tokens.weight", error.Message);
        Assert.Contains("41", error.Message);
        Assert.Equal(0, Distance(before, Logits(second)));
    }

    [Fact]
    public void ReadConfig_TinyLlama_GivesItsSettings()
    {
        File.WriteAllText(Place("config.json"), """
            {"model_type": "llama", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 32,
             "num_hidden_layers": 22, "num_key_value_heads": 4, "vocab_size": 32000, "max_position_embeddings": 2048, "rms_norm_eps": 1e-05,
             "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": false}
            """);
        Assert.Equal(LlamaSettings.TinyLlama, LlamaCheckpoint.ReadConfig(folder));
    }

    [Fact]
    public void ReadConfig_Llama32_ReadsTheScaling()
    {
        File.WriteAllText(Place("config.json"), """
            {"model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "head_dim": 64,
             "num_hidden_layers": 16, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-05,
             "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
             "rope_theta": 500000.0, "tie_word_embeddings": true}
            """);
        var read = LlamaCheckpoint.ReadConfig(folder);
        Assert.Equal(LlamaSettings.Llama32Of1b with { HeadWidth = 64 }, read);
        // Fast rotations stay, slow ones are divided by the factor, those between lie between.
        Assert.Equal(1.0, read.Scaling!.Scale(1.0));
        Assert.Equal(1e-6 / 32, read.Scaling.Scale(1e-6), 1e-12);
        Assert.InRange(read.Scaling.Scale(2 * Math.PI / 4000), 2 * Math.PI / 4000 / 32, 2 * Math.PI / 4000);
    }

    [Fact]
    public void ReadConfig_RopeParametersOfTransformers5_AreRead()
    {
        void Write(string rope) => File.WriteAllText(Place("config.json"), $$"""
            {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 99,
             {{rope}}}
            """);
        Write("""
            "rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192}
            """);
        Assert.Equal((500_000, new RotaryScaling(32, 1, 4, 8192)), (LlamaCheckpoint.ReadConfig(folder).Theta, LlamaCheckpoint.ReadConfig(folder).Scaling));
        Write("""
            "rope_parameters": {"rope_theta": 20000.0}
            """);
        Assert.Equal((20_000, null), (LlamaCheckpoint.ReadConfig(folder).Theta, LlamaCheckpoint.ReadConfig(folder).Scaling));
        Write("""
            "rope_parameters": {"rope_theta": 500000.0, "rope_type": "yarn"}
            """);
        Assert.Contains("yarn", Assert.Throws<BadInputException>(() => LlamaCheckpoint.ReadConfig(folder)).Message);
    }

    [Theory]
    [InlineData("\"alpha_pattern\": {\"q_proj\": 32}", "alpha_pattern")]
    [InlineData("\"rank_pattern\": {\"q_proj\": 8}", "rank_pattern")]
    [InlineData("\"modules_to_save\": [\"lm_head\"]", "modules_to_save")]
    [InlineData("\"layers_to_transform\": [1]", "layers_to_transform")]
    [InlineData("\"use_dora\": true", "use_dora")]
    [InlineData("\"bias\": \"all\"", "bias \"all\"")]
    public void LoadLora_WhatIsNotSupported_IsRefusedByName(string field, string says)
    {
        using var scope = NewDisposeScope();
        var settings = new LoraSettings { Rank = 2, Targets = ["q_proj"] };
        var model = Model(1);
        LlamaAdapters.AttachLora(model, settings);
        LlamaAdapters.SaveLora(model, folder, settings);
        // What asks for nothing is no reason.
        var config = File.ReadAllText(Place("adapter_config.json")).Replace("\"bias\":\"none\",", "").TrimEnd('}');
        File.WriteAllText(Place("adapter_config.json"), config + ", \"alpha_pattern\": {}, \"modules_to_save\": null, \"use_dora\": false}");
        LlamaAdapters.LoadLora(Model(1), folder);
        File.WriteAllText(Place("adapter_config.json"), config + $", {field}}}");
        Assert.Contains(says, Assert.Throws<BadInputException>(() => LlamaAdapters.LoadLora(Model(1), folder)).Message);
    }

    [Theory]
    [InlineData("{\"model_type\": \"mistral\"}", "mistral")]
    [InlineData("{\"model_type\": \"llama\", \"hidden_size\": 30}", "missing")]
    [InlineData("{", "config.json")]
    [InlineData("""{"hidden_size": 30, "num_attention_heads": 4, "vocab_size": 9, "num_hidden_layers": 1, "intermediate_size": 8}""", "heads")]
    public void ReadConfig_AnotherFamilyOrDamaged_IsBadInput(string json, string says)
    {
        File.WriteAllText(Place("config.json"), json);
        Assert.Contains(says, Assert.Throws<BadInputException>(() => LlamaCheckpoint.ReadConfig(folder)).Message);
    }

    [Fact]
    public void Adapter_SavedAndLoaded_HasPublishedNamesAndOldGatesAreTurned()
    {
        using var scope = NewDisposeScope();
        var adapter = new PromptAdapterSettings { Rows = 6, StartLayer = 1, NoiseWidth = 8 };
        var first = Model(1, adapter: adapter);
        using (no_grad())
        {
            foreach (var (name, gate) in first.named_parameters().Where(p => p.name.Contains("gating")))
            {
                gate.copy_(tensor(FormulaWeights.Values(name, gate.shape)!, gate.shape));
            }
        }
        LlamaAdapters.Save(first, Place("adapter.safetensors"));
        var second = Model(1, adapter: adapter);
        second.Fill(5, Llama.IsAdapter);
        Assert.Equal(9, LlamaAdapters.Load(second, Place("adapter.safetensors")).Loaded.Count);
        Assert.Equal(0, Distance(Logits(first), Logits(second)));
        var old = SafeTensors.Load(Place("adapter.safetensors"));
        old["transformer.h.1.attn.gating_factor"] = old["transformer.h.1.attn.gating_factor"].permute(0, 2, 1, 3).contiguous();
        SafeTensors.Save(Place("old.safetensors"), old);
        second.Fill(5, Llama.IsAdapter);
        LlamaAdapters.Load(second, Place("old.safetensors"));
        Assert.Equal(0, Distance(Logits(first), Logits(second)));
        var other = Model(1, adapter: adapter with { Rows = 12 });
        Assert.Contains("Rows = 6", Assert.Throws<BadInputException>(() => LlamaAdapters.Load(other, Place("adapter.safetensors"))).Message);
        Assert.Contains("misshapen", Assert.Throws<BadInputException>(() => LlamaAdapters.Load(other, Place("old.safetensors"))).Message);
    }

    [Fact]
    public void Adapter_FreshGates_LeaveTheBaseModelsLogits()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var (plain, adapted) = (Model(1), Model(1, adapter: new PromptAdapterSettings { Rows = 6, StartLayer = 0, NoiseWidth = 8 }));
        var tokens = tensor(new long[] { 1, 5, 7 }, [1, 3]);
        Assert.Equal(0, Distance(plain.call(tokens, null), adapted.call(tokens, ones(1, 6, 8))));
    }

    [Fact]
    public void Adapter_ZeroStart_GradientsReachTheGatesFirst()
    {
        using var scope = NewDisposeScope();
        var model = Model(1, adapter: new PromptAdapterSettings { Rows = 6, StartLayer = 1, NoiseWidth = 8 });
        var optimizer = optim.SGD(model.parameters().Where(p => p.requires_grad), 0.5);
        var noise = tensor(FormulaWeights.Values("noise", [2, 6, 8])!, [2, 6, 8]);
        HashSet<string> Moved()
        {
            model.zero_grad();
            var logits = model.call(tensor(new long[] { 1, 5, 7, 2, 30, 4 }, [2, 3]), noise);
            nn.functional.cross_entropy(logits.reshape(6, -1), tensor(new long[] { 5, 7, 9, 30, 4, 9 })).backward();
            return [.. model.named_parameters().Where(p => p.parameter.grad is { } g && g.abs().max().item<float>() > 0).Select(p => p.name["transformer.h.1.attn.".Length..])];
        }
        Assert.Equal(["gating_factor"], Moved());
        optimizer.step();
        Assert.Equal(["adapter_wte.weight", "gating_factor", "key_gating_factor", "value_gating_factor"], Moved().Order());
        optimizer.step();
        Assert.Equal(9, Moved().Count);
    }

    [Fact]
    public void Lora_SavedAndLoaded_HasPeftNamesAndAddsItsProduct()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var settings = new LoraSettings { Rank = 3, Alpha = 6, Dropout = 0, Targets = ["q_proj", "v_proj", "o_proj", "down_proj"] };
        var (first, plain) = (Model(1), Model(1));
        LlamaAdapters.AttachLora(first, settings);
        Assert.Equal(0, Distance(Logits(first), Logits(plain)));
        foreach (var (name, parameter) in first.named_parameters().Where(p => p.name.Contains("lora_B")))
        {
            parameter.copy_(tensor(FormulaWeights.Values(name, parameter.shape)!, parameter.shape));
        }
        LlamaAdapters.SaveLora(first, folder, settings);
        var file = SafeTensors.Load(Place("adapter_model.safetensors"));
        Assert.Equal([3, 32], file["base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"].shape);
        Assert.Equal([16, 3], file["base_model.model.model.layers.0.self_attn.v_proj.lora_B.weight"].shape);
        Assert.Equal(16, file.Count);
        var second = Model(1);
        Assert.Equal((3, 6.0), (LlamaAdapters.LoadLora(second, folder) is var read ? (read.Rank, read.Alpha) : default));
        Assert.Equal(0, Distance(Logits(first), Logits(second)));
        // The same by adding 2 B A to the weights of a plain model.
        LlamaCheckpoint.Save(plain, Place("plain.safetensors"));
        var weights = SafeTensors.Load(Place("plain.safetensors"));
        foreach (var name in file.Keys.Where(k => k.Contains("lora_A")))
        {
            var target = name["base_model.model.".Length..].Replace(".lora_A", "");
            weights[target] = weights[target] + 2 * matmul(file[name.Replace("lora_A", "lora_B")], file[name]);
        }
        LlamaCheckpoint.Load(plain, weights);
        Assert.True(Distance(Logits(plain), Logits(Model(1))) > 1e-3);
        Assert.InRange(Distance(Logits(plain), Logits(first)), 0, 1e-5f);
    }

    [Fact]
    public void Step_TinyLlamasShapeInBFloat16_StaysNearFloat32()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        // TinyLlama's widths and heads; one of its 22 layers and a small vocabulary, random weights.
        var settings = LlamaSettings.TinyLlama with { Depth = 1, Vocabulary = 256, Context = 64 };
        var wide = Model(1, settings);
        LlamaCheckpoint.Save(wide, Place("model.safetensors"));
        var narrow = new Llama(settings, dtype: bfloat16);
        LlamaCheckpoint.Load(narrow, folder);
        var tokens = tensor(new long[] { 1, 5, 7, 2, 30, 4 }, [2, 3]);
        using var cache = narrow.NewCache([0, 1], 8);
        narrow.Step(tokens, cache);
        var logits = narrow.Step(tensor(new long[] { 9, 8 }, [2, 1]), cache).to(float32);
        var expected = wide.call(tensor(new long[] { 1, 5, 7, 9 }, [1, 4]), null)[0][3];
        Assert.InRange(Distance(expected, logits[0]) / expected.std().item<float>(), 1e-6f, 0.1f);
    }

    [Fact]
    public void Forward_BeyondTheContextOrStrangeNoise_IsRefused()
    {
        using var scope = NewDisposeScope();
        var model = Model(1, adapter: new PromptAdapterSettings { Rows = 6, StartLayer = 1, NoiseWidth = 8 });
        Assert.Contains("32", Assert.Throws<ArgumentException>(() => model.call(zeros([1, 33], ScalarType.Int64), null)).Message);
        Assert.Contains("6 rows of width 8", Assert.Throws<ArgumentException>(() => model.call(zeros([1, 3], ScalarType.Int64), zeros(1, 5, 8))).Message);
        using var cache = model.NewCache([0], 4);
        Assert.Throws<ArgumentException>(() => model.Step(zeros([1, 5], ScalarType.Int64), cache));
    }

    [Fact]
    public void Hidden_TrainingSteps_LeaveNoTensors()
    {
        using var model = Model(1, adapter: new PromptAdapterSettings { Rows = 6, StartLayer = 1, NoiseWidth = 8 });
        long Step()
        {
            using (NewDisposeScope())
            {
                var taps = new List<Tensor>();
                var hidden = model.Hidden(zeros([2, 5], ScalarType.Int64), ones(2, 6, 8), taps);
                (model.Logits(hidden).mean() + taps[0].mean() + taps[1].mean()).backward();
                model.zero_grad();
                using var none = no_grad();
                using var cache = model.NewCache([0, 1], 6);
                model.Step(zeros([2, 3], ScalarType.Int64), cache, ones(2, 6, 8));
                cache.SelectRows([1]);
                model.Step(zeros([1, 1], ScalarType.Int64), cache);
            }
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }
        Step();
        var before = Step();
        Assert.Equal(before, Step());
    }
}
