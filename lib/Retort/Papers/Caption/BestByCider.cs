using System.Text.Json;
using Retort.Models;
using Retort.Text;
using Retort.Torch;

namespace Retort.Papers.Caption;

/// <summary>
/// The captioner of the epoch with the best validation CIDEr-D, in a folder that <see cref="AudioCaptioner.Open"/> reads. A run that is resumed asks
/// again about the epochs since its checkpoint and gets the same answers, so that the best stays the best.
/// </summary>
internal sealed class BestByCider
{
    private const string Mark = "best.json";
    private readonly string folder;
    private double best = double.NegativeInfinity;
    private long asked;

    /// <param name="folder">where the best captioner lies, or will</param>
    /// <exception cref="BadInputException">What lies there is no such folder.</exception>
    internal BestByCider(string folder)
    {
        this.folder = folder;
        var mark = Path.Combine(folder, Mark);
        if (!File.Exists(mark))
        {
            return;
        }
        try
        {
            best = JsonDocument.Parse(File.ReadAllText(mark)).RootElement.GetProperty("CIDEr-D").GetDouble();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException(mark, "", $"expected an object with the number CIDEr-D: {e.Message}", e);
        }
    }

    /// <summary>The best epoch's weights.</summary>
    internal string Weights => Path.Combine(folder, "model.safetensors");

    /// <summary>Keeps a model if it is better than those before. A step is asked about once: the averaged weights at the end are no epoch's.</summary>
    internal void Offer(long step, double cider, AudioCaptionModel model, WordTokenizer words)
    {
        if (step <= asked)
        {
            return;
        }
        asked = step;
        if (cider <= best)
        {
            return;
        }
        best = cider;
        Directory.CreateDirectory(folder);
        CaptionCheckpoint.Save(model, Weights);
        CaptionVocabulary.Save(words, Path.Combine(folder, "vocab.json"));
        AtomicFile.WriteText(Path.Combine(folder, Mark), JsonSerializer.Serialize(new Dictionary<string, double> { ["step"] = step, ["CIDEr-D"] = cider }));
    }
}
