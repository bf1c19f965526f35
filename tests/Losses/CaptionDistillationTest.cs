using Retort.Losses;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Losses;

/// <summary>Against the released wrappers and token losses of efficient audio captioning, values and gradients.</summary>
public sealed class CaptionDistillationTest
{
    private static SafeTensorsFile Golden() => SafeTensorsFile.Open(Path.Combine(AppContext.BaseDirectory, "Losses", "Golden", "caption_losses.safetensors"));

    private static void Near(Tensor expected, Tensor found, string what)
    {
        Assert.Equal(expected.shape, found.shape);
        var worst = (expected - found).abs().max().item<float>();
        Assert.True(worst <= 1e-3f * expected.abs().max().item<float>() + 1e-6f, $"{what}: {worst} off");
    }

    [Theory]
    [InlineData("contrastive")]
    [InlineData("mse")]
    [InlineData("mse_l2")]
    [InlineData("mse_fixed")]
    [InlineData("contrastive_mse")]
    [InlineData("contrastive_mse_l2")]
    public void EncoderLosses_Golden_MatchValuesAndGradients(string name)
    {
        using var file = Golden();
        using var scope = NewDisposeScope();
        var student = file.Read("in.student_emb").requires_grad_();
        var teacher = file.Read("in.teacher_emb").requires_grad_();
        using var heads = new EmbeddingProjections(40, 24, name == "mse_fixed" ? 24 : 16, fixedTeacher: name == "mse_fixed");
        Retort.Torch.Weights.Load(heads, file.Names.Where(n => n.StartsWith($"w.{name}.")).ToDictionary(n => n[$"w.{name}.".Length..], n => file.Read(n)), strict: name.StartsWith("contrastive"));
        var (s, t) = heads.call(student, teacher);
        var l2 = name.EndsWith("_l2");
        var loss = name switch
        {
            "contrastive" => CaptionDistillation.Contrastive(s, t, heads.LogitScale),
            "contrastive_mse" or "contrastive_mse_l2" => CaptionDistillation.Contrastive(s, t, heads.LogitScale) + CaptionDistillation.EmbeddingMse(s, t, l2),
            _ => CaptionDistillation.EmbeddingMse(s, t, l2),
        };
        loss.backward();
        Assert.Equal(file.Read($"out.{name}.loss").item<float>(), loss.item<float>(), 1e-5f);
        Near(file.Read($"grad.{name}.student_emb"), student.grad!, "student");
        // The teacher is fixed here; the released code's stops at its frozen weights instead.
        Assert.Null(teacher.grad);
        foreach (var (key, parameter) in heads.named_parameters())
        {
            if (file.Names.Contains($"grad.{name}.{key}"))
            {
                Near(file.Read($"grad.{name}.{key}"), parameter.grad!, key);
            }
        }
        if (name == "mse_fixed")
        {
            Near(file.Read("out.mse_fixed.fed_fc"), s, "what the decoder would get");
        }
    }

    [Fact]
    public void MultiLayer_GoldenProjections_MatchValueAndGradients()
    {
        using var file = Golden();
        using var scope = NewDisposeScope();
        (string Name, int Width)[] layers = [("a", 24), ("b", 20), ("c", 17)];
        using var heads = new LayerProjections(40, layers, 16);
        Retort.Torch.Weights.Load(heads, file.Names.Where(n => n.StartsWith("w.wml.")).ToDictionary(n => n["w.wml.".Length..], n => file.Read(n)), strict: true);
        var student = file.Read("in.student_emb").requires_grad_();
        var (query, keys) = heads.call(student, [.. layers.Select(l => file.Read($"in.teacher_{l.Name}"))]);
        var loss = CaptionDistillation.MultiLayer(query, keys);
        loss.backward();
        Assert.Equal(file.Read("out.wml.loss").item<float>(), loss.item<float>(), 1e-5f);
        Assert.All(heads.named_parameters(), p => Near(file.Read($"grad.wml.{p.name}"), p.parameter.grad!, p.name));
        Near(file.Read("grad.wml.student_emb"), student.grad!, "student");
    }

    [Theory]
    [InlineData("ce")]
    [InlineData("label_smoothing_0.1")]
    [InlineData("label_smoothing_0.3")]
    [InlineData("token_kd_T1")]
    [InlineData("token_kd_T2")]
    [InlineData("sup_kd_0.5")]
    public void TokenLosses_Golden_MatchValuesAndGradients(string name)
    {
        using var file = Golden();
        using var scope = NewDisposeScope();
        var logits = file.Read("in.logit").requires_grad_();
        var (teacher, targets) = (file.Read("in.tchr_logit"), file.Read("in.tgt"));
        var mask = Retort.Layers.LengthMask.Valid(file.Read("in.tgt_len").data<long>().ToArray(), targets.shape[1]);
        var loss = name switch
        {
            "ce" => CaptionDistillation.LabelSmoothing(logits, targets, mask, 0),
            "label_smoothing_0.1" => CaptionDistillation.LabelSmoothing(logits, targets, mask),
            "label_smoothing_0.3" => CaptionDistillation.LabelSmoothing(logits, targets, mask, 0.3),
            "token_kd_T1" => CaptionDistillation.TokenKd(logits, teacher, mask),
            "token_kd_T2" => CaptionDistillation.TokenKd(logits, teacher, mask, 2),
            _ => 0.5 * CaptionDistillation.LabelSmoothing(logits, targets, mask) + 0.5 * CaptionDistillation.TokenKd(logits, teacher, mask),
        };
        loss.backward();
        Assert.Equal(file.Read($"out.{name}").item<float>(), loss.item<float>(), 1e-5f);
        Near(file.Read($"grad.{name}.logit"), logits.grad!, name);
    }

    [Fact]
    public void Dossier_Values_AreGiven()
    {
        using var scope = NewDisposeScope();
        var s = tensor(new float[] { 1, 0, 0, 0, 2, 0, 0, 1, 1, 1, 1, 1 }, [4, 3]).matmul(tensor(new[] { 1, -.5f, .25f, .5f, 1, -1 }, [2, 3]).t()) + tensor(new[] { .1f, -.2f });
        var t = tensor(new float[] { 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 3, 0, 1, 0, 1, 0 }, [4, 4]).matmul(tensor(new[] { .3f, .6f, -.9f, .2f, 1, -.4f, .5f, .7f }, [2, 4]).t()) + tensor(new[] { -.1f, .05f });
        Assert.Equal(2.3178954, CaptionDistillation.Contrastive(s, t, tensor(2.65926f)).item<float>(), 1e-5);
        Assert.Equal(2.5106246, CaptionDistillation.EmbeddingMse(s, t).item<float>(), 1e-5);
        Assert.Equal(0.8770818, CaptionDistillation.EmbeddingMse(s, t, normalise: true).item<float>(), 1e-5);
        // Exponentiated, the start is CLIP's temperature of 0.07.
        Assert.Equal(CaptionDistillation.Contrastive(s, t, tensor((float)(1 / 0.07))).item<float>(),
            CaptionDistillation.Contrastive(s, t, tensor((float)Math.Log(1 / 0.07)), exponentiate: true).item<float>(), 1e-4);
        Assert.Equal([2f, 3, 7, 8], AudioCaptionModel.Pool(arange(12).to(float32).view(2, 3, 2), [3, 2]).data<float>().ToArray());
    }

    [Fact]
    public void WrongArguments_AreNamed()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => CaptionDistillation.LabelSmoothing(zeros(1, 2, 3), zeros(1, 2, dtype: int64), null, 1));
        Assert.Contains("(1, 3)", Assert.Throws<ArgumentException>(() => CaptionDistillation.LabelSmoothing(zeros(1, 2, 3), zeros(1, 2, dtype: int64), zeros(1, 3))).Message);
        Assert.Contains("24", Assert.Throws<ArgumentException>(() => new EmbeddingProjections(40, 24, 16, fixedTeacher: true)).Message);
    }
}
