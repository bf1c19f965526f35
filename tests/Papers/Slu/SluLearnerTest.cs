using Retort.Data;
using Retort.Layers;
using Retort.Models;
using Retort.Randomness;
using Retort.Papers.Ced;
using Retort.Papers.Slu;
using Retort.Text;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Tests.Papers.Slu;

/// <summary>A task of class-incremental learning, a few steps of it on noise.</summary>
public sealed class SluLearnerTest : IDisposable
{
    private static readonly SluTraining training = new() { FirstEpochs = 1, LaterEpochs = [2], Batch = 4, LearningRate = 1e-3, LaterLearningRate = 1e-3 };
    private readonly string folder = Directory.CreateTempSubdirectory("retort-learner-").FullName;
    private readonly Noise data = new();
    private readonly BpeTokenizer tokenizer;

    public SluLearnerTest() => tokenizer = BpeTokenizer.Train(data.Recordings.Select(r => r.Target()), new BpeSettings { VocabularySize = 80, MinimumCount = 1 });

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Learn_SequenceKdWhosePseudoTargetsAreGold_GivesGoldReplaysWeights()
    {
        var gold = Learned(SluArms.Gold);

        Assert.Equal(gold, Learned(SluArms.Sequence, part => [.. part.Tokens]));
    }

    [Fact]
    public void Learn_SequenceKdWhosePseudoTargetsDiffer_GivesOtherWeights()
    {
        var gold = Learned(SluArms.Gold);

        Assert.NotEqual(gold, Learned(SluArms.Sequence, part => [.. part.Tokens.Select(t => t.Reverse().ToArray())]));
    }

    [Fact]
    public void Learn_GoldAtWeightZero_IsRehearsal() =>
        Assert.Equal(Learned(SluArms.Icarl), Learned(SluArms.Gold with { Weight = 0 }));

    // Learns a second task of eight utterances with a memory of four, and gives the decoder's last weights.
    private float[] Learned(SluArm arm, Func<SluPart, int[][]>? pseudoTargets = null)
    {
        var generator = new Generator(1);
        var encoder = new LogMelEncoder(new() { Width = 16, Hidden = 16, Depth = 1, Heads = 1, Convolutions = true }, 1, generator) { FrozenNorms = true };
        using var model = new SpokenLanguageModel(encoder, new TokenDecoder(new() { Vocabulary = tokenizer.Count, Width = 16, Depth = 1, Heads = 1, Hidden = 16, MaxLength = 100 }, 1, generator));
        var part = new SluPart(data, tokenizer, encoder);
        int[] memory = [8, 9, 10, 11];
        using var teacher = pseudoTargets is null ? null : Teacher(model, part, memory, arm, pseudoTargets(part));

        new SluLearner(model, generator, part, training).Learn(1, 2, [.. Enumerable.Range(0, 8)], memory, arm, teacher, seed: 3);

        return [.. model.state_dict().Where(p => p.Key.StartsWith("decoder.classif_dec")).SelectMany(p => p.Value.data<float>().ToArray())];
    }

    // A store that holds what it is told to, in place of what the model would decode.
    private SluTeacher Teacher(SpokenLanguageModel model, SluPart part, int[] memory, SluArm arm, int[][] targets)
    {
        var decoding = new Retort.Decoding.DecodingSettings { Beams = 1, MaxLength = 40 };
        var at = Path.Combine(folder, Path.GetRandomFileName());
        using (SluTeacher.Of(at + "-card", model, part, memory, arm, decoding, topK: 5))
        {
            using var decoded = SequenceStore.Open(at + "-card");
            using var writer = SequenceStoreWriter.Open(at, decoded.Card with { Ids = "" }, [.. memory.Select(i => data.Recordings[i].File)]);
            foreach (var i in memory)
            {
                writer.Add(new SequenceRow(data.Recordings[i].File, [new StoredSequence(targets[i], 0, 0)], null, 0, null, null));
            }
            writer.Finish();
        }
        return SluTeacher.Of(at, model, part, memory, arm, decoding, topK: 5);
    }

    private sealed class Noise : SpokenData
    {
        public override IReadOnlyList<SlurpRecording> Recordings { get; } = [.. Enumerable.Range(0, 12).Select(i =>
            new SlurpRecording($"{i}.wav", $"say number {i} now", new Meaning("scenario", $"action{i % 3}", []), true))];

        public override string Hash => "noise";

        public override float[] Samples(int i)
        {
            var draw = RandomStream.Of(i, "noise");
            return [.. Enumerable.Range(0, 4000 + 100 * i).Select(_ => draw.NextSingle() - 0.5f)];
        }
    }
}
