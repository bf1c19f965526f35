using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Retort.Layers;
using Retort.Models;
using Retort.Papers.Ger;
using Retort.Tests.Text;
using Retort.Torch;

namespace Retort.Tests.Papers.Ger;

/// <summary>What the README shows of own lists, run as it is written there on small files of the same layout.</summary>
public sealed class ListCorrectorTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("retort-lists-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string In(string name) => Path.Combine(folder, name);

    /// <summary>Takes the place of the console in the snippet.</summary>
    public static class Said
    {
        public static List<string> Lines { get; } = [];

        public static void WriteLine(string line) => Lines.Add(line);
    }

    [Fact]
    public void Snippet_OfTheReadme_CorrectsAndScores()
    {
        Directory.CreateDirectory(In("Llama-2-7b-hf"));
        using (var model = new Llama(new LlamaSettings { Vocabulary = 270, Width = 16, Depth = 3, Heads = 2, Groups = 2, Hidden = 24, Context = 512 }))
        {
            FormulaWeights.Fill(model);
            LlamaCheckpoint.Save(model, In("Llama-2-7b-hf/model.safetensors"));
        }
        File.WriteAllText(In("Llama-2-7b-hf/config.json"), """
            {"model_type": "llama", "vocab_size": 270, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 512, "rms_norm_eps": 1e-5}
            """);
        File.WriteAllBytes(In("Llama-2-7b-hf/tokenizer.model"), SentencePieceTokenizerTest.Write(SentencePieceTokenizerTest.Llama("▁", "a", "b", "c", ".")));
        Directory.CreateDirectory(In("all-MiniLM-L6-v2"));
        using (var encoder = new SentenceEncoder(new() { Vocabulary = 30, Width = 12, Depth = 2, Heads = 3, Hidden = 20, Positions = 16, MaxLength = 16 }))
        {
            FormulaWeights.Fill(encoder);
            SafeTensors.Save(In("all-MiniLM-L6-v2/model.safetensors"), encoder.state_dict().Select(p => (p.Key, p.Value)));
        }
        File.WriteAllLines(In("all-MiniLM-L6-v2/vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Enumerable.Range(0, 26).Select(i => $"{(char)('a' + i)}")]);
        File.WriteAllText(In("all-MiniLM-L6-v2/config.json"), """
            {"model_type": "bert", "hidden_act": "gelu", "vocab_size": 30, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3,
             "intermediate_size": 20, "max_position_embeddings": 16, "layer_norm_eps": 1e-12}
            """);
        File.WriteAllText(In("test_real.json"), """[{"input": ["a b", "a", "b", "c", "a c"], "output": "a b c"}, {"input1": "c", "input2": "a. b. c a. c b.", "output": "c"}]""");
        File.WriteAllText(In("prompt.txt"), "{best}\n{others}\n");
        GerPaper.Train(new()
        {
            Base = In("Llama-2-7b-hf"),
            Data = In("test_real.json"),
            Template = In("prompt.txt"),
            SentenceEncoder = In("all-MiniLM-L6-v2"),
            Adapter = new PromptAdapterSettings { NoiseWidth = 12 },
            MicroBatch = 1,
            Accumulate = 2,
            Lambda = 0,
            Device = "cpu",
        }, In("run"), said: TextWriter.Null);
        File.Copy(In("run/adapter.safetensors"), In("adapter.safetensors"));

        var snippet = Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md")), "```csharp\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value)
            .Single(s => s.Contains("ListCorrector.Open", StringComparison.Ordinal));
        foreach (var name in new[] { "Llama-2-7b-hf", "adapter.safetensors", "all-MiniLM-L6-v2", "test_real.json" })
        {
            Assert.Contains($"\"{name}\"", snippet);
            snippet = snippet.Replace($"\"{name}\"", $"@\"{In(name)}\"", StringComparison.Ordinal);
        }
        snippet = snippet.Replace("Console.WriteLine(", "Retort.Tests.Papers.Ger.ListCorrectorTest.Said.WriteLine(", StringComparison.Ordinal);
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Append(typeof(ListCorrectorTest).Assembly.Location).Distinct().Select(path => MetadataReference.CreateFromFile(path));
        var program = CSharpCompilation.Create("readme-lists", [CSharpSyntaxTree.ParseText("global using System; global using System.Linq;"), CSharpSyntaxTree.ParseText(snippet)], references);
        using var image = new MemoryStream();
        var built = program.Emit(image);
        Assert.True(built.Success, string.Join('\n', built.Diagnostics));
        Said.Lines.Clear();
        Assembly.Load(image.ToArray()).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
        Assert.Equal(["1-best", "corrected", "o_nb", "o_cp", "1-best, normalised", "corrected, normalised"], Said.Lines.Select(l => l[..l[..^2].LastIndexOf(' ')]));
        Assert.Contains(string.Create(CultureInfo.CurrentCulture, $"1-best {25.0:F1} %"), Said.Lines);
    }
}
