using System.Text.Json;
using Retort.Models;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>The full-size student of the reference files: weights by formula, batch-norm statistics from the file.</summary>
internal static class CaptionGolden
{
    public static string File(string name) => Path.Combine(AppContext.BaseDirectory, "Models", "Golden", name);

    public static SafeTensorsFile Student() => SafeTensorsFile.Open(File("caption_student.safetensors"));

    /// <summary>All 556 weights under the published names.</summary>
    /// <param name="vocabulary">number of words</param>
    /// <param name="end">the row of the embedding that is exchanged with row 2; 0 for none</param>
    public static Dictionary<string, Tensor> Weights(int vocabulary = 4981, int end = 0)
    {
        using var file = Student();
        var gains = JsonDocument.Parse(file.Metadata["config"]).RootElement.GetProperty("gains").EnumerateArray()
            .Select(g => (Text: g[0].GetString()!, Gain: g[1].GetSingle())).ToArray();
        var stored = file.Names.ToHashSet();
        var front = new Retort.Audio.MelFrontEnd().state_dict();
        var weights = new Dictionary<string, Tensor>();
        foreach (var line in System.IO.File.ReadAllLines(File("caption_student_keys.tsv")))
        {
            var (key, shapeText) = (line.Split('\t')[0], line.Split('\t')[1]);
            var shape = shapeText.Length == 0 ? [] : shapeText.Split(',').Select(long.Parse).ToArray();
            var vocabularySized = key.EndsWith("word_embedding.weight") || key.EndsWith("classifier.weight");
            if (vocabularySized)
            {
                shape[0] = vocabulary;
            }
            weights[key] = key switch
            {
                _ when stored.Contains("w." + key) => file.Read("w." + key),
                _ when key.EndsWith("num_batches_tracked") => tensor(0L),
                "model.logit_scale" => tensor((float)Math.Log(1 / 0.07)),
                _ when key.Contains("melspec_extractor.") => front[key[(key.IndexOf("melspec_extractor.") + "melspec_extractor.".Length)..]].clone(),
                _ when key.EndsWith("classifier.weight") => weights["model.model.decoder.word_embedding.weight"].clone(),
                // Gains are for matrices alone.
                _ => tensor(FormulaWeights.Values(key, shape)!, shape) * (shape.Length > 1 ? gains.Where(g => key.Contains(g.Text)).Select(g => g.Gain).FirstOrDefault(1f) : 1f),
            };
            if (vocabularySized && end != 0 && key.EndsWith("word_embedding.weight"))
            {
                var order = Enumerable.Range(0, vocabulary).Select(i => (long)i).ToArray();
                (order[2], order[end]) = (end, 2);
                weights[key] = weights[key].index_select(0, tensor(order));
            }
        }
        return weights;
    }

    public static float Distance(Tensor a, Tensor b)
    {
        Assert.Equal(a.shape, b.shape);
        return (a - b).abs().max().item<float>();
    }
}
