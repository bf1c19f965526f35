using System.Text.Json;
using Retort.Audio;
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

/// <summary>
/// The paper's size: its student on AudioCaps or Clotho, taught from a store of the user's teacher, with clips without captions if there are some. The
/// recipe is that of the released code's example configurations, which its KD runs probably shared; the paper's own files were not released.
/// </summary>
public sealed record CaptionPaper
{
    /// <summary>What the run is called.</summary>
    public required string Name { get; init; }

    /// <summary>Passes over the captioned clips.</summary>
    public int Epochs { get; init; } = 25;

    /// <summary>Passes before them in which the encoder alone is trained, on the encoder-level loss; 0 for none.</summary>
    public int EncoderEpochs { get; init; }

    /// <summary>Captioned clips in a batch; as many without captions are added.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Clips longer than this are cut at random in training, and at their beginning in tests.</summary>
    public double LongestSeconds { get; init; } = 10;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>Adam's weight decay (L2).</summary>
    public double WeightDecay { get; init; } = 1e-6;

    /// <summary>Width of the space of embeddings.</summary>
    public int Shared { get; init; } = 1024;

    /// <summary>How student and teacher decode.</summary>
    public DecodingSettings Decoding { get; init; } = CaptionSettings.Beam(3);

    /// <summary>The run's seed.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Mixed precision: bfloat16 products, float32 weights.</summary>
    public bool Mixed { get; init; }

    /// <summary>AudioCaps: clips of ten seconds, one caption each in training.</summary>
    public static CaptionPaper AudioCaps { get; } = new() { Name = "audiocaps" };

    /// <summary>Clotho v2: clips of 15 to 30 seconds; how the paper cuts them is not known, here 30 seconds are heard.</summary>
    public static CaptionPaper Clotho { get; } = new() { Name = "clotho", LongestSeconds = 30 };

    /// <summary>
    /// Asks the user's teacher once about every clip and keeps its captions and embeddings; goes on where it was stopped.
    /// </summary>
    /// <param name="folder">the store</param>
    /// <param name="teacherHash">what the teacher is known by, such as a hash of its file</param>
    /// <param name="clips">the clips</param>
    /// <param name="vocabulary">the student's words, into which the teacher's captions are read; others become unknown</param>
    /// <param name="width">width of the teacher's embedding</param>
    /// <param name="ask">from samples (16 kHz) to the teacher's embedding and its captions with scores, the best first (<see cref="HtsatBart"/>, or any other)</param>
    /// <param name="best">captions kept of each clip</param>
    public static SequenceStore Store(string folder, string teacherHash, CaptionData clips, WordTokenizer vocabulary, int width,
        Func<float[], (float[] Embedding, IReadOnlyList<(string Text, double Score)> Captions)> ask, int best = 3)
    {
        var card = new SequenceStoreCard { Teacher = teacherHash, Data = clips.Hash, Decoding = "captions as text", Width = width, Vocabulary = vocabulary.Count, Best = best, Count = clips.Count };
        using (var writer = SequenceStoreWriter.Open(folder, card, [.. Enumerable.Range(0, clips.Count).Select(clips.Id)]))
        {
            for (var i = writer.Written; i < clips.Count; i++)
            {
                var (embedding, captions) = ask(clips.Samples(i));
                writer.Add(new SequenceRow(clips.Id(i), [.. captions.Take(best).Select(c => new StoredSequence(vocabulary.Encode(CaptionWords.Normalise(c.Text)), (float)c.Score, (float)c.Score))], embedding, 1, null, null));
            }
            writer.Finish();
        }
        return SequenceStore.Open(folder, card);
    }

    /// <summary>Trains the student and scores it on the test clips.</summary>
    /// <param name="folder">where the run is kept and resumed; the captioner is written to its folder "captioner", predictions to "predictions.json"</param>
    /// <param name="train">captioned clips</param>
    /// <param name="validation">clips by which the best epoch is chosen, beside the average of the last fifth</param>
    /// <param name="test">clips of the test</param>
    /// <param name="teacher">the teacher's store of the training clips; null for the supervised loss alone</param>
    /// <param name="audioOnly">clips without captions and the teacher's store of them</param>
    /// <param name="loss">from a student and a batch to a loss; null for the paper's with the contrastive term</param>
    /// <param name="encoderStart">weights of the encoder to start from (EfficientNet-B2 trained on AudioSet); null for fresh ones</param>
    /// <param name="device">where it is trained; null for the CPU</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it</param>
    /// <returns>scores of the averaged weights by name, times 1</returns>
    /// <exception cref="BadInputException">A store is of other data or other words; a file cannot be read.</exception>
    public IReadOnlyDictionary<string, double> Run(string folder, CaptionData train, CaptionData validation, CaptionData test, SequenceStore? teacher,
        (CaptionData Clips, SequenceStore Teacher)? audioOnly = null, Func<CaptionStudent, CaptionBatch, Tensor>? loss = null, string? encoderStart = null,
        Device? device = null, RunProgress? progress = null, CancellationToken cancel = default)
    {
        var words = CaptionVocabulary.Train(Enumerable.Range(0, train.Count).SelectMany(train.Captions));
        Require(teacher, train, words);
        Require(audioOnly?.Teacher, audioOnly?.Clips, words);
        var generator = new Generator((ulong)Seed);
        var model = new AudioCaptionModel(new EfficientNetEncoder(null, Seed, generator), new CaptionDecoder(new CaptionDecoderSettings { Vocabulary = words.Count }, Seed, generator));
        if (encoderStart is not null)
        {
            using var scope = NewDisposeScope();
            StartEncoder(((EfficientNetEncoder)model.Encoder).Net, Retort.Torch.Weights.Read(encoderStart), encoderStart);
        }
        using var student = new CaptionStudent(model, new EmbeddingProjections(model.Encoder.Width, teacher?.Card.Width ?? 1, Shared, Seed));
        student.to(device ?? CPU);
        // One row a caption, as published: a clip with five captions comes five times.
        (int Clip, int Caption)[] rows = [.. Enumerable.Range(0, train.Count).SelectMany(i => train.Captions(i).Select((_, c) => (i, c)))];
        var order = new SampleOrder(rows.Length, Seed);
        var alone = audioOnly is { } more ? new SampleOrder(more.Clips.Count, Seed + 1_000_003) : null;
        loss ??= teacher is null ? Supervised : CaptionStudent.Contrastive;
        long perEpoch = order.BatchesPerEpoch(Batch, dropLast: true), steps = (Epochs + EncoderEpochs) * perEpoch, encoderSteps = EncoderEpochs * perEpoch;
        var ahead = new Prefetch<(float[] Waves, long[] Lengths, float[] MoreWaves, long[] MoreLengths)>(step =>
        {
            var (waves, lengths) = Waves(train, [.. order.Batch(step, Batch, dropLast: true).Samples.Select(r => rows[r].Clip)], step);
            var (others, their) = alone is null ? ([], []) : Waves(audioOnly!.Value.Clips, alone.Batch(step, Batch, dropLast: true).Samples, step);
            return (waves, lengths, others, their);
        }, steps, Environment.ProcessorCount);
        long taken = 0;
        double lastCider = 0;
        var result = TrainLoop.Run(new TrainTask
        {
            Model = student,
            Order = step => order.Batch(step, Batch, dropLast: true).Samples,
            Rate = Schedule.WarmUpExponential(LearningRate, steps / 5, steps),
            Step = context =>
            {
                taken = context.Step + 1;
                var (waves, lengths, others, their) = ahead[context.Step];
                var paired = Heard(waves, lengths, context.Batch.Select(r => rows[r].Clip).ToArray(), teacher, train, device,
                    CaptionTokens.Of([.. context.Batch.Select(r => words.Encode(CaptionWords.Normalise(train.Captions(rows[r].Clip)[rows[r].Caption])))], device: device));
                var batch = alone is null ? paired : With(paired, Heard(others, their, alone.Batch(context.Step, Batch, dropLast: true).Samples, audioOnly!.Value.Teacher, audioOnly.Value.Clips, device, null));
                return context.Step < encoderSteps ? EncoderLoss(student, batch) : loss(student, batch);
            },
            Evaluate = () => new Dictionary<string, double> { ["steps taken"] = taken, ["validation CIDEr-D"] = lastCider = Describe(model, words, validation, device).Scores.CiderD },
            Generators = [generator],
            Settings = new { Paper = this, Train = train.Hash, Teacher = teacher?.Card.Teacher, AudioOnly = audioOnly?.Clips.Hash },
        }, new TrainSettings
        {
            Seed = Seed,
            Steps = steps,
            Adam = new AdamSettings { WeightDecay = WeightDecay },
            ClipNorm = 1,
            Mixed = Mixed,
            EvaluateEvery = perEpoch,
            // Later counts as better: the average of the last fifth (SWA).
            BestBy = "steps taken",
            KeepBest = Math.Max(1, Epochs / 5),
            Patience = 0,
            LogEvery = Math.Max(1, perEpoch / 10),
        }, folder, progress, cancel);
        model.eval();
        new AudioCaptioner(model, words) { Decoding = Decoding }.Save(Path.Combine(folder, "captioner"));
        var (captions, scores) = Describe(model, words, test, device);
        File.WriteAllText(Path.Combine(folder, "predictions.json"), JsonSerializer.Serialize(
            new { predictions = captions.Select((c, i) => new { filename = test.Id(i), tokens = c }) }, new JsonSerializerOptions { WriteIndented = true }));
        return new Dictionary<string, double>
        {
            ["CIDEr-D"] = scores.CiderD,
            ["ROUGE-L"] = scores.RougeL,
            ["vocabulary"] = scores.Vocabulary,
            ["validation CIDEr-D"] = lastCider,
            ["BLEU-1"] = scores.Bleu[0],
            ["BLEU-2"] = scores.Bleu[1],
            ["BLEU-3"] = scores.Bleu[2],
            ["BLEU-4"] = scores.Bleu[3],
        };
    }

    /// <summary>
    /// Adds what other tools measured of predictions (METEOR, SPICE, FENSE need Java or downloads): a JSON object of names and numbers. With a SPICE the
    /// mean of it and CIDEr-D is added under its name, SPIDEr.
    /// </summary>
    /// <exception cref="BadInputException">The file is no such object, or names a score that is computed here.</exception>
    public static IReadOnlyDictionary<string, double> WithExternal(IReadOnlyDictionary<string, double> scores, string path)
    {
        Dictionary<string, double>? read;
        try
        {
            read = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(path));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"expected an object of names and numbers: {e.Message}", e);
        }
        var all = new Dictionary<string, double>(scores);
        foreach (var (name, value) in read ?? [])
        {
            if (!all.TryAdd(name, value))
            {
                throw new BadInputException(path, name, "this score is computed here; give only those of other tools");
            }
        }
        if (all.TryGetValue("SPICE", out var spice) && all.TryGetValue("CIDEr-D", out var cider))
        {
            all["SPIDEr"] = (cider + spice) / 2;
        }
        return all;
    }

    private static Tensor Supervised(CaptionStudent student, CaptionBatch batch) =>
        CaptionDistillation.LabelSmoothing(student.Logits(student.Hear(batch), batch.Captions!), batch.Captions!.Target, batch.Captions.Mask);

    private static Tensor EncoderLoss(CaptionStudent student, CaptionBatch batch)
    {
        var (own, taught) = student.Project(student.Hear(batch), batch.TeacherEmbedding!);
        var loss = CaptionDistillation.Contrastive(own, taught, student.LogitScale);
        return batch.AudioOnly is { } more ? loss + EncoderLoss(student, more) : loss;
    }

    private static CaptionBatch With(CaptionBatch paired, CaptionBatch alone) => new()
    {
        Sound = paired.Sound,
        Columns = paired.Columns,
        Captions = paired.Captions,
        TeacherCaptions = paired.TeacherCaptions,
        TeacherEmbedding = paired.TeacherEmbedding,
        AudioOnly = alone,
    };

    private static void Require(SequenceStore? store, CaptionData? clips, WordTokenizer words)
    {
        if (store is not null && clips is not null && (store.Card.Data != clips.Hash || store.Card.Vocabulary != words.Count))
        {
            throw new BadInputException(store.Folder, "", $"the store is of other clips or words: {store.Count} clips and {store.Card.Vocabulary} words there, {clips.Count} and {words.Count} here");
        }
    }

    // Released AudioSet weights carry a prefix of their own; what is not the network's (a tagging head) is left out.
    private static void StartEncoder(EfficientNet net, Dictionary<string, Tensor> weights, string source)
    {
        const string Mark = "_conv_stem.weight";
        var found = weights.Keys.Where(k => k.EndsWith(Mark, StringComparison.Ordinal)).ToArray();
        if (found.Length != 1)
        {
            throw new BadInputException(source, "", $"{found.Length} weights are named ...{Mark}; an EfficientNet has one");
        }
        var (prefix, known) = (found[0][..^Mark.Length], net.state_dict());
        Retort.Torch.Weights.Load(net, weights.Where(w => w.Key.StartsWith(prefix, StringComparison.Ordinal) && known.ContainsKey(w.Key[prefix.Length..]))
            .ToDictionary(w => w.Key[prefix.Length..], w => w.Value), strict: true, source);
    }

    private (float[] Waves, long[] Lengths) Waves(CaptionData data, int[] clips, long step)
    {
        var longest = (int)(LongestSeconds * 16000);
        var cut = clips.Select(i =>
        {
            var samples = data.Samples(i);
            if (samples.Length <= longest)
            {
                return samples.Length >= 8000 ? samples : [.. samples, .. new float[8000 - samples.Length]];
            }
            var start = step < 0 ? 0 : RandomStream.Of(Seed, "crop", data.Id(i), step).Next(samples.Length - longest + 1);
            return samples[start..(start + longest)];
        }).ToArray();
        var length = cut.Max(c => c.Length);
        var waves = new float[cut.Length * length];
        for (var b = 0; b < cut.Length; b++)
        {
            cut[b].CopyTo(waves, b * length);
        }
        return (waves, [.. cut.Select(c => (long)c.Length)]);
    }

    private static CaptionBatch Heard(float[] waves, long[] lengths, int[] clips, SequenceStore? teacher, CaptionData data, Device? device, CaptionTokens? captions)
    {
        using var front = new MelFrontEnd();
        front.to(device ?? CPU);
        var sound = front.call(tensor(waves, [lengths.Length, waves.Length / lengths.Length], device: device)).transpose(1, 2);
        var rows = teacher is null ? [] : clips.Select(i => teacher.Find(data.Id(i))).ToArray();
        var embeddings = new float[rows.Length * (teacher?.Card.Width ?? 0)];
        for (var b = 0; b < rows.Length; b++)
        {
            teacher!.Encoder(rows[b], embeddings.AsSpan(b * teacher.Card.Width, teacher.Card.Width));
        }
        return new CaptionBatch
        {
            Sound = sound,
            Columns = [.. lengths.Select(n => (long)front.Settings.Frames(n))],
            Captions = captions,
            TeacherCaptions = teacher is null ? null : CaptionTokens.Of([.. rows.Select(r => (IReadOnlyList<int>)teacher.Best(r)[0].Tokens)], device: device),
            TeacherEmbedding = teacher is null ? null : tensor(embeddings, [rows.Length, teacher.Card.Width], device: device),
        };
    }

    private (string[] Captions, CaptionScores Scores) Describe(AudioCaptionModel model, WordTokenizer words, CaptionData data, Device? device)
    {
        using var none = no_grad();
        model.eval();
        string[] captions = [.. Enumerable.Range(0, data.Count).Chunk(Batch).SelectMany(clips =>
        {
            using var scope = NewDisposeScope();
            var (waves, lengths) = Waves(data, clips, -1);
            var (frames, valid) = model.Encode(tensor(waves, [clips.Length, waves.Length / clips.Length], device: device), lengths);
            return BeamSearch.Decode(model.Decoder, frames, valid, Decoding).Select(b => words.Decode([.. b[0].Tokens])).ToArray();
        })];
        return (captions, CaptionScores.Of(captions, [.. Enumerable.Range(0, data.Count).Select(i => data.Captions(i).Select(CaptionWords.Normalise).ToArray())]));
    }
}
