using Retort.Decoding;
using Retort.Layers;
using Retort.Randomness;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Tests.Decoding;

/// <summary>Decoding by the fused kernels against the plain operators.</summary>
public sealed class FusedDecodingTest
{
    private const int Width = 48, Heads = 3, Vocabulary = 37;

    private static Tensor Values(string name, params long[] shape)
    {
        var draw = RandomStream.Of(3, "fused decoding", name);
        return tensor(Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)draw.Normal()).ToArray(), shape);
    }

    private static TokenDecoder Model()
    {
        var model = new TokenDecoder(new TokenDecoderSettings { Vocabulary = Vocabulary, Width = Width, Depth = 2, Heads = Heads, Hidden = 64, MaxLength = 40 }, 5);
        model.eval();
        using var none = no_grad();
        // Choices as clear as a trained model's, so that rounding decides none of them.
        model.named_parameters().Single(p => p.name == "classif_dec.weight").parameter.mul_(12);
        return model;
    }

    private static void SkipWithoutKernels()
    {
        using var none = no_grad();
        using var x = zeros(1, 1, Width);
        Skip.IfNot(Fused.HasSteps(x, Heads), "this processor has no fused kernels");
    }

    private static double Distance(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    [SkippableTheory]
    [InlineData(1, LengthRule.Final)]
    [InlineData(5, LengthRule.Final)]
    [InlineData(5, LengthRule.StepWise)]
    [InlineData(20, LengthRule.StepWise)]
    public void BeamSearch_Fused_IsPlain(int beams, LengthRule rule)
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        var model = Model();
        var memory = Values("memory", 7, 70, Width);
        long[] lengths = [70, 1, 33, 64, 65, 16, 9];
        var settings = new DecodingSettings { Beams = beams, MaxLength = 20, LengthRule = rule };
        var fused = BeamSearch.Decode(model, memory, lengths, settings);
        using var off = Fused.Off();
        var plain = BeamSearch.Decode(model, memory, lengths, settings);
        Assert.True(beams == 1 || plain.SelectMany(u => u).Any(h => h.Finished), "no hypothesis ends: the case shows nothing");
        for (var u = 0; u < plain.Count; u++)
        {
            Assert.Equal(plain[u].Select(h => h.Tokens), fused[u].Select(h => h.Tokens));
            foreach (var (a, b) in plain[u].Zip(fused[u]))
            {
                Assert.Equal(a.Score, b.Score, 1e-4);
                Assert.Equal(a.LogProbability, b.LogProbability, 1e-4);
            }
        }
    }

    [SkippableFact]
    public void Step_RowsAndMemoriesSelected_IsPlain()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var model = Model();
        var memory = Values("memory", 3, 20, Width);
        long[][] tokens = [[4, 5, 6], [7, 8, 9, 10, 11, 12], [13, 14], [15, 16]];

        List<Tensor> Run()
        {
            using var cache = model.Start(memory, [20, 7, 13]);
            var logits = new List<Tensor> { model.Step(tensor(tokens[0]), cache) };
            cache.SelectRows(tensor(new long[] { 0, 0, 1, 1, 2, 2 }));
            logits.Add(model.Step(tensor(tokens[1]), cache));
            cache.SelectRows(tensor(new long[] { 1, 4 }));
            cache.SelectMemories(tensor(new long[] { 0, 2 }));
            Assert.Equal(2, cache.Memories);
            logits.Add(model.Step(tensor(tokens[2]), cache));
            cache.SelectRows(tensor(new long[] { 1 }));
            cache.SelectMemories(tensor(new long[] { 1 }));
            cache.SelectRows(tensor(new long[] { 0, 0 }));
            logits.Add(model.Step(tensor(tokens[3]), cache));
            return logits;
        }

        var fused = Run();
        using var off = Fused.Off();
        foreach (var (a, b) in Run().Zip(fused))
        {
            Assert.Equal(a.shape, b.shape);
            Assert.InRange(Distance(a, b), 0, 2e-5 * a.abs().max().item<float>());
        }
    }

    [SkippableFact]
    public void Step_MixedPrecision_StaysNearFloat32()
    {
        SkipWithoutKernels();
        Skip.IfNot(Autocast.CpuHasBFloat16, "this processor has no bfloat16");
        using var scope = NewDisposeScope();
        var model = Model();
        var memory = Values("memory", 2, 20, Width);
        Tensor Run()
        {
            using var cache = model.Start(memory, null);
            model.Step(tensor(new long[] { 4, 5 }), cache);
            return model.Step(tensor(new long[] { 6, 7 }), cache).to(float32);
        }
        var expected = Run();
        using var cast = Autocast.Cpu(ScalarType.BFloat16);
        Assert.InRange(Distance(expected, Run()), 0, 0.05 * expected.abs().max().item<float>());
    }

    [SkippableTheory]
    [InlineData(1, 5, 1.0)]
    [InlineData(4, 3, 0.7)]
    public void Continuations_Fused_AreTheLargest(int slots, int count, double factor)
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        var logits = Values("logits", 6 * slots, Vocabulary) * 5;
        var sums = Values("sums", 6, slots).to(float64);
        sums[2, slots - 1] = tensor(double.NegativeInfinity);
        var best = Fused.Continuations(logits, sums, factor, count)!;
        var gains = nn.functional.log_softmax(logits.to(float64), -1).view(6, slots, -1);
        var (values, places) = (gains * factor + sums.unsqueeze(-1)).view(6, -1).topk(count, 1);
        for (var u = 0; u < 6; u++)
        {
            if (slots == 1 && u == 2)
            {
                Assert.True(best[0, u].isneginf().all().item<bool>());
                continue;
            }
            Assert.Equal(places[u].data<long>().ToArray(), best[1, u].data<double>().Select(p => (long)p).ToArray());
            Assert.True(values[u].allclose(best[0, u], 1e-6, 1e-5));
            Assert.True(gains[u].view(-1).index_select(0, places[u]).allclose(best[2, u], 1e-6, 1e-5));
        }
    }

    [SkippableFact]
    public void Continuations_LogitsThatAreNoNumbers_GiveNaN()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        var logits = zeros(2, Vocabulary);
        logits[1, 36] = tensor(float.NaN);
        var best = Fused.Continuations(logits, zeros(2, 1, ScalarType.Float64), 1, 3)!;
        Assert.False(double.IsNaN(best[0, 0, 0].item<double>()));
        Assert.True(double.IsNaN(best[0, 1, 0].item<double>()));
    }

    [SkippableFact]
    public void AttendSteps_AncestorThatIsNotThere_IsRefused()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        Tensor[] steps = [zeros(2, 3 * Width), zeros(3, 3 * Width)];
        var ancestors = tensor(new long[] { 0, 1, 2, 0, 1, 2 }, [2, 3]);
        Assert.Contains("row 2 is not in step 0", Assert.ThrowsAny<Exception>(() => Fused.AttendSteps(steps, ancestors, Heads)).Message);
    }
}
