// Tags and embeddings of whole recordings, of any length: windows of the model's length, averaged by true length.

using Retort.Audio;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Models;

/// <summary>
/// Tags recordings with an <see cref="AudioTransformer"/>. Clips shorter than the model's least length are continued with
/// silence up to it. The model is put into eval mode and is not changed otherwise; it should follow
/// <see cref="LongClipRule.ByLength"/>.
/// </summary>
public sealed class AudioTagger
{
    private readonly AudioTransformer model;

    /// <param name="model">the model</param>
    /// <param name="classes">the names of its classes, in order</param>
    /// <exception cref="ArgumentException">The model has another number of classes.</exception>
    public AudioTagger(AudioTransformer model, IReadOnlyList<string> classes)
    {
        if (classes.Count != model.Settings.Classes)
        {
            throw new ArgumentException($"{classes.Count} class names for a model of {model.Settings.Classes} classes", nameof(classes));
        }
        model.eval();
        this.model = model;
        Classes = classes;
    }

    /// <summary>A tagger of a checkpoint: one of ours, which knows its classes (<see cref="CedCheckpoint.Save"/>), or a published one.</summary>
    /// <param name="path">a .pt or .safetensors file</param>
    /// <param name="classes">the names of its classes, in order; null for those in the file</param>
    /// <exception cref="BadInputException">The file cannot be used, or holds no names of classes and none are given, or others than are given.</exception>
    public static AudioTagger Open(string path, IReadOnlyList<string>? classes = null)
    {
        var own = CedCheckpoint.Classes(path);
        if (own is not null && classes is not null && !own.SequenceEqual(classes))
        {
            throw new BadInputException(path, "classes", $"the file's {own.Count} classes are not the {classes.Count} given, or stand in another order");
        }
        var model = CedCheckpoint.Open(path).Model;
        var names = own ?? classes ?? throw new BadInputException(path, "classes", $"the file does not name its {model.Settings.Classes} classes; " +
            "give them, of a published checkpoint by AudioSetFolder.ReadClasses(\"class_labels_indices.csv\").Names");
        return names.Count == model.Settings.Classes ? new AudioTagger(model, names)
            : throw new BadInputException(path, "classes", $"{names.Count} names for a model of {model.Settings.Classes} classes");
    }

    /// <summary>The names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Samples a second that the model expects.</summary>
    public int SampleRate => model.Settings.Mel.SampleRate;

    /// <summary>The k classes with the highest scores, best first; equal scores in order of their numbers.</summary>
    /// <param name="samples">mono, at <see cref="SampleRate"/>, in [-1, 1]</param>
    /// <param name="k">how many; all classes if there are fewer</param>
    public IReadOnlyList<Tag> Tags(float[] samples, int k = 5)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        var scores = Scores(samples);
        return Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(k)
            .Select(i => new Tag(Classes[i], i, scores[i])).ToArray();
    }

    /// <summary>As <see cref="Tags(float[], int)"/> for a file of any format that <see cref="AudioFile"/> reads; resampled, channels averaged.</summary>
    /// <exception cref="BadInputException">The file cannot be read or has no samples.</exception>
    public IReadOnlyList<Tag> Tags(string path, int k = 5) => Tags(Load(path), k);

    /// <summary>Samples of a file as the model wants them.</summary>
    /// <exception cref="BadInputException">The file cannot be read or has no samples.</exception>
    public float[] Load(string path)
    {
        var samples = AudioFile.Load(path, SampleRate).Samples;
        return samples.Length > 0 ? samples : throw new BadInputException(path, "", "no samples; nothing can be tagged");
    }

    /// <summary>The probability of each class.</summary>
    /// <param name="samples">mono, at <see cref="SampleRate"/>, in [-1, 1]</param>
    public float[] Scores(float[] samples) => OfMel(samples, model.Probabilities);

    /// <summary>The clip's embedding: D numbers, the mean of its tokens after the last norm.</summary>
    /// <param name="samples">mono, at <see cref="SampleRate"/>, in [-1, 1]</param>
    public float[] Embedding(float[] samples) => OfMel(samples, model.ClipEmbeddings);

    /// <summary>
    /// An embedding of D numbers for each time step of <see cref="StepSeconds"/>. A model with <see cref="AudioTransformerSettings.PadShort"/> continues a short
    /// clip with silence: its last steps are that silence's.
    /// </summary>
    /// <param name="samples">mono, at <see cref="SampleRate"/>, in [-1, 1]</param>
    public float[][] StepEmbeddings(float[] samples) =>
        OfMel(samples, model.StepEmbeddings).Chunk(model.Settings.Width).ToArray();

    /// <summary>Length of a time step of <see cref="StepEmbeddings"/>.</summary>
    public double StepSeconds => (double)model.Settings.Patch * model.Settings.Mel.Hop / SampleRate;

    private float[] OfMel(float[] samples, Func<Tensor, Tensor> of)
    {
        for (var i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                throw new ArgumentException($"sample {i} is {samples[i]}; samples must be finite", nameof(samples));
            }
        }
        if (samples.Length == 0)
        {
            throw new ArgumentException("no samples; nothing can be heard", nameof(samples));
        }
        if (samples.Length < model.Settings.MinimumSamples)
        {
            Array.Resize(ref samples, model.Settings.MinimumSamples);
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var device = model.parameters().First().device;
        var mel = model.FrontEnd.call(tensor(samples, device: device).unsqueeze(0));
        return of(mel).cpu().contiguous().data<float>().ToArray();
    }
}
