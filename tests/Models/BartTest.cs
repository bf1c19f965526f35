using System.Text.Json;
using Retort.Decoding;
using Retort.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Against PyTorch's own layers composed to a BART; environment/reference/bart.py printed the numbers.</summary>
public sealed class BartTest
{
    private static readonly BartSettings small = new() { Vocabulary = 23, Width = 16, Depth = 2, Heads = 2, Hidden = 24, MaxLength = 40 };

    /// <summary>Formula weights under Hugging Face's names.</summary>
    internal static Dictionary<string, Tensor> HuggingFace(BartSettings settings, string prefix = "")
    {
        var weights = new Dictionary<string, Tensor>();
        void Put(string key, params long[] shape) => weights[prefix + key] = tensor(FormulaWeights.Values(key, shape)!, shape);
        int d = settings.Width, f = settings.Hidden;
        Put("model.shared.weight", settings.Vocabulary, d);
        Put("final_logits_bias", 1, settings.Vocabulary);
        foreach (var half in new[] { "encoder", "decoder" })
        {
            Put($"model.{half}.embed_positions.weight", settings.MaxLength + 2, d);
            Put($"model.{half}.layernorm_embedding.weight", d);
            Put($"model.{half}.layernorm_embedding.bias", d);
            for (var i = 0; i < settings.Depth; i++)
            {
                string[] attentions = half == "encoder" ? ["self_attn"] : ["self_attn", "encoder_attn"];
                foreach (var attention in attentions)
                {
                    foreach (var p in new[] { "q_proj", "k_proj", "v_proj", "out_proj" })
                    {
                        Put($"model.{half}.layers.{i}.{attention}.{p}.weight", d, d);
                        Put($"model.{half}.layers.{i}.{attention}.{p}.bias", d);
                    }
                    Put($"model.{half}.layers.{i}.{attention}_layer_norm.weight", d);
                    Put($"model.{half}.layers.{i}.{attention}_layer_norm.bias", d);
                }
                Put($"model.{half}.layers.{i}.fc1.weight", f, d);
                Put($"model.{half}.layers.{i}.fc1.bias", f);
                Put($"model.{half}.layers.{i}.fc2.weight", d, f);
                Put($"model.{half}.layers.{i}.fc2.bias", d);
                Put($"model.{half}.layers.{i}.final_layer_norm.weight", d);
                Put($"model.{half}.layers.{i}.final_layer_norm.bias", d);
            }
        }
        weights[prefix + "model.encoder.embed_tokens.weight"] = weights[prefix + "model.decoder.embed_tokens.weight"] = weights[prefix + "lm_head.weight"] = weights[prefix + "model.shared.weight"];
        return weights;
    }

    [Fact]
    public void Forward_Reference_MatchesEncoderLogitsAndSteps()
    {
        var golden = JsonDocument.Parse(File.ReadAllText(CaptionGolden.File("bart.json"))).RootElement;
        float[] Numbers(string name) => [.. golden.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Bart(small);
        Assert.True(model.Load(HuggingFace(small)).IsComplete);
        model.eval();
        long[] lengths = [7, 4];
        var memory = model.Encode(tensor(FormulaWeights.Values("in.source", [2, 7, 16])!, [2, 7, 16]), lengths);
        var valid = Retort.Layers.LengthMask.Valid(lengths, 7).unsqueeze(-1);
        Assert.InRange(CaptionGolden.Distance(tensor(Numbers("memory"), [2, 7, 16]), memory.masked_fill(valid.logical_not(), 0)), 0, 1e-5f);
        var tokens = tensor(golden.GetProperty("tokens").EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(v => v.GetInt64()).ToArray(), [2, 6]);
        var logits = tensor(Numbers("logits"), [2, 6, 23]);
        Assert.InRange(CaptionGolden.Distance(logits, model.call(tokens, memory, lengths)), 0, 2e-5f);
        using var cache = model.Start(memory, lengths);
        for (var i = 0; i < 6; i++)
        {
            Assert.InRange(CaptionGolden.Distance(logits.select(1, i), model.Step(tokens.select(1, i), cache)), 0, 2e-5f);
        }
    }

    [Fact]
    public void Base_Parameters_AreThePublishedNumber()
    {
        using var scope = NewDisposeScope();
        // With one layer of six; five more of each, counted from their shapes.
        using var model = new Bart(new BartSettings { Depth = 1 });
        const long Attention = 4 * (768 * 768 + 768), FeedForward = 2 * 768 * 3072 + 3072 + 768, Norm = 2 * 768;
        const long Encoder = Attention + FeedForward + 2 * Norm, Decoder = 2 * Attention + FeedForward + 3 * Norm;
        Assert.Equal(139_420_416, model.parameters().Sum(p => p.numel()) + 5 * (Encoder + Decoder));
    }

    [Fact]
    public void HtsatBart_WavCapsNames_LoadsHearsAndDecodes()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sound = new HtsatSettings { Width = 4, Heads = [1, 1, 1, 1], Depths = [1, 1, 1, 1], Classes = 3 };
        var text = small with { Width = 16, MaxLength = 1024 };
        using var model = new HtsatBart(sound, text, seed: 1);
        using var other = new HtsatBart(sound, text, seed: 2);
        var weights = HuggingFace(text, "decoder.");
        foreach (var (key, value) in other.Encoder.state_dict())
        {
            weights["encoder.audio_enc." + key] = value;
        }
        weights["encoder.audio_enc.audio_feats_extractor.mel_trans.stft.conv_real.weight"] = zeros(3);
        weights["encoder.audio_enc.audio_feats_extractor.log_trans.melW"] = zeros(3, 2);
        weights["enc_to_dec_proj.weight"] = zeros(16, 32);
        weights["enc_to_dec_proj.bias"] = zeros(16);
        model.Load(weights);
        model.eval();
        other.eval();
        // The published teacher hears ten seconds: five are continued with zeros, of twelve the first ten are heard.
        var twelve = tensor(Enumerable.Range(0, 384000).Select(i => (float)Math.Sin(0.01 * i + 1e-7 * i * i)).ToArray(), [1, 384000]);
        var five = twelve.narrow(1, 0, 160000);
        Assert.Equal(0, CaptionGolden.Distance(model.Hear(nn.functional.pad(five, (0, 160000))).Embedding, model.Hear(five).Embedding));
        Assert.Equal(0, CaptionGolden.Distance(model.Hear(twelve.narrow(1, 0, 320000)).Embedding, model.Hear(twelve).Embedding));
        Assert.NotEqual(0, CaptionGolden.Distance(model.Hear(five).Embedding, model.Hear(twelve).Embedding));
        var waves = tensor(Enumerable.Range(0, 64000).Select(i => (float)Math.Sin(0.01 * i)).ToArray(), [1, 64000]);
        var (embedding, memory) = model.Hear(waves);
        Assert.Equal(0, CaptionGolden.Distance(other.Hear(waves).Embedding, embedding));
        Assert.Equal([1L, 1024, 16], memory.shape);
        Assert.NotEmpty(BeamSearch.Decode(model.Decoder, memory, null, HtsatBart.Decoding)[0]);
        weights.Remove("decoder.model.decoder.layers.1.fc1.bias");
        Assert.Contains("linear1.bias", Assert.Throws<BadInputException>(() => model.Load(weights, "teacher.pt")).Message);
    }
}
