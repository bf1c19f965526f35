using System.Text.Json;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>Sentence vectors against stock PyTorch's encoder layers, and from a folder in Hugging Face's layout.</summary>
public sealed class SentenceEncoderTest : IDisposable
{
    private static readonly SentenceEncoderSettings small = new() { Vocabulary = 30, Width = 12, Depth = 2, Heads = 3, Hidden = 20, Positions = 16, MaxLength = 16 };
    private readonly string folder = Directory.CreateTempSubdirectory("retort-bert-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static SentenceEncoder Encoder()
    {
        var encoder = new SentenceEncoder(small);
        FormulaWeights.Fill(encoder);
        encoder.eval();
        return encoder;
    }

    [Fact]
    public void Forward_Reference_MatchesPyTorchsLayers()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var golden = JsonDocument.Parse(File.ReadAllText(LlamaGoldenTest.Golden("sentence_encoder.json"))).RootElement;
        float[] Values(JsonElement rows) => [.. rows.EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(v => v.GetSingle())];
        var pieces = golden.GetProperty("pieces").EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(v => v.GetInt64()).ToArray();
        var lengths = golden.GetProperty("lengths").EnumerateArray().Select(v => v.GetInt64()).ToArray();
        using var encoder = Encoder();
        var outputs = encoder.call(tensor(pieces, [3, 6]), tensor(lengths));
        Assert.InRange((outputs[2] - tensor(Values(golden.GetProperty("first")), [6, 12])).abs().max().item<float>(), 0, 1e-5f);
        // The same pieces as words of a tokenizer give the reference's unit vectors.
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(4, 26).Select(i => $"w{(char)('a' + i - 4)}")]);
        var tokenizer = WordPieceTokenizer.Load(Path.Combine(folder, "vocab.txt"));
        var texts = Enumerable.Range(0, 3).Select(r => string.Join(' ', pieces.Skip(6 * r + 1).Take((int)lengths[r] - 2).Select(p => tokenizer.Tokens[(int)p]))).ToArray();
        var vectors = encoder.Encode(tokenizer, texts);
        Assert.InRange((vectors - tensor(Values(golden.GetProperty("vectors")), [3, 12])).abs().max().item<float>(), 0, 1e-5f);
    }

    [Fact]
    public void Load_HuggingFaceFolder_IgnoresPoolerAndRefusesOtherSizes()
    {
        using var scope = NewDisposeScope();
        using var first = Encoder();
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(4, 26).Select(i => $"w{(char)('a' + i - 4)}")]);
        File.WriteAllText(Path.Combine(folder, "config.json"), """
            {"model_type": "bert", "hidden_act": "gelu", "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
             "intermediate_size": 20, "max_position_embeddings": 16, "layer_norm_eps": 1e-12}
            """);
        var weights = first.state_dict().ToDictionary(p => p.Key, p => p.Value);
        weights["pooler.dense.weight"] = zeros(12, 12);
        weights["embeddings.position_ids"] = arange(16).unsqueeze(0);
        SafeTensors.Save(Path.Combine(folder, "model.safetensors"), weights);
        var (second, tokenizer) = SentenceEncoder.Load(folder);
        Assert.Equal(0, (first.Encode(tokenizer, ["wa wb", "wc"]) - second.Encode(tokenizer, ["wa wb", "wc"])).abs().max().item<float>());
        Assert.Equal(1, second.Encode(tokenizer, ["wa wz wq we wa wa wa wa wa wa wa wa wa wa wa wa wa wa wa wa"]).norm().item<float>(), 1e-5f);  // longer than the table
        weights["embeddings.word_embeddings.weight"] = zeros(31, 12);
        SafeTensors.Save(Path.Combine(folder, "model.safetensors"), weights);
        Assert.Contains("word_embeddings", Assert.Throws<BadInputException>(() => SentenceEncoder.Load(folder)).Message);
        File.AppendAllText(Path.Combine(folder, "vocab.txt"), "more\n");
        Assert.Contains("31 tokens", Assert.Throws<BadInputException>(() => SentenceEncoder.Load(folder)).Message);
    }

    [Fact]
    public void SubwordVectors_Trained_PutWordsOfOneUseAndOneSpellingTogether()
    {
        var text = Enumerable.Range(0, 600).Select(i => i % 2 == 0 ? $"the {(i % 4 == 0 ? "cat" : "dog")} eats meat today" : $"my {(i % 4 == 1 ? "car" : "van")} drives fast abroad").ToArray();
        var vectors = SubwordVectors.Train(text, new() { Width = 16, Epochs = 3 });
        double Cosine(string a, string b) => vectors.Word(a).Zip(vectors.Word(b), (x, y) => x * y).Sum();
        Assert.True(Cosine("cat", "dog") > Cosine("cat", "van"));
        Assert.Equal(1, vectors.Sentence("the cat").Sum(v => v * v), 1e-5f);
        Assert.Contains(vectors.Word("drivers"), v => v != 0);  // shares pieces with "drives"
        Assert.All(vectors.Word("qqqq"), v => Assert.Equal(0, v));
        Assert.Equal(vectors.Word("cat"), SubwordVectors.Train(text, new() { Width = 16, Epochs = 3 }).Word("cat"));
    }

    [Fact]
    public void Greedy_Batched_EqualsOneByOneWithoutCache()
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var model = new Llama(new LlamaSettings { Vocabulary = 20, Width = 16, Depth = 2, Heads = 2, Groups = 1, Hidden = 24, Context = 40 }, new() { Rows = 6, StartLayer = 0, NoiseWidth = 4 });
        FormulaWeights.Fill(model);
        var draw = Retort.Randomness.RandomStream.Of(1, "prompts");
        var prompts = Enumerable.Range(0, 9).Select(_ => Enumerable.Range(0, draw.Next(1, 9)).Select(_ => draw.Next(20)).ToArray()).ToArray();
        var noise = tensor(FormulaWeights.Values("noise", [9, 6, 4])!, [9, 6, 4]);
        // An end symbol that occurs, so that rows leave the batch at other times.
        var free = LlamaGeneration.Greedy(model, prompts, end: -1, most: 12, noise);
        var end = free[0][6];
        var found = LlamaGeneration.Greedy(model, prompts, end, most: 12, noise, batch: 4);
        for (var i = 0; i < prompts.Length; i++)
        {
            var tokens = prompts[i].Select(t => (long)t).ToList();
            while (tokens.Count < prompts[i].Length + 12)
            {
                var next = model.call(tensor(tokens.ToArray()).unsqueeze(0), noise[i..(i + 1)])[0][tokens.Count - 1].argmax(-1).item<long>();
                if (next == end)
                {
                    break;
                }
                tokens.Add(next);
            }
            Assert.Equal(tokens.Skip(prompts[i].Length).Select(t => (int)t), found[i]);
        }
        Assert.Contains(found, f => f.Length < 12);
        Assert.Throws<ArgumentException>(() => LlamaGeneration.Greedy(model, [[]], 0, 3));
        Assert.Throws<ArgumentException>(() => LlamaGeneration.Greedy(model, [[1]], 0, 40));
    }
}
