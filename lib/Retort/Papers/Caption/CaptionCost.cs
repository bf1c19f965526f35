using System.Diagnostics;
using Retort.Decoding;
using Retort.Models;
using Retort.Plots;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Caption;

/// <summary>What captioning one clip costs on one thread.</summary>
/// <param name="Name">the model</param>
/// <param name="Parameters">its parameters</param>
/// <param name="AddsCached">multiply-adds with keys and values kept between words</param>
/// <param name="AddsPlain">multiply-adds where each word reads its prefix and the frames anew, as released</param>
/// <param name="Cached">milliseconds of processor time with kept keys and values</param>
/// <param name="Plain">milliseconds of processor time without</param>
public sealed record CaptionCost(string Name, long Parameters, long AddsCached, long AddsPlain, double Cached, double Plain)
{
    /// <summary>Counts and times a model with an <see cref="EfficientNetEncoder"/>: encoder and decoder, no word ends the caption, batch norms are folded into the convolutions.</summary>
    /// <param name="name">what the table calls it</param>
    /// <param name="model">the model</param>
    /// <param name="mel">one clip (1, columns, mels)</param>
    /// <param name="words">words of the caption</param>
    /// <param name="beams">hypotheses</param>
    /// <param name="seconds">processor time that each measurement takes at least; the clock behind it ticks a hundred times a second</param>
    public static CaptionCost Of(string name, AudioCaptionModel model, Tensor mel, int words = 12, int beams = 3, double seconds = 1)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var one = Threads.RunWith(1);
        using var products = Threads.OneBlasThread();
        model.eval();
        var encoder = (EfficientNetEncoder)model.Encoder;
        encoder.Net.Fold();  // as an AudioCaptioner runs it
        var settings = CaptionSettings.Beam(beams) with { MaxLength = words, End = 0 };
        void Cached() => BeamSearch.Decode(model.Decoder, encoder.FromFeatures(mel, null), null, settings);
        void Plain()
        {
            var (prefix, frames) = (full([beams, 1], 1L, dtype: int64), encoder.FromFeatures(mel, null).repeat(beams, 1, 1));
            for (var t = 0; t < words; t++)
            {
                prefix = cat([prefix, model.Decoder.call(prefix, frames, null).select(1, -1).argmax(-1, keepdim: true)], 1);
            }
        }
        var heard = encoder.Net.MultiplyAdds(mel.shape[2], mel.shape[1]);
        long Adds(bool cached) => heard + model.Decoder.MultiplyAdds(encoder.Net.Columns(mel.shape[1]), words, beams, cached);
        var (cached, plain) = (Milliseconds(Cached, seconds), Milliseconds(Plain, seconds));
        encoder.Net.Unfold();
        return new CaptionCost(name, model.parameters().Sum(p => p.numel()), Adds(true), Adds(false), cached, plain);
    }

    /// <summary>A row a model.</summary>
    public static Table Table(IEnumerable<CaptionCost> costs, string title)
    {
        const string Kept = "M multiply-adds, cache", Anew = "without", Fast = "ms a clip, cache", Slow = "ms, without";
        var table = new Table("model", "parameters", Kept, Anew, Fast, Slow).WithTitle(title).WithFormat("parameters", "N0")
            .WithFormat(Kept, "F1").WithFormat(Anew, "F1").WithFormat(Fast, "F1").WithFormat(Slow, "F1");
        return costs.Aggregate(table, (t, c) => t.WithRow(c.Name, c.Parameters, c.AddsCached / 1e6, c.AddsPlain / 1e6, c.Cached, c.Plain));
    }

    // Processor time, so that other work on the machine does not count.
    private static double Milliseconds(Action caption, double seconds)
    {
        static TimeSpan Used()
        {
            using var process = Process.GetCurrentProcess();
            return process.TotalProcessorTime;
        }
        void Once()
        {
            using var inner = NewDisposeScope();
            caption();
        }
        Once();
        var (begun, runs) = (Used(), 0);
        do
        {
            Once();
            runs++;
        }
        while ((Used() - begun).TotalSeconds < seconds);
        return (Used() - begun).TotalMilliseconds / runs;
    }
}
