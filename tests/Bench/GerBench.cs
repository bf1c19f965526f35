using System.Diagnostics;
using System.Text.Json;
using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>Generative error correction against the same written plainly in PyTorch, one thread each; noise embeddings; prefix beam search; a TinyLlama-shaped model.</summary>
internal static class GerBench
{
    private const int Train = 16, Length = 72, Prompt = 56, Test = 256, End = 3, Most = 16, NoiseWidth = 64;
    private static readonly LlamaSettings size = new() { Vocabulary = 360, Width = 128, Depth = 4, Heads = 4, Groups = 4, Hidden = 344, Context = 192 };

    public static IEnumerable<Row> All()
    {
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        var folder = Directory.CreateTempSubdirectory("retort-bench-").FullName;
        try
        {
            foreach (var row in Against(Path.Combine(folder, "weights.safetensors"), Path.Combine(folder, "outputs.json")).Concat(Alone()))
            {
                yield return row;
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Llama Model()
    {
        var model = new Llama(size, new PromptAdapterSettings { StartLayer = 1, NoiseWidth = NoiseWidth });
        model.Fill(1);
        using var none = no_grad();
        foreach (var (name, p) in model.named_parameters())
        {
            // Clear choices, open gates.
            p.mul_(name.Contains("lm_head") || name.Contains("wte.weight") ? 20 : name.Contains("norm") || name.Contains("ln_f") || name.Contains("rms") ? 1 : 3);
            if (name.Contains("gating_factor"))
            {
                p.fill_(0.2);
            }
        }
        return model;
    }

    private static IEnumerable<Row> Against(string weights, string outputs)
    {
        using var scope = NewDisposeScope();
        var model = Model();
        var draw = RandomStream.Of(0, "bench");
        Tensor Tokens(int rows, int length) => tensor([.. Enumerable.Range(0, rows * length).Select(_ => 4 + (long)draw.Next(size.Vocabulary - 4))], [rows, length]);
        Tensor Noise(int rows) => tensor([.. Enumerable.Range(0, rows * 20 * NoiseWidth).Select(_ => (float)draw.Normal() / 8)], [rows, 20, NoiseWidth]);
        var (tokens, targets, noise) = (Tokens(Train, Length), Tokens(Train, Length), Noise(Train));
        targets.narrow(1, 0, Prompt).fill_(-1);
        var (test, testNoise) = (Tokens(Test, Prompt), Noise(Test));
        SafeTensors.Save(weights, [.. model.state_dict().Select(p => (p.Key, p.Value)), ("bench.tokens", tokens), ("bench.targets", targets), ("bench.noise", noise), ("bench.test", test), ("bench.testnoise", testNoise)]);
        using var peer = new Peer(Path.Combine(EngineBench.Root(), "environment", "reference", "bench_ger.py"), weights, outputs);

        using var trained = Model();
        using var adam = new AdamOptimizer(trained.named_parameters().Select(p => (p.Item1, p.Item2)), new AdamSettings { Decoupled = true }, null);
        void Step()
        {
            using var step = NewDisposeScope();
            var flat = targets.reshape(-1);
            var places = flat.ge(0).nonzero().squeeze(1);
            var hidden = trained.Hidden(tokens, noise).reshape(flat.shape[0], -1).index_select(0, places);
            TokenLoss.CrossEntropy(trained.Logits(hidden), flat.index_select(0, places)).backward();
            adam.Step(1e-4, 1);
            adam.ZeroGradients();
        }
        yield return Row.Of(Pair.Measure("ger-train", "lists/s", Train, Step, peer, runs: 2, turns: 5), 1.1) with { Figure = "adapter training step, 16 lists of 72 tokens" };

        var prompts = test.data<long>().ToArray().Chunk(Prompt).Select(p => p.Select(t => (int)t).ToArray()).ToArray();
        IReadOnlyList<int[]> found = [];
        var pair = Pair.Measure("ger-decode", "sentences/s", Test, () => found = LlamaGeneration.Greedy(model, prompts, End, Most, testNoise), peer, runs: 1, turns: 5);
        var theirs = JsonSerializer.Deserialize<int[][]>(File.ReadAllText(outputs))!;
        var same = theirs.Zip(found).Count(p => p.First.SequenceEqual(p.Second));
        yield return Row.Of(pair, 1.2, $"; {same} of {Test} answers equal") with { Figure = "256 corrections, batched with kept keys, both" };

        // One by one, the whole sequence again for each token; a tenth of the sentences.
        var start = Pair.Now();
        using (no_grad())
        {
            for (var i = 0; i < 24; i++)
            {
                var sequence = prompts[i].Select(t => (long)t).ToList();
                for (var step = 0; step < Most; step++)
                {
                    using var one = NewDisposeScope();
                    var best = model.call(tensor([.. sequence], [1, sequence.Count]), testNoise.narrow(0, i, 1))[0][sequence.Count - 1].argmax().item<long>();
                    if (best == End)
                    {
                        break;
                    }
                    sequence.Add(best);
                }
            }
        }
        var slow = 24 / (Pair.Now() - start);
        yield return new Row("256 corrections against ours one by one without kept keys", FormattableString.Invariant($"{pair.OurRate:G4} against {slow:G4} sentences/s: ratio {pair.OurRate / slow:F1}"), "ratio 10", pair.OurRate / slow >= 10);
    }

    private static IEnumerable<Row> Alone()
    {
        var draw = RandomStream.Of(1, "bench");
        string[] vocabulary = [.. Enumerable.Range(0, 330).Select(i => $"word{i}")];
        string[][] lists = [.. Enumerable.Range(0, 10_000).Select(_ =>
        {
            var sentence = Enumerable.Range(0, 10).Select(_ => draw.Pick(vocabulary)).ToArray();
            return Enumerable.Range(0, 5).Select(_ => string.Join(' ', sentence.Select(w => draw.Chance(0.15) ? draw.Pick(vocabulary) : w))).ToArray();
        })];
        var vectors = SubwordVectors.Train([.. lists.Take(500).Select(l => l[0])], new() { Width = NoiseWidth, Epochs = 1 });
        var embedding = new NoiseEmbedding(NoiseWidth, vectors.Word, vectors.Sentence);
        var watch = Stopwatch.StartNew();
        foreach (var list in lists)
        {
            embedding.Of(list);
        }
        yield return new Row("noise embeddings of 10,000 lists, one thread", FormattableString.Invariant($"{watch.Elapsed.TotalSeconds:F2} s"), "under 10 s", watch.Elapsed.TotalSeconds < 10);

        // 40 ms a frame, as the small encoder gives them, and peaks as a trained recogniser's.
        const int Frames = 75, Symbols = 337, Utterances = 40;
        var logs = new float[Frames * Symbols];
        for (var t = 0; t < Frames; t++)
        {
            var row = Enumerable.Range(0, Symbols).Select(_ => 2 * draw.Normal()).ToArray();
            row[draw.Chance(0.6) ? 0 : draw.Next(Symbols)] += 9;
            var norm = Math.Log(row.Sum(Math.Exp));
            for (var s = 0; s < Symbols; s++)
            {
                logs[t * Symbols + s] = (float)(row[s] - norm);
            }
        }
        watch.Restart();
        for (var i = 0; i < Utterances; i++)
        {
            PrefixBeamSearch.Decode(logs, Symbols, Frames, 20, 40);
        }
        var faster = Utterances * Frames * 0.04 / watch.Elapsed.TotalSeconds;
        yield return new Row("prefix beam search, 20 beams, one thread", FormattableString.Invariant($"{faster:F0} times real time"), "50 times", faster >= 50);
        foreach (var row in TinyLlama())
        {
            yield return row;
        }
    }

    // Four of TinyLlama's layers with random weights: what a token reads of them, against what the memory gives to a plain sum, and the same with
    // weights of 8 bits. The three take turns of several tokens, so that what .NET compiles meanwhile is no part of a token's time for long, and
    // what counts is the ratio of each turn.
    public static IEnumerable<Row> TinyLlama()
    {
        const int Tokens = 8, Warm = 5, Turns = 15;
        set_num_threads(1);
        Threads.SetBlasThreads(1);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        static Llama Four() => new(LlamaSettings.TinyLlama with { Depth = 4, Context = 256 }, dtype: ScalarType.BFloat16);
        using var model = Four();
        using var small = Four();
        foreach (var (p, copy) in model.parameters().Zip(small.parameters()))
        {
            copy.copy_(p.normal_(0, 0.02));
        }
        var bytes = model.named_parameters().Where(p => !p.name.Contains("wte")).Sum(p => p.parameter.numel() * 2);
        small.ToEightBits();
        var wide = ones([bytes / 4], ScalarType.Float32);
        var token = ones([1, 1], ScalarType.Int64);
        double Of(Action run)
        {
            using var one = NewDisposeScope();
            var start = Pair.Now();
            for (var i = 0; i < Tokens; i++)
            {
                run();
            }
            return (Pair.Now() - start) / Tokens;
        }
        using var cache = Read(model);
        using var smallCache = Read(small);
        LlamaCache Read(Llama of)
        {
            var made = of.NewCache([0], 8 + Tokens * (Warm + Turns));
            of.Step(ones([1, 8], ScalarType.Int64), made);
            return made;
        }
        var turns = Enumerable.Range(0, Warm + Turns).Select(_ => (Sum: Of(() => wide.sum().item<float>()), Bf16: Of(() => model.Step(token, cache)), Bytes: Of(() => small.Step(token, smallCache)))).Skip(Warm).ToArray();
        double Median(Func<(double Sum, double Bf16, double Bytes), double> of) => Pair.Median([.. turns.Select(of)]);
        var (share, faster) = (Median(t => t.Sum / t.Bf16), Median(t => t.Bf16 / t.Bytes));
        string Range(Func<(double Sum, double Bf16, double Bytes), double> of) => FormattableString.Invariant($"{turns.Min(of):F2} to {turns.Max(of):F2}");
        yield return new Row("four TinyLlama layers, bfloat16, one row, one thread",
            FormattableString.Invariant($"{bytes / Median(t => t.Bf16) / 1e9:F2} of {bytes / Median(t => t.Sum) / 1e9:F2} GB/s: {1 / Median(t => t.Bf16):F1} tokens/s; share {share:F2} ({Range(t => t.Sum / t.Bf16)})"), "share 0.9", share >= 0.9);
        yield return new Row("the same with weights in 8 bits",
            FormattableString.Invariant($"{1 / Median(t => t.Bytes):F1} tokens/s: {faster:F2} times bfloat16 ({Range(t => t.Bf16 / t.Bytes)})"), "1.6 times", faster >= 1.6);
    }
}
