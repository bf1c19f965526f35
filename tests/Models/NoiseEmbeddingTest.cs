using System.Text.Json;
using Retort.Models;
using Retort.Text;
using Retort.Torch;
using static TorchSharp.torch;

namespace Retort.Tests.Models;

/// <summary>The noise embedding against 300 lists whose operations equal rapidfuzz's.</summary>
public sealed class NoiseEmbeddingTest
{
    private static float[] Vector(string key)
    {
        var values = FormulaWeights.Noise(key, 16);
        var norm = Math.Sqrt(values.Sum(v => v * v));
        return [.. values.Select(v => (float)(v / norm))];
    }

    private static NoiseEmbedding Embedding(NoiseEmbeddingSettings? settings = null) => new(16, w => Vector($"word.{w}"), s => Vector($"sent.{s}"), settings);

    private static (string[] Input, JsonElement Operations)[] Lists() =>
        [.. File.ReadLines(LlamaGoldenTest.Golden("alignment.jsonl.txt")).Where(l => l.Length > 0).Select(l => JsonDocument.Parse(l).RootElement)
            .Select(e => (e.GetProperty("input").EnumerateArray().Select(h => h.GetString()!).ToArray(), e.GetProperty("ops")))];

    [Fact]
    public void EditOperations_Golden_AreThoseOfRapidfuzz()
    {
        var compared = 0;
        foreach (var (input, operations) in Lists())
        {
            var pair = 0;
            for (var a = 0; a < 5; a++)
            {
                for (var b = a + 1; b < 5; b++, pair++, compared++)
                {
                    var expected = operations[pair].EnumerateArray().Select(o => new EditOperation(
                        o[0].GetString() switch { "r" => EditKind.Substitution, "d" => EditKind.Deletion, _ => EditKind.Insertion }, o[1].GetInt32(), o[2].GetInt32()));
                    Assert.Equal(expected, EditOperations.Of<string>(input[a].Split(' '), input[b].Split(' ')));
                }
            }
        }
        Assert.Equal(3000, compared);
    }

    [Fact]
    public void Of_Golden_MatchesRows()
    {
        using var file = SafeTensorsFile.Open(LlamaGoldenTest.Golden("emb_diff.safetensors"));
        using var scope = NewDisposeScope();
        var ours = Embedding().Of([.. Lists().Select(l => (IReadOnlyList<string>)l.Input)]);
        var expected = file.Read("out.emb_diff");
        Assert.Equal(expected.shape, ours.shape);
        Assert.InRange((expected - ours).abs().max().item<float>(), 0, 1e-6f);
    }

    [Fact]
    public void Of_PapersForm_IsTheNegativeWithSumsInTheOtherOrder()
    {
        var list = new[] { "a b c", "a x y", "a b", "b c", "a b c" };
        var code = Embedding().Of(list);
        var paper = Embedding(new() { TokensFirst = false, BetterLessWorse = false, MeanOfEdits = false }).Of(list);
        Assert.Equal(code[160..], paper[..160].Select(v => -v));
        // "a b c" and "a x y" differ by two substitutions.
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(-2 * code[i], paper[160 + i], 1e-6f));
    }

    [Fact]
    public void Of_EqualHypothesesOrOneLevel_GiveZeroRows()
    {
        Assert.All(Embedding().Of([.. Enumerable.Repeat("a b", 5)]), v => Assert.Equal(0, v));
        var list = new[] { "a b c", "a x y", "a b", "b c", "c" };
        var (both, tokens, sentences) = (Embedding().Of(list), Embedding(new() { Utterances = false }).Of(list), Embedding(new() { Tokens = false }).Of(list));
        Assert.Equal(both[..160], tokens[..160]);
        Assert.All(tokens[160..], v => Assert.Equal(0, v));
        Assert.Equal(both[160..], sentences[160..]);
        Assert.All(sentences[..160], v => Assert.Equal(0, v));
    }

    [Fact]
    public void Of_AnotherNumberOfHypotheses_IsRefused() => Assert.Throws<ArgumentException>(() => Embedding().Of(["a", "b"]));
}
