using System.Text.Json;
using Retort.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Losses;

/// <summary>Against PyTorch's numbers and gradients; environment/reference/sequence_losses.py printed them.</summary>
public sealed class SequenceDistillationTest
{
    private const int Rows = 4, Tokens = 3, Vocabulary = 5, Frames = 4, Width = 3;

    private static readonly JsonElement golden = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Losses", "Golden", "sequence_losses.json"))).RootElement;

    private static float[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetSingle())];

    private static Tensor Logits(string name) => tensor(Numbers(golden.GetProperty(name)), [Rows, Tokens, Vocabulary]);

    private static Tensor Targets(string name) => tensor(golden.GetProperty(name).EnumerateArray().Select(x => x.GetInt64()).ToArray(), [Rows, Tokens]);

    private static Tensor Mask(string lengths, int padded, HashSet<int>? rows)
    {
        var n = golden.GetProperty(lengths).EnumerateArray().Select(x => x.GetInt32()).ToArray();
        return tensor(Enumerable.Range(0, Rows * padded)
            .Select(i => i % padded < n[i / padded] && (rows is null || rows.Contains(i / padded)) ? 1f : 0f).ToArray(), [Rows, padded]);
    }

    private static void Near(JsonElement expected, Tensor value)
    {
        if (expected.ValueKind == JsonValueKind.Number)
        {
            Assert.Equal(expected.GetSingle(), value.item<float>(), 2e-6f);
            return;
        }
        var wanted = Numbers(expected);
        var got = value.data<float>().ToArray();
        for (var i = 0; i < wanted.Length; i++)
        {
            Assert.Equal(wanted[i], got[i], 1e-6f);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AllLosses_NoneOneSomeAndAllRowsFromMemory_ArePyTorchs(int index)
    {
        using var scope = NewDisposeScope();
        var expected = golden.GetProperty("cases")[index];
        var memory = expected.GetProperty("memory").EnumerateArray().Select(x => x.GetInt32()).ToHashSet();
        var x = Logits("logits").requires_grad_();
        var z = Logits("pseudo_logits").requires_grad_();
        var e = tensor(Numbers(golden.GetProperty("encoder")), [Rows, Frames, Width]).requires_grad_();
        var teacher = Logits("teacher").requires_grad_();
        var teacherEncoder = tensor(Numbers(golden.GetProperty("teacher_encoder")), [Rows, Frames, Width]).requires_grad_();
        var ce = SequenceDistillation.CrossEntropy(x, Targets("targets"), Mask("token_lengths", Tokens, null));
        var audio = SequenceDistillation.AudioKd(e, teacherEncoder, Mask("frame_lengths", Frames, memory));
        var token = SequenceDistillation.TokenKd(x, teacher, Mask("token_lengths", Tokens, memory), temperature: 2);
        var sequence = SequenceDistillation.SequenceKd(z, Targets("pseudo"), Mask("pseudo_lengths", Tokens, memory));
        var alpha = SequenceDistillation.AdaptiveWeight(memory.Count, Rows);
        var total = SequenceDistillation.Combine(ce, [audio, token, sequence], alpha);
        total.backward();
        Near(expected.GetProperty("ce"), ce);
        Near(expected.GetProperty("audio"), audio);
        Near(expected.GetProperty("token"), token);
        Near(expected.GetProperty("sequence"), sequence);
        Near(expected.GetProperty("total"), total);
        Assert.Equal(expected.GetProperty("alpha").GetDouble(), alpha, 1e-15);
        Near(expected.GetProperty("grad_logits"), x.grad!);
        Near(expected.GetProperty("grad_pseudo"), z.grad!);
        Near(expected.GetProperty("grad_encoder"), e.grad!);
        Assert.Null(teacher.grad);
        Assert.Null(teacherEncoder.grad);
    }

    [Fact]
    public void CrossEntropy_WithoutMask_CountsPaddingAsTheReleasedCode()
    {
        using var scope = NewDisposeScope();
        Near(golden.GetProperty("unmasked_ce"), SequenceDistillation.CrossEntropy(Logits("logits"), Targets("targets")));
    }

    [Fact]
    public void TokenKd_NotANumberInThePadding_DoesNotReachTheLoss()
    {
        using var scope = NewDisposeScope();
        var student = zeros(1, 2, 3);
        var teacher = tensor(new[] { 0, 0, 0, float.NaN, 0, 0 }, [1, 2, 3]);
        var loss = SequenceDistillation.TokenKd(student, teacher, tensor(new float[] { 1, 0 }, [1, 2]));
        Assert.Equal(Math.Log(3), loss.item<float>(), 1e-6);
    }

    [Fact]
    public void WrongArguments_AreNamed()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => SequenceDistillation.AdaptiveWeight(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => SequenceDistillation.Combine(zeros(1), [], 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => SequenceDistillation.TokenKd(zeros(1, 2, 3), zeros(1, 2, 3), temperature: 0));
        Assert.Contains("(1, 3)", Assert.Throws<ArgumentException>(() => SequenceDistillation.AudioKd(zeros(1, 2, 3), zeros(1, 2, 3), zeros(1, 3))).Message);
    }
}
