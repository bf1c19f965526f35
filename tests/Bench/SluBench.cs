using System.Text.Json;
using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>Speech models against the same written plainly in PyTorch, one thread each: training, decoding, wav2vec 2.0; scoring.</summary>
internal static class SluBench
{
    private const int Batch = 16, Frames = 56, Tokens = 20, Test = 64, Vocabulary = 300, Longest = 40;

    public static IEnumerable<Row> All()
    {
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        var folder = Directory.CreateTempSubdirectory("retort-bench-").FullName;
        try
        {
            foreach (var row in Small(Path.Combine(folder, "weights.safetensors"), Path.Combine(folder, "outputs.json")))
            {
                yield return row;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<Row> Small(string weights, string outputs)
    {
        using var scope = NewDisposeScope();
        var (model, training) = (Model(), Model());
        var draw = RandomStream.Of(0, "bench");
        var features = Values(draw, Batch, Frames, 160);
        long[] lengths = [.. Enumerable.Range(0, Batch).Select(b => (long)(Frames - b % 8))];
        long[] targetLengths = [.. Enumerable.Range(0, Batch).Select(b => (long)(Tokens - b % 6))];
        var all = Enumerable.Range(0, Batch * (Tokens + 1)).Select(_ => 4 + (long)(draw.NextSingle() * (Vocabulary - 4))).ToArray();
        var sequences = tensor(all, [Batch, Tokens + 1]);
        var (tokens, targets) = (sequences.narrow(1, 0, Tokens).contiguous(), sequences.narrow(1, 1, Tokens).contiguous());
        var mask = LengthMask.Valid(targetLengths, Tokens);
        var testFeatures = Values(draw, Test, Frames, 160);
        long[] testLengths = [.. Enumerable.Range(0, Test).Select(b => (long)(Frames - b % 11))];
        SafeTensors.Save(weights,
        [
            .. model.state_dict().Select(entry => (entry.Key, entry.Value)),
            ("bench.features", features), ("bench.lengths", tensor(lengths)), ("bench.tokens", tokens),
            ("bench.targets", targets.masked_fill(mask.logical_not(), -100)),
            ("test.features", testFeatures), ("test.lengths", tensor(testLengths)),
        ]);
        using var peer = new Peer(Path.Combine(EngineBench.Root(), "environment", "reference", "bench_slu.py"), weights, outputs);

        training.train();
        using var adam = new AdamOptimizer(training.named_parameters().Select(p => (p.Item1, p.Item2)), new AdamSettings(), null);
        void Train(bool mixed)
        {
            using var step = NewDisposeScope();
            Tensor logits;
            using (mixed ? Autocast.Cpu(ScalarType.BFloat16) : null)
            {
                logits = training.Decoder.call(tokens, training.Encoder.FromFeatures(features, lengths), lengths);
            }
            SequenceDistillation.CrossEntropy(logits, targets, mask.to(ScalarType.Float32)).backward();
            adam.Step(1e-4, 1);
            adam.ZeroGradients();
        }
        yield return Row.Of(Pair.Measure("train-float32", "clips/s", Batch, () => Train(false), peer, runs: 8), 1.1) with { Figure = "small speech model, training step, float32" };
        if (Autocast.CpuHasBFloat16)
        {
            yield return Row.Of(Pair.Measure("train-bfloat16", "clips/s", Batch, () => Train(true), peer, runs: 8), 1.1) with { Figure = "small speech model, training step, bfloat16" };
        }

        model.eval();
        IReadOnlyList<IReadOnlyList<Hypothesis>> found = [];
        var memories = new List<(Tensor Memory, long[] Lengths)>();
        using (no_grad())
        {
            for (var from = 0; from < Test; from += 32)
            {
                var part = testLengths[from..(from + 32)];
                memories.Add((model.Encoder.FromFeatures(testFeatures.narrow(0, from, 32).contiguous(), part), part));
            }
        }
        void Decode() => found = [.. memories.SelectMany(m => BeamSearch.Decode(model.Decoder, m.Memory, m.Lengths, new DecodingSettings { MaxLength = Longest }))];
        foreach (var (name, least, turns) in new[] { ("decode-published", 10.0, 3), ("decode-cached", 1.2, 7) })
        {
            var pair = Pair.Measure(name, "utterances/s", Test, Decode, peer, runs: 1, turns: turns);
            var theirs = JsonSerializer.Deserialize<int[][][]>(File.ReadAllText(outputs))!;
            var same = theirs.Zip(found).Count(u => u.First.Length == u.Second.Count && u.First.Zip(u.Second).All(h => h.First.SequenceEqual(h.Second.Tokens)));
            var row = Row.Of(pair, least, FormattableString.Invariant($"; {same} of {Test} n-best lists equal, {found.Average(u => u[0].Tokens.Count):F0} tokens each"));
            yield return row with { Figure = $"beam 5, against {(least > 2 ? "one utterance at a time, nothing kept" : "a batch with kept keys")}", Reached = row.Reached.GetValueOrDefault() && same == Test };
        }
        foreach (var row in Large(peer))
        {
            yield return row;
        }
    }

    // Ours trains on features made once. Theirs makes them each step, without gradients, as the published code does; then kept too.
    private static IEnumerable<Row> Large(Peer peer)
    {
        using var scope = NewDisposeScope();
        var model = new Wav2Vec2(new Wav2Vec2Settings { LayerDrop = 0 });
        using var adam = new AdamOptimizer(model.named_parameters().Select(p => (p.Item1, p.Item2)), new AdamSettings(), null);
        model.train();
        var waves = Values(RandomStream.Of(0, "waves"), 4, 32_000);
        long[] frames = [99, 90, 80, 70];
        var features = model.Features(waves, null);
        void Train()
        {
            using var step = NewDisposeScope();
            model.FromFeatures(features, frames).square().mean().backward();
            adam.Step(1e-5, 1);
            adam.ZeroGradients();
        }
        yield return Row.Of(Pair.Measure("wav2vec2", "clips/s", 4, Train, peer, runs: 1, turns: 3), 1.2) with { Figure = "wav2vec 2.0 base, training step, kept features; theirs convolve each step" };
        yield return Row.Of(Pair.Measure("wav2vec2-cached", "clips/s", 4, Train, peer, runs: 1, turns: 3), 1) with { Figure = "wav2vec 2.0 base, training step, both with kept features", Asked = "", Reached = null };
    }

    private static Tensor Values(RandomStream draw, params long[] shape) =>
        tensor(Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)draw.Normal()).ToArray(), shape);

    // Fresh weights whose choices are as clear as a trained model's, and which end a hypothesis after some ten to twenty tokens.
    private static SpokenLanguageModel Model()
    {
        var model = new SpokenLanguageModel(
            new LogMelEncoder(new SluSettings().Encoder, seed: 0) { FrozenNorms = true },
            new TokenDecoder(new SluSettings().Decoder with { Vocabulary = Vocabulary }, seed: 0));
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var head = model.named_parameters().ToDictionary(p => p.Item1, p => p.Item2);
        head["decoder.classif_dec.weight"].mul_(20);
        head["decoder.classif_dec.bias"][3] = tensor(11f);
        return model;
    }
}
