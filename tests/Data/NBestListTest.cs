using System.Text;
using Retort.Data;
using Retort.Metrics;
using Retort.Randomness;
using Retort.Torch;

namespace Retort.Tests.Data;

/// <summary>N-best lists: the filling rule, the published files, the oracles.</summary>
public sealed class NBestListTest
{
    private static RandomStream Draw(int seed = 1) => RandomStream.Of(seed, "fill");

    [Fact]
    public void Fill_EnoughTexts_TakesTheLikeliestDifferentOnes()
    {
        var (texts, scores) = NBestList.Fill([("c", -3), ("a", -1), ("b", -2), ("a", -1.5), ("", -0.5), ("d", -4)], 3, Draw());
        Assert.Equal(["a", "b", "c"], texts);
        Assert.Equal([-1, -2, -3], scores);
    }

    [Fact]
    public void Fill_TooFewTexts_SamplesThenCopiesBehindItself()
    {
        var samples = new Queue<(string, double)>([("a", -9), ("b", -0.5), ("", -1)]);
        var (texts, _) = NBestList.Fill([("a", -1), ("c", -2)], 5, Draw(), samples.Dequeue);
        Assert.Empty(samples);
        Assert.Equal(5, texts.Count);
        Assert.Equal(["b", "a", "c"], texts.Distinct());
        Assert.Equal(["<UNK>", "<UNK>"], NBestList.Fill([("", -1)], 2, Draw()).Hypotheses);
    }

    private static IReadOnlyList<NBestList> Json(string text)
    {
        using var file = new TemporaryFile(Encoding.UTF8.GetBytes(text), "lists.json");
        return NBestList.ReadHyporadise(file.Name);
    }

    [Fact]
    public void ReadHyporadise_ItsJson_GivesListsAndNamesBadEntries()
    {
        var lists = Json("""[{"input": ["a b", "a", "b", "", "c", "d"], "output": " a b c "}]""");
        Assert.Equal(["a b", "a", "b", "<UNK>", "c"], lists[0].Hypotheses);
        Assert.Equal("a b c", lists[0].Truth);
        Assert.Contains("entry 1: has 2 hypotheses", Assert.Throws<BadInputException>(() => Json("""[{"input": ["a","b","c","d","e"], "output": "x"}, {"input": ["a", "b"], "output": "c"}]""")).Message);
        Assert.Contains("entry 0", Assert.Throws<BadInputException>(() => Json("""[{"input": [1,2,3,4,5], "output": "c"}]""")).Message);
        Assert.Contains("entry 0", Assert.Throws<BadInputException>(() => Json("[3]")).Message);
        Assert.Throws<BadInputException>(() => Json("{}"));
        Assert.Throws<BadInputException>(() => Json("[{"));
    }

    [Fact]
    public void ReadRobustHp_WrittenByPyTorch_GivesListsNoiseAndMeanAudio()
    {
        using var file = new TemporaryFile(Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", "robust_hp.pt.base64.txt"))), "train.pt");
        var lists = NBestList.ReadRobustHp(file.Name);
        Assert.Equal(2, lists.Count);
        Assert.Equal("utt-1", lists[1].Id);
        Assert.Equal(["a b", "a", "b", "<UNK>", "c"], lists[1].Hypotheses);
        Assert.Equal("a b c", lists[1].Truth);
        Assert.Equal([-0.1, -0.2, -0.3, -0.4, -0.5], lists[1].Scores);
        Assert.Equal(Enumerable.Range(0, 60).Select(i => i / 8f + 1), lists[1].Noise!);
        Assert.Equal([2.5f, 3.5f], lists[1].NoisyAudio!);  // mean over time of [[1,2],[2,3],[3,4],[4,5]]
        Assert.Null(lists[0].CleanAudio);
    }

    [Fact]
    public void ReadHyporadise_TheOtherFormAndLines_GivesTheSameLists()
    {
        var expected = Json("""[{"input": ["a b", "a", "b", "c", "a c"], "output": "a b c"}]""")[0];
        void Same(NBestList list)
        {
            Assert.Equal(expected.Hypotheses, list.Hypotheses);
            Assert.Equal((expected.Id, expected.Truth), (list.Id, list.Truth));
        }
        Same(Json("""[{"input1": "a b.", "input2": "a. b. c. a c.", "output": "a b c"}]""")[0]);
        Same(Json("""[{"input1": "a b", "input2": ["a", "b", "c", "a c"], "output": "a b c"}]""")[0]);
        Assert.Contains("entry 0: \"input2\" has 3 texts", Assert.Throws<BadInputException>(() => Json("""[{"input1": "a", "input2": "a. b. c", "output": "x"}]""")).Message);
        Assert.Contains("entry 0", Assert.Throws<BadInputException>(() => Json("""[{"input1": "a", "output": "x"}]""")).Message);
        using var lines = new TemporaryFile("{\"input\": [\"a b\", \"a\", \"b\", \"c\", \"a c\"], \"output\": \"a b c\"}\n\n{\"input\": [\"x\"], \"output\": \"x\"}\n"u8.ToArray(), "lists.jsonl");
        Assert.Contains("line 3: has 1 hypotheses", Assert.Throws<BadInputException>(() => NBestList.ReadHyporadise(lines.Name)).Message);
        Same(NBestList.ReadHyporadise(lines.Name, 1)[0] with { Hypotheses = expected.Hypotheses });
    }

    private static IReadOnlyList<NBestList> Golden(string name)
    {
        using var file = new TemporaryFile(Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", name + ".pt.base64.txt"))), "train.pt");
        return NBestList.ReadRobustHp(file.Name);
    }

    [Fact]
    public void ReadRobustHp_ItsTokens_ArePromptAndAnswer()
    {
        static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => b + 3)];
        var list = Golden("robust_hp_audio")[2];
        Assert.Equal(Bytes("a b"), list.PromptTokens!);
        Assert.Equal([.. Bytes("a b c"), 2], list.AnswerTokens!);
        Assert.Equal([7.5f, 10.5f], list.NoisyAudio!);
        // Without input_ids_no_response nobody can tell where the prompt ends.
        Assert.Null(Golden("robust_hp")[1].PromptTokens);
        Assert.Contains("entry 0: \"input_ids\" does not begin with", Assert.Throws<BadInputException>(() => Golden("robust_hp_ids")).Message);
    }

    [Theory]
    [InlineData("robust_hp_code.pt.base64.txt", "os.")]
    [InlineData("robust_hp_nan.pt.base64.txt", "entry 0: \"audio_features\" holds values that are not finite")]
    [InlineData("robust_hp_short.pt.base64.txt", "entry 0: has 3 hypotheses, expected 5")]
    public void ReadRobustHp_OtherThings_AreBadInput(string name, string says)
    {
        using var file = new TemporaryFile(Convert.FromBase64String(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "Golden", name))), "train.pt");
        Assert.Contains(says, Assert.Throws<BadInputException>(() => NBestList.ReadRobustHp(file.Name)).Message);
    }

    [Fact]
    public void Oracles_ByHand_AndAlwaysInOrder()
    {
        string[] references = ["a b c", "d e"];
        string[][] lists = [["a x", "a b x", "c"], ["d f", "d"]];
        // Best: "a b x" (1 of 3) and "d f" (1 of 2). Compositions: c is in the list; e is lacking.
        Assert.Equal((2L, 5L), (NBestOracle.Best(references, lists) is var best ? (best.Edits, best.ReferenceLength) : default));
        Assert.Equal((1L, 5L), (NBestOracle.Compositional(references, lists) is var parts ? (parts.Edits, parts.ReferenceLength) : default));
        Assert.Equal(1, NBestOracle.Compositional(["a a"], [["a b"]], multiset: true).Edits);
        Assert.Equal(0, NBestOracle.Compositional(["a a"], [["a b"]]).Edits);
        var draw = RandomStream.Of(5, "lists");
        string Text() => string.Join(' ', Enumerable.Range(0, draw.Next(1, 7)).Select(_ => "abcd"[draw.Next(4)].ToString()));
        for (var round = 0; round < 50; round++)
        {
            var said = Enumerable.Range(0, 6).Select(_ => Text()).ToArray();
            var found = said.Select(_ => Enumerable.Range(0, 5).Select(_ => Text()).ToArray()).ToArray();
            var first = ErrorRate.Words(said, [.. found.Select(f => f[0])]).Rate;
            Assert.True(NBestOracle.Compositional(said, found).Rate <= NBestOracle.Compositional(said, found, multiset: true).Rate);
            Assert.True(NBestOracle.Compositional(said, found, multiset: true).Rate <= NBestOracle.Best(said, found).Rate);
            Assert.True(NBestOracle.Best(said, found).Rate <= first);
        }
        Assert.Throws<ArgumentException>(() => NBestOracle.Best(references, [["a"], []]));
    }
}
