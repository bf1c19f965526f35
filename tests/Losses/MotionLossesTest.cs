using Retort.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Losses;

/// <summary>Expected numbers: torch.distributions.kl_divergence and binary_cross_entropy_with_logits of stock PyTorch 1.13 on the same values.</summary>
public sealed class MotionLossesTest
{
    [Fact]
    public void Divergence_TwoPosteriors_EqualsPyTorchsKl()
    {
        using var scope = NewDisposeScope();
        var mean = tensor(new[] { 0.5f, -1, 0, 2, 0.1f, -0.3f }, [2, 3]);
        var logVariance = tensor(new[] { 0, 0.4f, -1, 0.7f, -0.2f, 0.3f }, [2, 3]);
        Assert.Equal(1.5480115f, MotionLosses.Divergence(mean, logVariance).item<float>(), 1e-5f);
        Assert.Equal(0, MotionLosses.Divergence(zeros(2, 3), zeros(2, 3)).item<float>());
    }

    [Fact]
    public void RegionWeights_LivingNumbers_GiveEachRegionOneShare()
    {
        var alive = Enumerable.Range(0, 70).Select(m => m != 6).ToArray();
        var weights = MotionLosses.RegionWeights(alive);
        int[] lips = [6, 12, 14, 17, 19, 20];
        var inLips = lips.SelectMany(k => Enumerable.Range(7 + 3 * k, 3)).ToArray();
        Assert.Equal(0, weights[6]);
        Assert.Equal(1, weights[0]);
        Assert.Equal(1, weights[1] + weights[2] + weights[3], 1e-6);
        Assert.Equal(0.5, weights[4], 1e-6);
        Assert.Equal(1, inLips.Sum(m => weights[m]), 1e-5);
        Assert.Equal(1, Enumerable.Range(7, 63).Except(inLips).Sum(m => weights[m]), 1e-5);

        // An error of one lip number counts 45 / 18 as much as one of another keypoint's: by hand from the formula.
        using var scope = NewDisposeScope();
        Tensor Off(int m) => nn.functional.one_hot(tensor(new long[] { m }), 70).to(float32).view(1, 1, 70);
        float Loss(int m) => MotionLosses.Weighted(Off(m), zeros(1, 1, 70), tensor(weights)).item<float>();
        Assert.Equal(1 / 18.0 / 5, Loss(7 + 3 * 19), 1e-6);
        Assert.Equal(45 / 18.0, Loss(7 + 3 * 19) / Loss(7), 1e-4);
        Assert.Equal(0, Loss(6));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.25)]
    public void Adversarial_OneBackward_DescendsForTheCriticAndAscendsForTheGenerator(double strength)
    {
        using var scope = NewDisposeScope();
        var critic = tensor(0.7f, requires_grad: true);
        var real = tensor(new[] { 1f, 2f }, [1, 2, 1]);
        var made = tensor(new[] { 0.5f, -1f }, [1, 2, 1], requires_grad: true);
        var loss = MotionLosses.Adversarial(x => (x * critic).squeeze(2), real, made, strength);
        loss.backward();
        Assert.Equal(0.9550858f, loss.item<float>(), 1e-5f);
        Assert.Equal(-0.3829739f, critic.grad!.item<float>(), 1e-5f);
        var gradient = made.grad!.data<float>().ToArray();
        Assert.Equal(-strength * 0.2053162, gradient[0], 1e-5);
        Assert.Equal(-strength * 0.1161343, gradient[1], 1e-5);
    }
}
