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

    /// <summary>
    /// Passes before them in which the encoder alone is trained, on L_enc; 0 for none. A run of its own with its own warm-up, decay and optimizer, as released; captioning
    /// goes on from its last weights, projections included.
    /// </summary>
    public int EncoderEpochs { get; init; }

    /// <summary>Widths of the teacher's layers whose means stand in the store before its clip embedding, for a loss that reads them ("Wml"); none by default.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

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

    /// <summary>
    /// Scheduled sampling: the share of places at which the decoder is given the caption's words falls linearly from 1 to this
    /// (<see cref="CaptionTokens.Forced"/>). The released example configurations end at 0.7, which costs about twenty times the decoder's work.
    /// </summary>
    public double TeacherForcing { get; init; } = 1;

    /// <summary>Stripes on the spectrograms in training, as the released code offers them; its example configurations have none.</summary>
    public SpecAugment? SpecAugment { get; init; }

    /// <summary>How student and teacher decode.</summary>
    public DecodingSettings Decoding { get; init; } = CaptionSettings.Beam(3);

    /// <summary>The run's seed.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Mixed precision: bfloat16 products, float32 weights.</summary>
    public bool Mixed { get; init; }

    /// <summary>AudioCaps: clips of ten seconds, one caption each in training.</summary>
    public static CaptionPaper AudioCaps { get; } = new() { Name = "audiocaps" };

    /// <summary>Clotho v2: clips of 15 to 30 seconds; how the paper cuts them is not known, here 30 seconds are heard. An HTSAT-BART hears their first ten
    /// seconds (the released code gives teacher and student the same crop): set <see cref="LongestSeconds"/> to 10 and cut the files where that matters.</summary>
    public static CaptionPaper Clotho { get; } = new() { Name = "clotho", LongestSeconds = 30 };

    /// <summary>
    /// Asks the user's teacher once about every clip and keeps its captions and embeddings; goes on where it was stopped.
    /// </summary>
    /// <param name="folder">the store</param>
    /// <param name="teacherHash">what the teacher is known by, such as a hash of its file</param>
    /// <param name="clips">the clips</param>
    /// <param name="vocabulary">the student's words, into which the teacher's captions are read; others become unknown</param>
    /// <param name="width">width of the teacher's embedding; with <see cref="Layers"/> of those and of it together</param>
    /// <param name="ask">from samples to the teacher's embedding and its captions with scores, the best first (<see cref="HtsatBart.Ask"/>, or any other)</param>
    /// <param name="best">captions kept of each clip</param>
    /// <param name="sampleRate">samples a second that the teacher hears, read from the files themselves: 32,000 for an <see cref="HtsatBart"/></param>
    public static SequenceStore Store(string folder, string teacherHash, CaptionData clips, WordTokenizer vocabulary, int width,
        Func<float[], (float[] Embedding, IReadOnlyList<(string Text, double Score)> Captions)> ask, int best = 3, int sampleRate = 16000)
    {
        var card = new SequenceStoreCard { Teacher = teacherHash, Data = clips.Hash, Decoding = sampleRate == 16000 ? "captions as text" : $"captions as text, {sampleRate} Hz", Width = width, Vocabulary = vocabulary.Count, Best = best, Count = clips.Count };
        using (var writer = SequenceStoreWriter.Open(folder, card, [.. Enumerable.Range(0, clips.Count).Select(clips.Id)]))
        {
            for (var i = writer.Written; i < clips.Count; i++)
            {
                var (embedding, captions) = ask(clips.Samples(i, sampleRate));
                writer.Add(new SequenceRow(clips.Id(i), [.. captions.Take(best).Select(c => new StoredSequence(vocabulary.Encode(CaptionWords.Normalise(c.Text)), (float)c.Score, (float)c.Score))], embedding, 1, null, null));
            }
            writer.Finish();
        }
        return SequenceStore.Open(folder, card);
    }

    /// <summary>Trains the student and scores it on the test clips.</summary>
    /// <param name="folder">
    /// where the run is kept and resumed. The captioner of the averaged weights (SWA of the last fifth of the epochs) is written to its folder "captioner",
    /// the one of the epoch with the best validation CIDEr-D to "best-captioner"; what each says of the test clips to "predictions.json" and "best-predictions.json"
    /// </param>
    /// <param name="train">captioned clips</param>
    /// <param name="validation">clips by which the best epoch is chosen</param>
    /// <param name="test">clips of the test</param>
    /// <param name="teacher">the teacher's store of the training clips; null for the supervised loss alone</param>
    /// <param name="audioOnly">clips without captions and the teacher's store of them</param>
    /// <param name="loss">from a student and a batch to a loss; null for the paper's with the contrastive term</param>
    /// <param name="encoderStart">weights of the encoder to start from (EfficientNet-B2 trained on AudioSet); null for fresh ones</param>
    /// <param name="device">where it is trained; null for the CPU</param>
    /// <param name="progress">where it says how far it is</param>
    /// <param name="cancel">stops it</param>
    /// <param name="encoderLoss">the loss of the encoder's own training (<see cref="EncoderEpochs"/>); null for the contrastive one</param>
    /// <returns>scores of the averaged weights by name, times 1; "best, CIDEr-D" and so on are those of the best epoch</returns>
    /// <exception cref="BadInputException">A store is of other data or other words; a file cannot be read.</exception>
    public IReadOnlyDictionary<string, double> Run(string folder, CaptionData train, CaptionData validation, CaptionData test, SequenceStore? teacher,
        (CaptionData Clips, SequenceStore Teacher)? audioOnly = null, Func<CaptionStudent, CaptionBatch, Tensor>? loss = null, string? encoderStart = null,
        Device? device = null, RunProgress? progress = null, CancellationToken cancel = default, Func<CaptionStudent, CaptionBatch, Tensor>? encoderLoss = null)
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
        var width = (teacher?.Card.Width ?? 1) - Layers.Sum();
        if (width < 1)
        {
            throw new BadInputException(teacher?.Folder ?? "teacher", "", $"its embeddings have {teacher?.Card.Width ?? 0} numbers, which leaves none beside layers of {string.Join(", ", Layers)}");
        }
        using var student = new CaptionStudent(model, new EmbeddingProjections(model.Encoder.Width, width, Shared, Seed),
            Layers.Count == 0 ? null : new LayerProjections(model.Encoder.Width, [.. Layers.Append(width).Select((w, i) => ($"{i}", w))], Shared, Seed));
        student.to(device ?? CPU);
        // One row a caption, as published: a clip with five captions comes five times.
        (int Clip, int Caption)[] rows = [.. Enumerable.Range(0, train.Count).SelectMany(i => train.Captions(i).Select((_, c) => (i, c)))];
        if (rows.Length < Batch || (audioOnly is { } few && few.Clips.Count < Batch))
        {
            throw new BadInputException("training clips", "", $"{rows.Length} captions{(audioOnly is { } a ? $" and {a.Clips.Count} clips without" : "")} are fewer than a batch of {Batch}");
        }
        if (EncoderEpochs > 0 && teacher is null)
        {
            throw new BadInputException("EncoderEpochs", $"{EncoderEpochs}", "the encoder is trained on a teacher's embeddings, and there is no store of a teacher");
        }
        loss ??= teacher is null ? Supervised : CaptionStudent.Contrastive;
        double lastCider = 0;
        var best = new BestByCider(Path.Combine(folder, "best-captioner"));
        if (EncoderEpochs > 0)
        {
            Stage(EncoderEpochs, Path.Combine(folder, "encoder"), Seed + 500_009, encoderLoss ?? EncoderLoss, captioning: false);
        }
        Stage(Epochs, folder, Seed, loss, captioning: true);
        model.eval();
        new AudioCaptioner(model, words) { Decoding = Decoding }.Save(Path.Combine(folder, "captioner"));
        var scores = new Dictionary<string, double> { ["validation CIDEr-D"] = lastCider };
        Test(model, "predictions.json", "");
        using (var chosen = CaptionCheckpoint.Open(best.Weights).Model)
        {
            chosen.to(device ?? CPU);
            Test(chosen, "best-predictions.json", "best, ");
        }
        return scores;

        // A run with a schedule and an optimizer of its own.
        void Stage(int epochs, string to, long seed, Func<CaptionStudent, CaptionBatch, Tensor> stageLoss, bool captioning)
        {
            var order = new SampleOrder(rows.Length, seed);
            var alone = audioOnly is { } more ? new SampleOrder(more.Clips.Count, seed + 1_000_003) : null;
            long perEpoch = order.BatchesPerEpoch(Batch, dropLast: true), steps = epochs * perEpoch, taken = 0;
            var ahead = new Prefetch<(float[] Waves, long[] Lengths, float[] MoreWaves, long[] MoreLengths)>(step =>
            {
                var (waves, lengths) = Waves(train, [.. order.Batch(step, Batch, dropLast: true).Samples.Select(r => rows[r].Clip)], seed, step);
                var (others, their) = alone is null ? ([], []) : Waves(audioOnly!.Value.Clips, alone.Batch(step, Batch, dropLast: true).Samples, seed, step);
                return (waves, lengths, others, their);
            }, steps, Environment.ProcessorCount);
            TrainLoop.Run(new TrainTask
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
                    return stageLoss(student, Drawn(batch, context.Step, steps));
                },
                Evaluate = !captioning ? null : () =>
                {
                    lastCider = Describe(model, words, validation, device).Scores.CiderD;
                    best.Offer(taken, lastCider, model, words);
                    return new Dictionary<string, double> { ["steps taken"] = taken, ["validation CIDEr-D"] = lastCider };
                },
                Generators = [generator],
                Settings = new { Paper = this, Train = train.Hash, Teacher = teacher?.Card.Teacher, AudioOnly = audioOnly?.Clips.Hash },
            }, new TrainSettings
            {
                Seed = seed,
                Steps = steps,
                Adam = new AdamSettings { WeightDecay = WeightDecay },
                ClipNorm = 1,
                Mixed = Mixed,
                EvaluateEvery = captioning ? perEpoch : 0,
                // Later counts as better: the average of the last fifth (SWA).
                BestBy = "steps taken",
                KeepBest = Math.Max(1, Epochs / 5),
                Patience = 0,
                LogEvery = Math.Max(1, perEpoch / 10),
            }, to, progress, cancel);
        }

        void Test(AudioCaptionModel tested, string file, string prefix)
        {
            var (captions, s) = Describe(tested, words, test, device);
            CaptionPredictions.Write(Path.Combine(folder, file), captions.Select((c, i) => (test.Id(i), c)));
            (string, double)[] all = [("CIDEr-D", s.CiderD), ("ROUGE-L", s.RougeL), ("vocabulary", s.Vocabulary), .. s.Bleu.Select((b, i) => ($"BLEU-{i + 1}", b))];
            foreach (var (name, value) in all)
            {
                scores[prefix + name] = value;
            }
        }
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

    // SpecAugment and scheduled sampling; nothing changes without them.
    private CaptionBatch Drawn(CaptionBatch batch, long step, long steps, string which = "")
    {
        CaptionTokens? Sampled(CaptionTokens? captions, string whose) =>
            captions?.Sampled(TeacherForcing, (double)step / steps, RandomStream.Of(Seed, "teacher forcing", whose + which, step));
        return new CaptionBatch
        {
            Sound = SpecAugment?.Apply(batch.Sound, b => RandomStream.Of(Seed, "spec augment", $"{b}{which}", step)) ?? batch.Sound,
            Columns = batch.Columns,
            Captions = Sampled(batch.Captions, "captions"),
            TeacherCaptions = Sampled(batch.TeacherCaptions, "teacher"),
            TeacherEmbedding = batch.TeacherEmbedding,
            TeacherLayers = batch.TeacherLayers,
            AudioOnly = batch.AudioOnly is { } more ? Drawn(more, step, steps, ", audio only") : null,
        };
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
        TeacherLayers = paired.TeacherLayers,
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

    private (float[] Waves, long[] Lengths) Waves(CaptionData data, int[] clips, long seed, long step)
    {
        var cut = clips.Select(i => Cut(data, i, seed, step)).ToArray();
        var length = cut.Max(c => c.Length);
        var waves = new float[cut.Length * length];
        for (var b = 0; b < cut.Length; b++)
        {
            cut[b].CopyTo(waves, b * length);
        }
        return (waves, [.. cut.Select(c => (long)c.Length)]);
    }

    // A clip at most so long: at random in a training step, from its beginning where there is none.
    private float[] Cut(CaptionData data, int clip, long seed = 0, long step = -1)
    {
        var longest = (int)(LongestSeconds * 16000);
        var samples = data.Samples(clip);
        if (samples.Length <= longest)
        {
            return samples.Length >= 8000 ? samples : [.. samples, .. new float[8000 - samples.Length]];
        }
        var start = step < 0 ? 0 : RandomStream.Of(seed, "crop", data.Id(clip), step).Next(samples.Length - longest + 1);
        return samples[start..(start + longest)];
    }

    private CaptionBatch Heard(float[] waves, long[] lengths, int[] clips, SequenceStore? teacher, CaptionData data, Device? device, CaptionTokens? captions)
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
        Tensor[]? layers = teacher is null ? null
            : [.. tensor(embeddings, [rows.Length, teacher.Card.Width], device: device).split([.. Layers.Select(w => (long)w), teacher.Card.Width - Layers.Sum()], 1)];
        return new CaptionBatch
        {
            Sound = sound,
            Columns = [.. lengths.Select(n => (long)front.Settings.Frames(n))],
            Captions = captions,
            TeacherCaptions = teacher is null ? null : CaptionTokens.Of([.. rows.Select(r => (IReadOnlyList<int>)teacher.Best(r)[0].Tokens)], device: device),
            TeacherEmbedding = layers?[^1],
            TeacherLayers = layers,
        };
    }

    private (string[] Captions, CaptionScores Scores) Describe(AudioCaptionModel model, WordTokenizer words, CaptionData data, Device? device)
    {
        using var none = no_grad();
        model.eval();
        var captions = new string[data.Count];
        // Clips of one length together and none padded, so that each is captioned as by itself (the released code: one at a time).
        foreach (var same in Enumerable.Range(0, data.Count).Chunk(Batch).SelectMany(chunk => chunk.Select(i => (Clip: i, Wave: Cut(data, i))).GroupBy(c => c.Wave.Length)))
        {
            using var scope = NewDisposeScope();
            var clips = same.ToArray();
            var (frames, valid) = model.Encode(tensor(clips.SelectMany(c => c.Wave).ToArray(), [clips.Length, same.Key], device: device), [.. clips.Select(_ => (long)same.Key)]);
            foreach (var (clip, best) in clips.Zip(BeamSearch.Decode(model.Decoder, frames, valid, Decoding)))
            {
                captions[clip.Clip] = words.Decode([.. best[0].Tokens]);
            }
        }
        return (captions, CaptionScores.Of(captions, [.. Enumerable.Range(0, data.Count).Select(i => data.Captions(i).Select(CaptionWords.Normalise).ToArray())]));
    }
}
