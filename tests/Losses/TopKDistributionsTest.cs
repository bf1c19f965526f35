using Retort.Losses;
using Retort.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Losses;

public sealed class TopKDistributionsTest
{
    private const int Rows = 3, Places = 4, Vocabulary = 11;

    private static Tensor Logits(string name)
    {
        var draw = RandomStream.Of(3, name);
        return tensor(Enumerable.Range(0, Rows * Places * Vocabulary).Select(_ => 6 * draw.NextSingle() - 3).ToArray(), [Rows, Places, Vocabulary]);
    }

    private static Tensor Mask() => tensor(new float[] { 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, [Rows, Places]);

    private static (Tensor, Tensor) Top(Tensor logits, int k) => nn.functional.log_softmax(logits, -1).topk(k, -1);

    [Fact]
    public void TokenKd_AllTokensStored_IsTheDenseLossAndGradient()
    {
        using var scope = NewDisposeScope();
        var (student, same, teacher) = (Logits("student").requires_grad_(), Logits("student").requires_grad_(), Logits("teacher"));
        var (logs, tokens) = Top(teacher, Vocabulary);
        foreach (var unstored in Enum.GetValues<TailMass>())
        {
            foreach (var mask in new[] { null, Mask() })
            {
                var (dense, loss) = (SequenceDistillation.TokenKd(student, teacher, mask), TopKDistributions.TokenKd(same, logs, tokens, mask, unstored));
                Assert.Equal(dense.item<float>(), loss.item<float>(), 1e-5f);
                dense.backward();
                loss.backward();
                Assert.True(allclose(student.grad!, same.grad!, 1e-5, 1e-6));
            }
        }
        Assert.True(allclose(TopKDistributions.Expand(logs, tokens, Vocabulary), softmax(teacher, -1), 1e-5, 1e-6));
    }

    [Theory]
    [InlineData(TailMass.Spread)]
    [InlineData(TailMass.Renormalise)]
    public void TokenKd_SomeTokensStored_IsTheDenseLossAgainstTheExpansion(TailMass unstored)
    {
        using var scope = NewDisposeScope();
        foreach (var k in new[] { 1, 4, Vocabulary - 1 })
        {
            var (student, same) = (Logits("student").requires_grad_(), Logits("student").requires_grad_());
            var (logs, tokens) = Top(Logits("teacher"), k);
            var p = TopKDistributions.Expand(logs, tokens, Vocabulary, unstored);
            Assert.True(allclose(p.sum(-1), ones(Rows, Places), 1e-6, 1e-6));
            var dense = -(p * nn.functional.log_softmax(student, -1)).sum(-1).mean();
            var loss = TopKDistributions.TokenKd(same, logs, tokens, null, unstored);
            Assert.Equal(dense.item<float>(), loss.item<float>(), 1e-5f);
            dense.backward();
            loss.backward();
            Assert.True(allclose(student.grad!, same.grad!, 1e-5, 1e-6));
        }
    }

    // Two of five tokens with 0.5 and 0.2; 0.3 is left for three others.
    [Fact]
    public void Expand_TheRest_IsSpreadOrDropped()
    {
        using var scope = NewDisposeScope();
        var (logs, tokens) = (tensor(new[] { 0.5f, 0.2f }, [1, 1, 2]).log(), tensor(new long[] { 3, 0 }, [1, 1, 2]));
        var spread = TopKDistributions.Expand(logs, tokens, 5).data<float>().ToArray();
        var renormalised = TopKDistributions.Expand(logs, tokens, 5, TailMass.Renormalise).data<float>().ToArray();
        foreach (var (expected, got) in new[] { (new[] { 0.2f, 0.1f, 0.1f, 0.5f, 0.1f }, spread), (new[] { 2f / 7, 0, 0, 5f / 7, 0 }, renormalised) })
        {
            Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 1e-6f));
        }
        // softmax(0, 0, ln 2, 0, 0) = 1/6 but 1/3: -ln(1/6) 0.9 - ln(1/3) 0.1
        var loss = TopKDistributions.TokenKd(tensor(new[] { 0f, 0f, MathF.Log(2), 0f, 0f }, [1, 1, 5]), logs, tokens);
        Assert.Equal(0.9 * Math.Log(6) + 0.1 * Math.Log(3), loss.item<float>(), 1e-6);
    }

    // Float16 of log-probabilities near 0 may make more than 1.
    [Fact]
    public void Expand_StoredSumAboveOne_IsStillADistribution()
    {
        using var scope = NewDisposeScope();
        var p = TopKDistributions.Expand(tensor(new[] { 0.7f, 0.301f }, [1, 2]).log(), tensor(new long[] { 1, 2 }, [1, 2]), 4);
        Assert.Equal(1, p.sum().item<float>(), 1e-6f);
        Assert.True(p.min().item<float>() >= 0);
    }

    [Fact]
    public void TokenKd_NothingCounts_IsZeroWhateverStandsThere()
    {
        using var scope = NewDisposeScope();
        var student = Logits("student").requires_grad_();
        var (logs, tokens) = Top(Logits("teacher"), 4);
        var loss = TopKDistributions.TokenKd(student, logs * float.NaN, tokens, zeros(Rows, Places));
        loss.backward();
        Assert.Equal(0, loss.item<float>());
        Assert.Equal(0, student.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void TokenKd_ShapesThatDoNotFit_AreRefused()
    {
        using var scope = NewDisposeScope();
        var student = Logits("student");
        var (logs, tokens) = Top(Logits("teacher"), 4);
        Assert.Throws<ArgumentException>(() => TopKDistributions.TokenKd(student, logs, tokens, zeros(Rows, Places + 1)));
        Assert.Throws<ArgumentException>(() => TopKDistributions.TokenKd(student, logs, tokens.narrow(-1, 0, 3)));
        Assert.Throws<ArgumentException>(() => TopKDistributions.TokenKd(student.narrow(-1, 0, 3), logs, tokens));
        Assert.Throws<ArgumentException>(() => TopKDistributions.TokenKd(student.narrow(1, 0, 2), logs, tokens));
    }
}
