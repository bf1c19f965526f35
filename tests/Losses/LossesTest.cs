using System.Text.Json;
using Retort.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Losses;

/// <summary>Against PyTorch's numbers and gradients; environment/reference/losses.py printed them.</summary>
public sealed class LossesTest
{
    private static readonly JsonElement golden = JsonDocument.Parse(File.ReadAllText(
        Path.Combine(AppContext.BaseDirectory, "Losses", "Golden", "losses.json"))).RootElement;

    private static float[] Numbers(string name) => [.. golden.GetProperty(name).EnumerateArray().Select(x => x.GetSingle())];

    private static Tensor Matrix(string name) => tensor(Numbers(name)).view(4, 6);

    private static void Check(string name, Func<Tensor, Tensor> loss, string input = "student")
    {
        using var scope = NewDisposeScope();
        var x = Matrix(input).clone().requires_grad_();
        var value = loss(x);
        value.backward();
        var expected = golden.GetProperty("cases").GetProperty(name);
        Assert.Equal(expected.GetProperty("loss").GetSingle(), value.item<float>(), 2e-6f * MathF.Max(1, value.item<float>()));
        var gradient = x.grad!.data<float>().ToArray();
        var wanted = expected.GetProperty("grad").EnumerateArray().Select(e => e.GetSingle()).ToArray();
        for (var i = 0; i < wanted.Length; i++)
        {
            Assert.Equal(wanted[i], gradient[i], 1e-6f + 1e-5f * MathF.Abs(wanted[i]));
        }
    }

    [Fact]
    public void Bce_OfLogits_IsPyTorchs() => Check("bce", z => SoftTargets.Bce(z, Matrix("soft")));

    [Fact]
    public void BceMixed_IsThePublishedWeightedSum() =>
        Check("bce_mixed", z => SoftTargets.BceMixed(z, Matrix("soft"), Numbers("weights")));

    [Fact]
    public void Kl_WithTemperature_IsPyTorchsBatchMeanTimesItsSquare() => Check("kl", z => Distillation.Kl(z, Matrix("teacher"), 3));

    [Fact]
    public void Kl_WithMask_IsTheMeanOfTheRowsThatCount() =>
        Check("kl_masked", z => Distillation.Kl(z, Matrix("teacher"), 3, tensor(Numbers("mask"))));

    [Fact]
    public void KlOfProbabilities_WithZeros_IsPyTorchs() =>
        Check("kl_of_probabilities", z => Distillation.KlOfProbabilities(z, Matrix("simplex")));

    [Fact]
    public void CrossEntropy_IsPyTorchs() => Check("cross_entropy", z => Distillation.CrossEntropy(z, Matrix("simplex")));

    [Fact]
    public void WithLabels_IsTheWeightedSum() => Check("with_labels", z =>
        Distillation.WithLabels(z, Matrix("teacher"), tensor(new long[] { 0, 5, 2, 2 }), 3, 0.9));

    [Fact]
    public void BernoulliKl_IsPyTorchs() => Check("bernoulli_kl", z => Distillation.BernoulliKl(z, Matrix("teacher"), 3));

    [Fact]
    public void MeanSquare_IsPyTorchs() => Check("mean_square", z => Distillation.MeanSquare(z, Matrix("teacher")));

    [Fact]
    public void Cosine_IsPyTorchs() => Check("cosine", z => Distillation.Cosine(z, Matrix("teacher")));

    [Fact]
    public void EachLoss_LeavesTheTeacherWithoutGradient()
    {
        using var scope = NewDisposeScope();
        var losses = new Func<Tensor, Tensor, Tensor>[]
        {
            SoftTargets.Bce, (z, t) => SoftTargets.BceMixed(z, t, [0.5f, 0.5f, 0.5f, 0.5f]), (z, t) => Distillation.Kl(z, t, 2),
            (z, t) => Distillation.KlOfProbabilities(z, t), (z, t) => Distillation.CrossEntropy(z, t),
            (z, t) => Distillation.BernoulliKl(z, t), (z, t) => Distillation.MeanSquare(z, t), (z, t) => Distillation.Cosine(z, t),
        };
        foreach (var loss in losses)
        {
            var teacher = Matrix("soft").clone().requires_grad_();
            var student = Matrix("student").clone().requires_grad_();
            loss(student, teacher).backward();
            Assert.NotNull(student.grad);
            Assert.Null(teacher.grad);
        }
    }

    [Fact]
    public void Kl_OfItself_IsZero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, Distillation.Kl(Matrix("student"), Matrix("student"), 5).item<float>(), 1e-6f);
    }

    [Fact]
    public void Kl_TemperatureOfZero_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Distillation.Kl(Matrix("student"), Matrix("teacher"), 0));

    [Fact]
    public void Kl_MaskOfOtherShape_IsRefused() =>
        Assert.Throws<ArgumentException>(() => Distillation.Kl(Matrix("student"), Matrix("teacher"), 1, ones(3)));
}
