using System.Diagnostics;
using Retort.Data;
using Retort.Decoding;
using Retort.Layers;
using Retort.Losses;
using Retort.Metrics;
using Retort.Models;
using Retort.Randomness;
using Retort.Torch;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Bench;

/// <summary>The captioning student at its full size against stock PyTorch (environment/reference/bench_caption.py), and CIDEr-D of AudioCaps' size.</summary>
internal static class CaptionBench
{
    private const int Clips = 8;

    private static readonly DecodingSettings decoding = new() { Beams = 3, MaxLength = 20, LengthRule = LengthRule.Mean, BeamRule = BeamRule.Full, Start = 1, End = 2 };

    public static IEnumerable<Row> All()
    {
        using var scope = NewDisposeScope();
        using var one = Threads.RunWith(1);
        using var peer = new Peer(Path.Combine(EngineBench.Root(), "environment", "reference", "bench_caption.py"), "1", Pair.OfProcessor ? "processor" : "wall");
        var model = AudioCaptionModel.Student(4981, seed: 1);
        var mels = Mels();
        model.eval();
        ((EfficientNetEncoder)model.Encoder).Net.Fold();
        void Caption()
        {
            using var inner = NewDisposeScope();
            using var none = no_grad();
            BeamSearch.Decode(model.Decoder, model.Encoder.FromFeatures(mels, null), null, decoding);
        }
        yield return Row.Of(Pair.Measure("caption-uncached", "clips/s", Clips, Caption, peer, runs: 1, turns: 5), 5, "; 10 s clips, beam 3; theirs clip by clip without cache");
        void OneByOne()
        {
            for (var clip = 0; clip < Clips; clip++)
            {
                using var inner = NewDisposeScope();
                using var none = no_grad();
                BeamSearch.Decode(model.Decoder, model.Encoder.FromFeatures(mels.narrow(0, clip, 1), null), null, decoding);
            }
        }
        yield return Row.Of(Pair.Measure("caption-uncached", "clips/s", Clips, OneByOne, peer, runs: 1, turns: 5), 0, "; the same, ours clip by clip, too") with { Figure = "caption-uncached, one by one", Asked = "", Reached = null };
        yield return Row.Of(Pair.Measure("caption-cached", "clips/s", Clips, Caption, peer, runs: 1, turns: 5), 1.2, "; theirs batched with cache");
        ((EfficientNetEncoder)model.Encoder).Net.Unfold();
        foreach (var mixed in new[] { false, true })
        {
            var adam = new AdamOptimizer(model.named_parameters().Select(p => (p.name, p.parameter)), new AdamSettings());
            var words = tensor(Enumerable.Range(0, Clips * 20).Select(i => 4L + i * 37 % 4900).ToArray(), [Clips, 20]);
            void Step()
            {
                using var inner = NewDisposeScope();
                model.train();
                Tensor logits;
                using (mixed ? Autocast.Cpu(ScalarType.BFloat16) : null)
                {
                    logits = model.Decoder.call(words.narrow(1, 0, 19), model.Encoder.FromFeatures(mels, null), null);
                }
                CaptionDistillation.LabelSmoothing(logits, words.narrow(1, 1, 19)).backward();
                adam.Step(5e-4, Math.Min(1, 1 / (adam.GradientNorm() + 1e-6)));
                adam.ZeroGradients();
            }
            yield return Row.Of(Pair.Measure(mixed ? "caption-train-bfloat16" : "caption-train", "clips/s", Clips, Step, peer, runs: 1, turns: 5), 1.1, "; training step, batch of 8 clips of 10 s");
        }
        yield return Scores();
    }

    private static Tensor Mels()
    {
        var random = RandomStream.Of(1, "bench");
        return tensor(Enumerable.Range(0, Clips * 1001 * 64).Select(_ => (float)random.Normal(-40, 20)).ToArray(), [Clips, 1001, 64]);
    }

    private static Row Scores()
    {
        var scenes = new CaptionScenes(CaptionPart.Test, 4875);
        var references = Enumerable.Range(0, scenes.Count).Select(scenes.Captions).ToArray();
        string[] captions = [.. references.Select((r, i) => references[(i + 1) % references.Length][0])];
        CaptionScores.Of(captions[..100], references[..100]);
        var watch = Stopwatch.StartNew();
        CaptionScores.Of(captions, references);
        var seconds = watch.Elapsed.TotalSeconds;
        return new Row("caption scores", FormattableString.Invariant($"{seconds:F2} s for {captions.Length:N0} captions x 5 references, all scores"), "1 s", seconds < 1);
    }
}
