using Retort.Data;
using Retort.Plots;

namespace Retort.Papers.Ced;

/// <summary>What a teacher store takes on disk, beside the audio and beside dense scores.</summary>
/// <param name="Views">views stored</param>
/// <param name="Bytes">bytes on disk, with checksums, ids and card</param>
/// <param name="Clips">clips they are of</param>
/// <param name="AudioBytes">bytes of these clips as 16-bit audio</param>
/// <param name="TopK">scores stored of each view</param>
/// <param name="Classes">classes of the teachers</param>
public sealed record CedStorage(long Views, long Bytes, int Clips, long AudioBytes, int TopK, int Classes)
{
    private const double TenSeconds = 320_000, AudioSetClips = 1_904_746;

    /// <summary>Counts a store.</summary>
    public static CedStorage Of(CedStage stage) => new(
        stage.Scores.Rows, stage.Scores.BytesOnDisk, stage.Clips.Count,
        Enumerable.Range(0, stage.Clips.Count).Sum(i => 2L * stage.Clips.Samples(i).Length), stage.Scores.Card.TopK, stage.Scores.Card.Classes.Count);

    /// <summary>Bytes on disk for each view.</summary>
    public double BytesPerView => (double)Bytes / Views;

    /// <summary>Ten views of each 10 s clip, as percent of the clips' audio: the paper's case, at our store's bytes a view.</summary>
    public double PaperOverhead => 100 * 10 * BytesPerView / TenSeconds;

    /// <summary>The arithmetic as a table: this store, then AudioSet's at the same bytes a view.</summary>
    public Table Table()
    {
        var table = new Table("store", "views", "bytes a view", "MB", "% of the audio").WithTitle("What the scores take")
            .WithFormat("views", "N0").WithFormat("bytes a view", "F1").WithFormat("MB", "N1").WithFormat("% of the audio", "F2");
        void Row(string name, double views, double bytes, double audio) => table = table.WithRow(name, views, bytes, views * bytes / 1e6, 100 * views * bytes / audio);
        Row("this store (clips of a fraction of a second)", Views, BytesPerView, AudioBytes);
        Row("AS-2M, 10 views", 10 * AudioSetClips, BytesPerView, AudioSetClips * TenSeconds);
        Row("AS-2M, 40 views (the shipped configuration)", 40 * AudioSetClips, BytesPerView, AudioSetClips * TenSeconds);
        Row("AS-20K, 120 views", 120 * 22_160, BytesPerView, 22_160 * TenSeconds);
        Row("AS-2M, 10 views, all 527 scores in float32", 10 * AudioSetClips, 4 * 527, AudioSetClips * TenSeconds);
        return table;
    }
}
