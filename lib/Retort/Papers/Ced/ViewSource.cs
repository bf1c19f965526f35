using System.Collections.Concurrent;
using Retort.Audio;
using Retort.Data;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Ced;

/// <summary>
/// Spectrograms of augmented views of a data set's clips, made from the views' seeds. Where the same views are asked for
/// again and again, as stored views are, their unmasked spectrograms can be kept. Clips that are shorter than others of a batch
/// are continued with silence. Safe from several threads at once.
/// </summary>
public sealed class ViewSource : IResultKey
{
    private readonly TaggingData data;
    private readonly MelFrontEnd frontEnd;
    private readonly Device device;
    private readonly ConcurrentDictionary<(int Clip, int Shift), float[]>? kept;

    /// <param name="data">the clips</param>
    /// <param name="settings">what a view may undergo</param>
    /// <param name="frontEnd">waves to spectrograms; on the device</param>
    /// <param name="keep">true to keep every spectrogram in memory (mels x frames x 4 bytes for each shift of each clip)</param>
    /// <param name="device">where spectrograms are wanted; null for the CPU</param>
    public ViewSource(TaggingData data, ViewSettings settings, MelFrontEnd frontEnd, bool keep = false, Device? device = null)
    {
        (this.data, Settings, this.frontEnd, this.device) = (data, settings, frontEnd, device ?? CPU);
        kept = keep ? new() : null;
    }

    /// <summary>What a view may undergo.</summary>
    public ViewSettings Settings { get; }

    /// <summary>What decides the views: the clips, what these may undergo, the front-end.</summary>
    public string ResultKey => string.Join('|', data.ResultKey, Settings.Identity, frontEnd.Settings.Identity);

    /// <summary>Where spectrograms are.</summary>
    public Device Device => device;

    /// <summary>Waves to spectrograms.</summary>
    public MelFrontEnd FrontEnd => frontEnd;

    /// <summary>The seeds of clips' views of a number: <see cref="View.SeedOf"/> of each.</summary>
    public uint[] Seeds(ReadOnlySpan<int> clips, long seed, long view)
    {
        var seeds = new uint[clips.Length];
        for (var b = 0; b < seeds.Length; b++)
        {
            seeds[b] = (uint)View.SeedOf(seed, data.Id(clips[b]), view);
        }
        return seeds;
    }

    /// <summary>The views of these clips under these seeds, masked: (B, mels, frames) in dB.</summary>
    /// <param name="clips">the clips' numbers; B of them</param>
    /// <param name="seeds">their views' seeds</param>
    /// <param name="read">the clips' samples where they have been read already (<see cref="Read"/>)</param>
    /// <param name="shift">false for the seeds' masks alone, on clips that are not shifted</param>
    public Tensor Mel(ReadOnlySpan<int> clips, ReadOnlySpan<uint> seeds, float[][]? read = null, bool shift = true)
    {
        using var scope = NewDisposeScope();
        var waves = new float[]?[clips.Length];
        read?.CopyTo(waves, 0);
        var views = new View[clips.Length];
        for (var b = 0; b < views.Length; b++)
        {
            var view = View.FromSeed((int)seeds[b], Length(clips[b], ref waves[b]), Settings);
            views[b] = shift ? view : view with { Shift = 0 };
        }
        var mels = Shifted(clips, views, waves);
        return (Augment.MaskInPlace(mels, views, Settings) ? mels : Augment.Mask(mels, views, Settings)).MoveToOuterDisposeScope();
    }

    /// <summary>Whether spectrograms are kept, so that clips are read once at most.</summary>
    public bool Keeps => kept is not null;

    /// <summary>The clips' samples: what takes longest with files, and may be done ahead on another thread.</summary>
    public float[][] Read(IReadOnlyList<int> clips) => [.. clips.Select(data.Samples)];

    /// <summary>The clips as they are: (B, mels, frames) in dB.</summary>
    public Tensor Clean(ReadOnlySpan<int> clips)
    {
        using var scope = NewDisposeScope();
        return Shifted(clips, new View[clips.Length], new float[]?[clips.Length]).MoveToOuterDisposeScope();
    }

    // The lengths of kept clips are known, so that their samples need not be read again.
    private readonly ConcurrentDictionary<int, int> lengths = new();

    private int Length(int clip, ref float[]? wave)
    {
        if (kept is not null && lengths.TryGetValue(clip, out var length))
        {
            return length;
        }
        wave ??= data.Samples(clip);
        lengths[clip] = wave.Length;
        return wave.Length;
    }

    private Tensor Shifted(ReadOnlySpan<int> clips, View[] views, float[]?[] waves)
    {
        var missing = new List<int>();
        for (var b = 0; b < clips.Length; b++)
        {
            if (kept is null || !kept.ContainsKey((clips[b], views[b].Shift)))
            {
                missing.Add(b);
                waves[b] ??= data.Samples(clips[b]);
            }
        }
        // Together where they are of one length, as nearly always; else each by itself, so that no clip's depends on another's.
        var together = missing.Select(b => waves[b]!.Length).Distinct().Count() == 1 && waves[missing[0]]!.Length >= LeastSamples;
        if (kept is null && (together || Settings.Algorithm == ViewAlgorithm.Upstream))
        {
            return Spectrograms(clips, views, waves, [.. missing]);
        }
        var made = new Dictionary<(int, int), float[]>();
        foreach (var group in together ? [[.. missing]] : missing.Select(b => new[] { b }))
        {
            using var mels = Spectrograms(clips, views, waves, group).cpu();
            var (size, values) = ((int)(mels.shape[1] * mels.shape[2]), mels.data<float>().ToArray());
            for (var i = 0; i < group.Length; i++)
            {
                var mel = values.AsSpan(i * size, size).ToArray();
                made[(clips[group[i]], views[group[i]].Shift)] = mel;
                kept?.TryAdd((clips[group[i]], views[group[i]].Shift), mel);
            }
        }
        var all = new float[clips.Length][];
        for (var b = 0; b < all.Length; b++)
        {
            var key = (clips[b], views[b].Shift);
            all[b] = made.GetValueOrDefault(key) ?? kept![key];
        }
        return Joined(all);
    }

    // One after another (mels x frames), shorter ones continued with silence; at least one patch of the published models, which have no output for less.
    private Tensor Joined(float[][] all)
    {
        var mels = frontEnd.Settings.Mels;
        var frames = Math.Max(all.Max(m => m.Length) / mels, new AudioTransformerSettings().Patch);
        var batch = empty([all.Length, mels, frames], float32);
        var values = Augment.Values(batch);
        for (var b = 0; b < all.Length; b++)
        {
            var one = all[b].Length / mels;
            for (var m = 0; m < mels; m++)
            {
                var row = values.Slice((b * mels + m) * frames, frames);
                all[b].AsSpan(m * one, one).CopyTo(row);
                row[one..].Fill(one < frames ? AudioTransformer.Silence(all[b].Max()) : 0);
            }
        }
        return OnDevice(batch);
    }

    private int LeastSamples => new AudioTransformerSettings { Mel = frontEnd.Settings }.MinimumSamples;

    // As published, waves of different length are padded with silence to the longest of the batch.
    private Tensor Spectrograms(ReadOnlySpan<int> clips, View[] views, float[]?[] waves, int[] which)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        for (var i = 0; i < which.Length; i++)
        {
            waves[which[i]] ??= data.Samples(clips[which[i]]);
        }
        var longest = Math.Max(which.Max(b => waves[b]!.Length), which.Length > 1 || Settings.Algorithm == ViewAlgorithm.Upstream ? LeastSamples : frontEnd.Settings.MinimumSamples);
        var batch = empty([which.Length, longest], float32);
        var values = Augment.Values(batch);
        for (var i = 0; i < which.Length; i++)
        {
            var wave = waves[which[i]]!;
            var row = values.Slice(i * longest, longest);
            Augment.Shift(wave, views[which[i]].Shift, row[..wave.Length]);
            row[wave.Length..].Clear();
        }
        return frontEnd.call(OnDevice(batch)).MoveToOuterDisposeScope();
    }

    private Tensor OnDevice(Tensor batch) => device.type == DeviceType.CPU ? batch : batch.to(device);
}
