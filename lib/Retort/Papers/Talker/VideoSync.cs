using Retort.Audio;
using Retort.Data;
using Retort.Metrics;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>
/// LSE-C, LSE-D and offset of videos by the published SyncNet, as Wav2Lip's and KDTalker's tables have them. The published protocol cuts the face with
/// a detector and tracker (S3FD) that is not here: the video's frames are the face's crop, or its box is given, and scores depend on how it is cut. Use
/// by one thread at a time.
/// </summary>
public sealed class VideoSync : IDisposable
{
    private const int Frames = 5, Side = 224;
    private readonly SyncNet network = new();
    private readonly Device device;

    private VideoSync(Device device) => this.device = device;

    /// <summary>Opens SyncNet's published weights (syncnet_v2.model).</summary>
    /// <param name="weights">a file of torch.save or safetensors with the published names</param>
    /// <param name="device">null for CUDA where there is one, else the CPU</param>
    /// <exception cref="BadInputException">The file is missing or damaged, or weights are missing, unexpected or misshapen.</exception>
    public static VideoSync Open(string weights, Device? device = null)
    {
        var opened = new VideoSync(device ?? (cuda.is_available() ? CUDA : CPU));
        try
        {
            using var scope = NewDisposeScope();
            Weights.Load(opened.network, Weights.Read(weights), source: weights);
            opened.network.eval();
            opened.network.to(opened.device);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Distances between a video's lips and sound at shifts of -15 to 15 frames, and what is read from them.</summary>
    /// <param name="video">a video with sound; its pictures are taken at 25 a second</param>
    /// <param name="box">the face in the first frame's pixels, a square; null for the whole frame, which must be one</param>
    /// <param name="batch">windows at once</param>
    /// <exception cref="BadInputException">The video cannot be read, has no sound, is not square and has no box, or is of fewer than six frames.</exception>
    public LipSync Score(string video, (int Left, int Top, int Width, int Height)? box = null, int batch = 16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        var frames = PictureFile.VideoFrames(video, Side, box);
        return Score(frames, AudioFile.Load(video, SyncNetMfcc.SampleRate).Samples, video, batch);
    }

    internal LipSync Score(IReadOnlyList<Picture> frames, float[] sound, string video, int batch)
    {
        // Published: as many places as the shorter of both has frames, less five.
        var count = Math.Min(frames.Count, sound.Length / Wav2LipMel.SamplesPerFrame) - Frames;
        if (count < 1)
        {
            throw new BadInputException(video, "", $"{frames.Count} frames and {sound.Length / (double)SyncNetMfcc.SampleRate:0.##} s of sound are too short to be judged; expected {Frames + 1} frames or more");
        }
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var mfcc = SyncNetMfcc.Of(sound);
        var (lips, heard) = (new List<Tensor>(), new List<Tensor>());
        for (var first = 0; first < count; first += batch)
        {
            using var part = NewDisposeScope();
            var places = Math.Min(batch, count - first);
            // OpenCV's order of colours, 0..255.
            var pictures = cat([.. frames.Skip(first).Take(places + Frames - 1).Select(f => tensor(f.Rgb, [1, Side, Side, 3]))], 0).permute(0, 3, 1, 2).flip(1).to(float32);
            lips.Add(network.Lips(pictures.unfold(0, Frames, 1).permute(0, 1, 4, 2, 3).contiguous().to(device)).cpu().MoveToOuterDisposeScope());
            heard.Add(network.Audio(SyncNetMfcc.Windows(mfcc, first, places).to(device)).cpu().MoveToOuterDisposeScope());
        }
        return LipSync.Of(cat(lips, 0), cat(heard, 0));
    }

    /// <summary>Frees the network.</summary>
    public void Dispose() => network.Dispose();
}
