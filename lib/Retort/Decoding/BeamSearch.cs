// Beam search whose beam shrinks as hypotheses end, as in the code of sequence-level KD for SLU (Cappellazzo et al.,
// Interspeech 2023), for a batch of utterances at once, with kept keys and values, and with the memory's read once for all
// hypotheses of an utterance. The published code decodes one utterance at a time and re-runs the decoder on each prefix.
// Efficient audio captioning (Xu et al., Interspeech 2024) searches with a beam that keeps its size: a switch.

using Retort.Layers;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Decoding;

/// <summary>
/// At each step the best continuations of an utterance's live hypotheses live on, as many as live hypotheses may be; one
/// that chooses the end symbol is finished and, under <see cref="BeamRule.Shrinking"/>, lowers that number by one. The search
/// ends when K are finished or at the greatest length, where the unfinished join the finished. Live hypotheses are ranked by
/// their (under <see cref="LengthRule.StepWise"/>: weighed) sums, the result by score.
/// </summary>
public static class BeamSearch
{
    /// <summary>For each memory up to K hypotheses (more under <see cref="BeamRule.FullExact"/>), the best first. The result does not depend on what else is in the batch.</summary>
    /// <param name="decoder">a decoder outside training</param>
    /// <param name="memory">(B, S, D)</param>
    /// <param name="memoryLengths">valid frames of each memory; null if all are (the released code's way)</param>
    /// <param name="settings">beams, lengths, start and end; null for the defaults</param>
    /// <exception cref="ArgumentException">The settings do not fit the decoder.</exception>
    /// <exception cref="InvalidOperationException">The decoder is in training, or gives NaN.</exception>
    public static IReadOnlyList<IReadOnlyList<Hypothesis>> Decode(
        IStepDecoder decoder, Tensor memory, IReadOnlyList<long>? memoryLengths, DecodingSettings? settings = null)
    {
        settings ??= new DecodingSettings();
        settings.Check(decoder.Vocabulary);
        var steps = Math.Min(settings.MaxLength, decoder.MaxLength);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var cache = decoder.Start(memory, memoryLengths);
        var searches = Enumerable.Range(0, (int)memory.shape[0]).Select(_ => new Search(settings)).ToArray();
        var active = searches.ToList();
        var slots = 1;  // rows of each utterance: the first step has one hypothesis
        for (var step = 1; step <= steps && active.Count > 0; step++)
        {
            using var inner = NewDisposeScope();
            var device = memory.device;
            var tokens = tensor([.. active.SelectMany(s => s.LastTokens(slots))], device: device);
            var logits = decoder.Step(tokens, cache).to(float32);  // (utterances slots, V)
            if (settings.Temperature != 1)
            {
                logits = logits / settings.Temperature;
            }
            if (settings.DoubleLogSoftmax)
            {
                logits = nn.functional.log_softmax(logits, -1);
            }
            var sums = tensor([.. active.SelectMany(s => s.Sums(slots))], [active.Count, slots], device: device);
            var factor = settings.LengthRule == LengthRule.StepWise ? 1 / settings.Penalty(step) : 1;
            var vocabulary = (int)logits.shape[1];
            var count = Math.Min(settings.Beams, slots * vocabulary);
            var best = (Fused.Continuations(logits, sums, factor, count) ?? Continuations(logits, sums, factor, count)).cpu().data<double>().ToArray();
            var all = active.Count * count;  // values, places and log-probabilities, one after another
            for (var u = 0; u < active.Count; u++)
            {
                active[u].Advance(step, vocabulary, best.AsSpan(u * count, count), best.AsSpan(all + u * count, count), best.AsSpan(2 * all + u * count, count));
            }
            var next = Enumerable.Range(0, active.Count).Where(u => active[u].Live.Count > 0).ToArray();
            if (next.Length == 0 || step == steps)
            {
                break;
            }
            var width = next.Max(u => active[u].Live.Count);
            var rows = next.SelectMany(u => active[u].Parents(width).Select(parent => (long)u * slots + parent)).ToArray();
            if (rows.Length != active.Count * slots || rows.Where((row, i) => row != i).Any())
            {
                cache.SelectRows(tensor(rows, device: device));
            }
            if (next.Length < active.Count)
            {
                cache.SelectMemories(tensor(next.Select(u => (long)u).ToArray(), device: device));
            }
            active = [.. next.Select(u => active[u])];
            slots = width;
        }
        return [.. searches.Select(s => s.Results())];
    }

    private static Tensor Continuations(Tensor logits, Tensor sums, double factor, int count)
    {
        var gains = nn.functional.log_softmax(logits, -1).to(float64).view(sums.shape[0], -1);  // (utterances, slots V)
        var candidates = (gains.view(sums.shape[0], sums.shape[1], -1) * factor + sums.unsqueeze(-1)).view(sums.shape[0], -1);
        var (values, places) = candidates.topk(count, 1);
        return stack([values, places.to(float64), gains.gather(1, places)]);
    }

    /// <summary>The hypotheses of one utterance.</summary>
    private sealed class Search(DecodingSettings settings)
    {
        // The published code's number; no sum of log-probabilities of a caption is as low.
        private const double Ended = -1000;

        private readonly List<Hypothesis> finished = [];

        public List<Partial> Live { get; private set; } = [new Partial([settings.Start], 0, 0, 0)];

        // Slots without a hypothesis repeat the last; their sum keeps them from being chosen.
        public IEnumerable<long> LastTokens(int slots) => Slots(slots).Select(p => (long)p.Tokens[^1]);

        public IEnumerable<int> Parents(int slots) => Slots(slots).Select(p => p.Parent);

        public IEnumerable<double> Sums(int slots) =>
            Enumerable.Range(0, slots).Select(i => i < Live.Count ? Live[i].Sum : double.NegativeInfinity);

        public void Advance(int step, int vocabulary, ReadOnlySpan<double> values, ReadOnlySpan<double> places, ReadOnlySpan<double> gained)
        {
            var full = settings.BeamRule != BeamRule.Shrinking;
            var room = settings.Beams - (full ? 0 : finished.Count);
            var next = new List<Partial>();
            for (var i = 0; i < values.Length && next.Count < room && i < settings.Beams; i++)
            {
                if (double.IsNaN(values[i]))
                {
                    throw new InvalidOperationException($"the decoder's logits are not numbers at step {step}: its weights or the memory hold NaN");
                }
                if (double.IsNegativeInfinity(values[i]))
                {
                    break;
                }
                var slot = (int)((long)places[i] / vocabulary);
                var token = (int)((long)places[i] % vocabulary);
                var parent = Live[slot];
                var logProbability = parent.LogProbability + gained[i];
                if (token == settings.End)
                {
                    finished.Add(Finish(parent.Tokens, values[i], logProbability, step, true));
                    if (full)
                    {
                        // It keeps its place; what continues it comes after every other continuation.
                        next.Add(new Partial([.. parent.Tokens, token], Ended, logProbability, slot));
                    }
                    else
                    {
                        room--;
                    }
                }
                else
                {
                    next.Add(new Partial([.. parent.Tokens, token], values[i], logProbability, slot));
                }
            }
            Live = next;
            if (full && (finished.Count == settings.Beams || (settings.BeamRule == BeamRule.Full && finished.Count > settings.Beams)))
            {
                Live = [];
            }
        }

        public IReadOnlyList<Hypothesis> Results() =>
        [
            .. finished.Concat(Live.Where(p => p.Sum != Ended).Select(p => Finish(p.Tokens, p.Sum, p.LogProbability, p.Tokens.Length - 1, false)))
                .OrderByDescending(h => h.Score),
        ];

        private Hypothesis Finish(int[] tokens, double sum, double logProbability, int steps, bool ended) => new(
            tokens[1..], settings.LengthRule == LengthRule.StepWise ? sum : sum / (settings.LengthRule == LengthRule.Mean ? steps : settings.Penalty(steps)),
            logProbability, ended);

        private IEnumerable<Partial> Slots(int slots) => Enumerable.Range(0, slots).Select(i => Live[Math.Min(i, Live.Count - 1)]);
    }

    /// <summary>A live hypothesis: its tokens with the start symbol, its sum, and the slot that it came from.</summary>
    private sealed record Partial(int[] Tokens, double Sum, double LogProbability, int Parent);
}
