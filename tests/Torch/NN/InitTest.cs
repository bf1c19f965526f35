using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Retort.Tests.Torch.NN;

public class InitTest
{
    [Fact]
    public void Draws_FromAGenerator_RepeatAndFollowTheirDistribution()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (empty(200, 300), empty(200, 300));
        init.trunc_normal_(a, std: 0.02, a: -0.03, b: 0.04, generator: new Generator(5));
        init.trunc_normal_(b, std: 0.02, a: -0.03, b: 0.04, generator: new Generator(5));
        Assert.True(a.allclose(b));
        Assert.InRange(a.min().item<float>(), -0.03f, -0.0299f);
        Assert.InRange(a.max().item<float>(), 0.0399f, 0.04f);
        // Mean and deviation of a normal cut at -1.5 and 2 deviations, by scipy.stats.truncnorm.
        Assert.Equal(0.0016591, a.mean().item<float>(), 2e-4);
        Assert.Equal(0.0162620, a.std().item<float>(), 2e-4);
        init.normal_(a, 1, 3, new Generator(1));
        Assert.Equal(1, a.mean().item<float>(), 0.05);
        Assert.Equal(3, a.std().item<float>(), 0.05);
        init.uniform_(a, 2, 4, new Generator(1));
        Assert.InRange(a.min().item<float>(), 2, 2.001f);
        Assert.InRange(a.max().item<float>(), 3.999f, 4);
    }

    [Fact]
    public void Scaled_ByTheFans_HasTheFormulasDeviation()
    {
        using var scope = NewDisposeScope();
        var kernel = empty(64, 32, 5);
        Assert.Equal((160, 320), init.CalculateFanInAndFanOut(kernel));
        init.kaiming_normal_(kernel, mode: init.FanInOut.FanOut, nonlinearity: init.NonlinearityType.ReLU);
        Assert.Equal(Math.Sqrt(2.0 / 320), kernel.std().item<float>(), 2e-3);
        init.xavier_uniform_(kernel, gain: 2);
        Assert.Equal(2 * Math.Sqrt(6.0 / 480), kernel.abs().max().item<float>(), 1e-3);
        init.xavier_normal_(kernel);
        Assert.Equal(Math.Sqrt(2.0 / 480), kernel.std().item<float>(), 2e-3);
        init.kaiming_uniform_(kernel, Math.Sqrt(5));
        Assert.Equal(Math.Sqrt(1.0 / 160), kernel.abs().max().item<float>(), 1e-3);
        Assert.Equal(5.0 / 3, init.calculate_gain(init.NonlinearityType.Tanh));
    }

    [Fact]
    public void Patterns_InPlace_AreWhatTheyAreCalled()
    {
        using var scope = NewDisposeScope();
        var wide = init.orthogonal_(empty(3, 5), gain: 2);
        Assert.True(wide.matmul(wide.t()).allclose(4 * eye(3), atol: 1e-5));
        var tall = init.orthogonal_(empty(5, 3));
        Assert.True(tall.t().matmul(tall).allclose(eye(3), atol: 1e-5));
        Assert.True(init.eye_(empty(2, 3)).allclose(eye(2, 3)));
        var kernel = init.dirac_(empty(2, 2, 3));
        var x = randn(1, 2, 6);
        Assert.True(functional.conv1d(x, kernel, padding: 1).allclose(x));
        var sparse = init.sparse_(empty(10, 4), 0.35);
        Assert.True(sparse.eq(0).sum(dim: 0).eq(4).all().item<bool>());
        Assert.True(init.constant_(empty(2), 1.5).eq(1.5).all().item<bool>());
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(2.0)]
    [InlineData(3.0)]
    [InlineData(double.PositiveInfinity)]
    public void ClipGradNorm_AboveTheLimit_ScalesAllTogether(double p)
    {
        using var scope = NewDisposeScope();
        var parameters = Enumerable.Range(1, 3).Select(n => new Parameter(zeros(n))).ToArray();
        foreach (var parameter in parameters[..2])
        {
            parameter.grad = arange(1, parameter.numel() + 1, dtype: ScalarType.Float32);
        }
        double[] numbers = [1, 1, 2];
        var norm = double.IsInfinity(p) ? 2 : Math.Pow(numbers.Sum(v => Math.Pow(v, p)), 1 / p);
        Assert.Equal(norm, nn.utils.clip_grad_norm_(parameters, 100, p), 1e-6);
        Assert.Equal(2, parameters[1].grad![1].item<float>());
        Assert.Equal(norm, nn.utils.clip_grad_norm_(parameters, 0.5, p), 1e-6);
        Assert.Equal(2 * 0.5 / (norm + 1e-6), parameters[1].grad![1].item<float>(), 1e-6);
        Assert.Null(parameters[2].grad);
        Assert.Equal(0, nn.utils.clip_grad_norm_(parameters[2..], 1));
    }

    [Fact]
    public void VectorToParameters_OfParametersToVector_GivesThemBack()
    {
        using var scope = NewDisposeScope();
        using var linear = Linear(3, 2);
        using var vector = nn.utils.parameters_to_vector(linear.parameters());
        Assert.Equal([8], vector.shape);
        nn.utils.vector_to_parameters(vector.detach() * 2, linear.parameters());
        Assert.True((nn.utils.parameters_to_vector(linear.parameters()) - 2 * vector).abs().max().item<float>() == 0);
        linear.weight.grad = arange(-3, 3, dtype: ScalarType.Float32).reshape(2, 3);
        nn.utils.clip_grad_value_(linear.parameters(), 1.5);
        Assert.Equal([-1.5f, -1.5f, -1, 0, 1, 1.5f], linear.weight.grad!.data<float>().ToArray());
    }

    [Fact]
    public void FuseConvBatchNorm_InEvaluation_GivesTheSameOutput()
    {
        using var scope = NewDisposeScope();
        using var conv = Conv1d(3, 4, 3);
        using var norm = BatchNorm1d(4);
        init.uniform_(norm.running_var!, 0.5, 2);
        init.normal_(norm.running_mean!);
        init.normal_(norm.weight!);
        norm.eval();
        var x = randn(2, 3, 7);
        var (weight, bias) = nn.utils.fuse_conv_bn_weights(conv.weight, conv.bias!, norm.running_mean!, norm.running_var!, norm.eps, norm.weight!, norm.bias!);
        Assert.True(functional.conv1d(x, weight, bias).allclose(norm.call(conv.call(x)), atol: 1e-5));
    }
}
