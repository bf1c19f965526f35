using Retort.Data;
using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using Retort.Training;
using static TorchSharp.torch;

namespace Retort.Papers.Caption;

/// <summary>
/// The experiment's teacher, and what it says of every clip that a student hears, made once and stored: captions by beam search with scores, clip
/// embeddings, and its log-probabilities along the captions. Students are taught from the stores alone.
/// </summary>
public sealed class CaptionTeacher : IDisposable, IResultKey
{
    private readonly SequenceStore train, audioOnly;
    private readonly int vocabulary;

    private CaptionTeacher(AudioCaptionModel model, IReadOnlyList<int> layers, SequenceStore train, SequenceStore audioOnly) =>
        (Model, Layers, this.train, this.audioOnly, vocabulary) = (model, layers, train, audioOnly, model.Decoder.Vocabulary);

    /// <summary>The teacher.</summary>
    public AudioCaptionModel Model { get; }

    /// <summary>Width of its clip embedding.</summary>
    public int Width => Model.Encoder.Width;

    /// <summary>Widths of the means of its encoder's layers, which are stored with the clip embedding (<see cref="EfficientNetEncoder.WithLayers"/>).</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <inheritdoc/>
    public string ResultKey => StateDict.Hash(Model);

    /// <summary>Trains the teacher and fills the stores, or opens what was made before with the same settings.</summary>
    /// <param name="settings">the experiment</param>
    /// <param name="world">its clips</param>
    /// <param name="folder">where teacher and stores are kept; null for a folder of the cache named by all that decides them</param>
    /// <param name="progress">where it says how far it is; null: below the cell, or in the terminal</param>
    public static CaptionTeacher Of(CaptionSettings settings, CaptionWorld world, string? folder = null, Progress? progress = null)
    {
        using var shown = progress is null ? Progress.Below() : null;
        folder ??= Experiment.Folder("caption-teacher", "with layers", settings.TeacherEncoder, settings.TeacherDecoder, settings.TeacherTraining, settings.TeacherSeed, settings.Decoding, settings.StudentClips, world);
        var generator = new Generator((ulong)settings.TeacherSeed);
        var model = Build(settings.TeacherEncoder, settings.TeacherDecoder, world.Vocabulary.Count, settings.TeacherSeed, generator);
        var sentences = world.Train.Captions.Select(c => world.Vocabulary.Encode(c[0])).ToArray();
        var order = new SampleOrder(world.Train.Data.Count, settings.TeacherSeed);
        var run = (progress ?? shown!).Run("teacher");
        CaptionRun.Loop(model, settings.TeacherTraining, settings.TeacherSeed, generator, step => order.Batch(step, settings.TeacherTraining.Batch).Samples,
            context =>
            {
                var tokens = CaptionTokens.Of([.. context.Batch.Select(i => sentences[i])]);
                var logits = model.Decoder.call(tokens.Input, model.Encoder.FromFeatures(world.Train.Mels(context.Batch), null), null);
                return CaptionDistillation.LabelSmoothing(logits, tokens.Target, tokens.Mask);
            },
            Path.Combine(folder, "model"), new { settings.TeacherEncoder, settings.TeacherDecoder, Data = world.Train.Data.Hash }, run, default);
        run.Done();
        var layers = LayerWidths(model, world);
        SequenceStore Of(string name, CaptionSounds sounds, int count, int[][]? captions) => Store(Path.Combine(folder, name), model, layers, settings, world, sounds, count, captions);
        return new CaptionTeacher(model, layers, Of("train", world.Train, settings.StudentClips, sentences), Of("audio-only", world.AudioOnly, world.AudioOnly.Data.Count, null));
    }

    /// <summary>A captioner of these sizes, with fresh weights.</summary>
    internal static AudioCaptionModel Build(EfficientNetEncoderSettings encoder, CaptionDecoderSettings decoder, int vocabulary, long seed, Generator generator) =>
        new(new EfficientNetEncoder(encoder, seed, generator), new CaptionDecoder(decoder with { Vocabulary = vocabulary, FrameWidth = encoder.Net.Head }, seed, generator));

    /// <summary>The teacher's clip embeddings (n, E), and the means of its encoder's layers before them.</summary>
    internal (Tensor Embedding, IReadOnlyList<Tensor> Layers) Embeddings(bool captioned, IReadOnlyList<int> clips)
    {
        var width = Layers.Sum() + Width;
        var values = new float[clips.Count * width];
        for (var i = 0; i < clips.Count; i++)
        {
            (captioned ? train : audioOnly).Encoder(clips[i], values.AsSpan(i * width, width));
        }
        Tensor[] parts = [.. tensor(values, [clips.Count, width]).split([.. Layers.Append(Width).Select(w => (long)w)], 1)];
        return (parts[^1], parts);
    }

    private static int[] LayerWidths(AudioCaptionModel model, CaptionWorld world)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        model.eval();
        return [.. ((EfficientNetEncoder)model.Encoder).WithLayers(world.Train.Mels([0])).Layers.Select(l => (int)l.shape[1])];
    }

    /// <summary>The teacher's best caption of a clip.</summary>
    public IReadOnlyList<int> Caption(bool captioned, int clip) => (captioned ? train : audioOnly).Best(clip)[0].Tokens;

    /// <summary>The teacher's log-probabilities (n, L, V) along the captions of clips with captions.</summary>
    internal Tensor LogProbabilities(IReadOnlyList<int> clips, int length)
    {
        var all = new float[clips.Count * length * vocabulary];
        for (var b = 0; b < clips.Count; b++)
        {
            var places = train.Positions(clips[b]);
            var (values, words) = (new float[places * vocabulary], new int[places * vocabulary]);
            train.Distribution(clips[b], values, words);
            for (var i = 0; i < values.Length; i++)
            {
                all[(b * length + i / vocabulary) * vocabulary + words[i]] = values[i];
            }
        }
        return tensor(all, [clips.Count, length, vocabulary]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        train.Dispose();
        audioOnly.Dispose();
        Model.Dispose();
    }

    // Rows are clips by number. Captions give the places of the distributions; null stores none.
    private static SequenceStore Store(string folder, AudioCaptionModel model, int[] layers, CaptionSettings settings, CaptionWorld world, CaptionSounds sounds, int count, int[][]? sentences)
    {
        var card = new SequenceStoreCard
        {
            Teacher = StateDict.Hash(model),
            Data = sounds.Data.Hash,
            FrontEnd = settings.TeacherEncoder.Mel.Identity,
            Decoding = SettingsJson.Write(settings.Decoding, SettingsJson.Line),
            Width = layers.Sum() + model.Encoder.Width,
            Vocabulary = world.Vocabulary.Count,
            TopK = sentences is null ? 0 : world.Vocabulary.Count,
            Best = settings.Decoding.Beams,
            Count = count,
        };
        using (var writer = SequenceStoreWriter.Open(folder, card, [.. Enumerable.Range(0, count).Select(sounds.Data.Id)]))
        {
            foreach (var clips in Enumerable.Range(writer.Written, count - writer.Written).Chunk(64))
            {
                using var scope = NewDisposeScope();
                using var none = no_grad();
                model.eval();
                var (frames, means) = ((EfficientNetEncoder)model.Encoder).WithLayers(sounds.Mels(clips));
                var pooled = cat([.. means, AudioCaptionModel.Pool(frames, null)], 1).data<float>().ToArray();
                var best = BeamSearch.Decode(model.Decoder, frames, null, settings.Decoding);
                var tokens = sentences is null ? null : CaptionTokens.Of([.. clips.Select(i => sentences[i])]);
                var (values, words) = tokens is null ? default : nn.functional.log_softmax(model.Decoder.call(tokens.Input, frames, null), -1).topk(card.TopK, -1);
                for (var b = 0; b < clips.Length; b++)
                {
                    var places = tokens is null ? 0 : (int)tokens.Mask[b].sum().item<long>();
                    writer.Add(new SequenceRow(
                        sounds.Data.Id(clips[b]),
                        [.. best[b].Take(card.Best).Select(h => new StoredSequence([.. h.Tokens], (float)h.Score, (float)h.LogProbability))],
                        pooled[(b * card.Width)..((b + 1) * card.Width)], 1,
                        tokens is null ? null : values[b].narrow(0, 0, places).contiguous().data<float>().ToArray(),
                        tokens is null ? null : [.. words[b].narrow(0, 0, places).contiguous().data<long>().ToArray().Select(v => (int)v)]));
                }
            }
            writer.Finish();
        }
        return SequenceStore.Open(folder, card);
    }
}
