using System.Globalization;
using Retort.Audio;

namespace Retort.Data;

/// <summary>
/// A data set of sound files in a folder and a list of their labels. Files of any rate, channels and format are given as
/// 16 kHz, one channel.
/// </summary>
public abstract class AudioFolder : TaggingData
{
    private readonly FolderRows rows;
    private readonly Lazy<string> hash;

    private protected AudioFolder(FolderRows rows, BadRows badRows)
    {
        if (badRows == BadRows.Refuse && rows.Problems.Count > 0)
        {
            throw rows.Problems[0].ToException(rows.Problems.Count - 1);
        }
        if (rows.Clips.Count == 0)
        {
            throw rows.Problems.Count > 0
                ? rows.Problems[0].ToException(rows.Problems.Count - 1)
                : new BadInputException(rows.List, "", "it lists no clip");
        }
        this.rows = rows;
        hash = new Lazy<string>(HashAll);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => rows.Classes;

    /// <inheritdoc/>
    public override int Count => rows.Clips.Count;

    /// <summary>SHA-256 of classes, ids, labels, sections and file lengths; the sound itself is not read for it.</summary>
    /// <exception cref="BadInputException">A file is gone.</exception>
    public override string Hash => hash.Value;

    /// <summary>The rows of the list that were left out, and why.</summary>
    public IReadOnlyList<Problem> Problems => rows.Problems;

    /// <summary>The clip's file.</summary>
    public string PathOf(int i) => Path.Combine(rows.Folder, Clip(i).File);

    /// <inheritdoc/>
    public override string Id(int i) => Clip(i).Id;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Labels(int i) => Clip(i).Labels;

    /// <inheritdoc/>
    public override float[] Samples(int i)
    {
        var clip = Clip(i);
        var samples = AudioFile.Load(PathOf(i), Signal.Rate, mono: true, clip.Start, clip.Seconds).Samples;
        return samples.Length > 0 ? samples : throw new BadInputException(PathOf(i), "", "the clip is empty");
    }

    /// <summary>
    /// Decodes clips that need ffmpeg many at a time, where starting it for each would take longest. Whole files only;
    /// what is left null is read one by one, so that an error names its file.
    /// </summary>
    internal void DecodeAhead(int first, float[]?[] samples)
    {
        var wanted = Enumerable.Range(0, samples.Length).Where(i => Clip(first + i) is { Start: 0, Seconds: null } && !AudioFile.IsReadHere(PathOf(first + i)));
        int[][] groups = [.. wanted.Chunk(32)];
        AllCores.For(groups.Length, g =>
        {
            var group = groups[g];
            var waves = AudioFile.LoadMany([.. group.Select(i => PathOf(first + i))], Signal.Rate);
            for (var i = 0; i < group.Length; i++)
            {
                samples[group[i]] = waves[i] is { Samples.Length: > 0 } wave ? wave.Samples : null;
            }
        });
    }

    private FolderClip Clip(int i)
    {
        CheckNumber(i);
        return rows.Clips[i];
    }

    private string HashAll()
    {
        using var hashing = new Hashing();
        hashing.Add("audio folder");
        foreach (var name in Classes)
        {
            hashing.Add(name);
        }
        for (var i = 0; i < Count; i++)
        {
            var clip = Clip(i);
            var file = new FileInfo(PathOf(i));
            if (!file.Exists)
            {
                throw new BadInputException(file.FullName, "", "the file is missing");
            }
            hashing.Add(string.Create(CultureInfo.InvariantCulture, $"{clip.Id}|{clip.Start:R}|{clip.Seconds:R}|{string.Join(',', clip.Labels)}|{file.Length}"));
        }
        return hashing.End();
    }
}
