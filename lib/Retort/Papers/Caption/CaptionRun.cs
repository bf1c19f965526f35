using Retort.Data;
using Retort.Decoding;
using Retort.Losses;
using Retort.Metrics;
using Retort.Models;
using Retort.Randomness;
using Retort.Text;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Caption;

/// <summary>Trains and tests one student of an arm.</summary>
public static class CaptionRun
{
    /// <summary>Trains a student of an arm for the context's seed, and scores it on the test clips.</summary>
    /// <param name="settings">the experiment</param>
    /// <param name="arm">what is changed</param>
    /// <param name="world">the clips</param>
    /// <param name="teacher">what the teacher says of them</param>
    /// <param name="context">seed, folder, progress</param>
    public static ArmOutcome Train(CaptionSettings settings, CaptionArm arm, CaptionWorld world, CaptionTeacher teacher, ArmContext context)
    {
        var pseudo = arm.SelfTraining ? OwnCaptions(settings, arm, world, teacher, context) : null;
        var (student, result) = Student(settings, arm, world, teacher, context.Seed, pseudo, context.Folder, context.Progress, context.Cancel);
        using (student)
        {
            var captions = Describe(student.Model, world.Test, world.Vocabulary, settings.Decoding);
            if (context.Folder is { } folder)
            {
                Directory.CreateDirectory(folder);
                File.WriteAllLines(Path.Combine(folder, CaptionsFile), captions);
            }
            return Score(captions, world.Test) is var (values, outputs)
                ? new ArmOutcome(new Dictionary<string, double>(values) { ["parameters"] = student.Model.parameters().Sum(p => p.numel()) },
                    new Dictionary<string, Curve> { [Spread] = result.Curve(Spread), ["loss"] = result.Curve("loss") }, outputs)
                : throw new InvalidOperationException();
        }
    }

    /// <summary>The file of a run's folder that holds its captions of the test clips, one a line.</summary>
    public const string CaptionsFile = "captions.txt";

    /// <summary>The curve of how far the teacher's projected embeddings of a batch lie apart: the mean variance over the batch.</summary>
    public const string Spread = "variance of the teacher's projected embedding";

    /// <summary>Trains a student; see <see cref="Train"/>.</summary>
    public static (CaptionStudent Student, TrainResult Result) Student(CaptionSettings settings, CaptionArm arm, CaptionWorld world, CaptionTeacher teacher, long seed,
        Func<bool, int, IReadOnlyList<int>>? pseudo = null, string? folder = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var clips = arm.Clips > 0 ? arm.Clips : settings.StudentClips;
        if (clips > settings.StudentClips || arm.AudioOnly > settings.AudioOnlyClips)
        {
            throw new ArgumentException($"arm \"{arm.Name}\" wants {clips} captioned clips and {arm.AudioOnly} without; there are {settings.StudentClips} and {settings.AudioOnlyClips}");
        }
        var training = settings.StudentTraining;
        var generator = new Generator((ulong)seed);
        var decoder = (arm.LargeDecoder ? settings.TeacherDecoder : settings.StudentDecoder) with { Positions = arm.Positions };
        var model = CaptionTeacher.Build(arm.LargeEncoder ? settings.TeacherEncoder : settings.StudentEncoder, decoder, world.Vocabulary.Count, seed, generator);
        var student = new CaptionStudent(model, new EmbeddingProjections(model.Encoder.Width, teacher.Width, arm.FixedTeacher ? teacher.Width : settings.Shared, seed, arm.FixedTeacher),
            arm.Layers ? new LayerProjections(model.Encoder.Width, [.. teacher.Layers.Append(teacher.Width).Select((w, i) => ($"{i}", w))], settings.Shared, seed) : null);
        var batches = new Batches(world, teacher, pseudo, clips, arm.AudioOnly, training, seed);
        var result = Loop(student, training, seed, generator, batches.Captioned, context =>
        {
            var batch = batches.Of(context.Step);
            if (context.Logged)
            {
                using var none = no_grad();
                context.Measure(Spread, student.ProjectTeacher(batch.TeacherEmbedding!).var(0, unbiased: false).mean());
            }
            return arm.Loss(student, batch);
        }, folder, new { settings, Arm = arm.Name }, progress, cancel);
        return (student, result);
    }

    /// <summary>A batch of a step as an arm's function gets it, for looking at.</summary>
    public static CaptionBatch Batch(CaptionSettings settings, CaptionWorld world, CaptionTeacher teacher, long step = 0, int audioOnly = 0, long seed = 1) =>
        new Batches(world, teacher, null, settings.StudentClips, audioOnly, settings.StudentTraining, seed).Of(step);

    /// <summary>A model's captions of clips, by beam search.</summary>
    public static string[] Describe(AudioCaptionModel model, CaptionSounds sounds, WordTokenizer vocabulary, DecodingSettings decoding)
    {
        using var none = no_grad();
        model.eval();
        return [.. Enumerable.Range(0, sounds.Data.Count).Chunk(64).SelectMany(clips =>
        {
            using var scope = NewDisposeScope();
            var best = BeamSearch.Decode(model.Decoder, model.Encoder.FromFeatures(sounds.Mels(clips), null), null, decoding);
            return best.Select(b => vocabulary.Decode([.. b[0].Tokens])).ToArray();
        })];
    }

    /// <summary>Scores of captions of clips with references: of the set by name, and of each clip.</summary>
    public static (IReadOnlyDictionary<string, double> Values, IReadOnlyDictionary<string, float[]> Outputs) Score(IReadOnlyList<string> captions, CaptionSounds sounds)
    {
        var scores = CaptionScores.Of(captions, sounds.Captions);
        var cider = scores.Items.Select(i => (float)i.CiderD).ToArray();
        var values = new Dictionary<string, double>
        {
            ["CIDEr-D"] = scores.CiderD,
            ["ROUGE-L"] = scores.RougeL,
            ["vocabulary"] = scores.Vocabulary,
            ["BLEU-1"] = scores.Bleu[0],
            ["BLEU-2"] = scores.Bleu[1],
            ["BLEU-3"] = scores.Bleu[2],
            ["BLEU-4"] = scores.Bleu[3],
        };
        var outputs = new Dictionary<string, float[]> { ["cider"] = cider, ["rouge"] = [.. scores.Items.Select(i => (float)i.RougeL)] };
        if (sounds.Data is CaptionScenes scenes)
        {
            outputs["graph"] = [.. captions.Select((c, i) => (float)CaptionScores.GraphF1(CaptionGrammar.Tuples(c), CaptionGrammar.Tuples(scenes.Truth(i))))];
            values["GraphF1"] = outputs["graph"].Average();
            values["mean of CIDEr-D and GraphF1"] = (values["CIDEr-D"] + values["GraphF1"]) / 2;
        }
        return (values, outputs);
    }

    /// <summary>The loop of teacher and students: Adam, warm-up over a fifth of the steps and exponential decay, cut gradients, SWA of the last fifth.</summary>
    internal static TrainResult Loop(nn.Module model, CaptionTraining training, long seed, Generator generator, Func<long, int[]> order,
        Func<StepContext, Tensor> step, string? folder, object settings, RunProgress? progress, CancellationToken cancel)
    {
        var every = Math.Max(1, training.Steps / 5 / training.Snapshots);
        long taken = 0;
        return TrainLoop.Run(new TrainTask
        {
            Model = model,
            Order = order,
            Rate = Schedule.WarmUpExponential(training.LearningRate, training.Steps / 5, training.Steps),
            Step = context =>
            {
                taken = context.Step + 1;
                return step(context);
            },
            // Later counts as better: the last snapshots are the ones that are averaged.
            Evaluate = () => new Dictionary<string, double> { ["steps taken"] = taken },
            Generators = [generator],
            Settings = settings,
        }, new TrainSettings
        {
            Seed = seed,
            Steps = training.Steps,
            Adam = new AdamSettings { WeightDecay = training.WeightDecay },
            ClipNorm = training.ClipNorm,
            EvaluateEvery = every,
            BestBy = "steps taken",
            KeepBest = training.Snapshots,
            Patience = 0,
            LogEvery = Math.Max(1, training.Steps / 50),
        }, folder, progress, cancel);
    }

    private static Func<bool, int, IReadOnlyList<int>> OwnCaptions(CaptionSettings settings, CaptionArm arm, CaptionWorld world, CaptionTeacher teacher, ArmContext context)
    {
        static Tensor Supervised(CaptionStudent student, CaptionBatch batch) =>
            CaptionDistillation.LabelSmoothing(student.Logits(student.Hear(batch), batch.Captions!), batch.Captions!.Target, batch.Captions.Mask);
        var plain = arm with { Name = arm.Name + ", first", Loss = Supervised, AudioOnly = 0, SelfTraining = false };
        var (student, _) = Student(settings, plain, world, teacher, context.Seed, cancel: context.Cancel);
        using (student)
        {
            int[][] Of(CaptionSounds sounds) => [.. Describe(student.Model, sounds, world.Vocabulary, settings.Decoding).Select(world.Vocabulary.Encode)];
            var (captioned, alone) = (Of(world.Train), Of(world.AudioOnly));
            return (paired, clip) => (paired ? captioned : alone)[clip];
        }
    }

    /// <summary>Batches of a run. An arm with clips without captions hears half of each batch from them.</summary>
    private sealed class Batches(CaptionWorld world, CaptionTeacher teacher, Func<bool, int, IReadOnlyList<int>>? pseudo, int clips, int audioOnly, CaptionTraining training, long seed)
    {
        private readonly SampleOrder captioned = new(clips, seed);
        private readonly SampleOrder? alone = audioOnly > 0 ? new(audioOnly, seed + 1_000_003) : null;

        public int[] Captioned(long step) => captioned.Batch(step, alone is null ? training.Batch : training.Batch / 2, dropLast: true).Samples;

        public CaptionBatch Of(long step)
        {
            var paired = Captioned(step);
            var captions = CaptionTokens.Of([.. paired.Select(i => world.Vocabulary.Encode(world.Train.Captions[i][0]))]);
            var (embedding, layers) = teacher.Embeddings(true, paired);
            return new CaptionBatch
            {
                Sound = Sound(world.Train, paired, step),
                Captions = Sampled(captions, "captions", step),
                TeacherCaptions = Taught(true, paired, step),
                TeacherEmbedding = embedding,
                TeacherLayers = layers,
                ReadTeacherLogits = () => teacher.LogProbabilities(paired, (int)captions.Input.shape[1]),
                AudioOnly = alone is null ? null : Alone(alone.Batch(step, training.Batch - training.Batch / 2, dropLast: true).Samples, step),
            };
        }

        private CaptionBatch Alone(int[] clips, long step)
        {
            var (embedding, layers) = teacher.Embeddings(false, clips);
            return new() { Sound = Sound(world.AudioOnly, clips, step), TeacherCaptions = Taught(false, clips, step), TeacherEmbedding = embedding, TeacherLayers = layers };
        }

        private Tensor Sound(CaptionSounds sounds, int[] clips, long step) => training.SpecAugment is { } stripes
            ? stripes.Apply(sounds.Mels(clips), b => RandomStream.Of(seed, "spec augment", sounds.Data.Id(clips[b]), step))
            : sounds.Mels(clips);

        private CaptionTokens Taught(bool paired, int[] clips, long step) =>
            Sampled(CaptionTokens.Of([.. clips.Select(i => pseudo?.Invoke(paired, i) ?? teacher.Caption(paired, i))]), paired ? "teacher" : "teacher, audio only", step);

        private CaptionTokens Sampled(CaptionTokens captions, string whose, long step) =>
            captions.Sampled(training.TeacherForcing, (double)step / training.Steps, RandomStream.Of(seed, "teacher forcing", whose, step));
    }
}
