using System.Globalization;
using Retort.Audio;

namespace Retort.Data;

/// <summary>Writes videos with sound: H.264 and AAC in MP4, by ffmpeg.</summary>
public static class VideoFile
{
    /// <summary>Asks, before any work, whether a video can lie at a path.</summary>
    /// <param name="path">where to, ending in .mp4, in a folder that exists</param>
    /// <exception cref="BadInputException">It cannot.</exception>
    public static void CheckPath(string path)
    {
        if (Directory.Exists(path))
        {
            throw new BadInputException(path, "", "is a folder; expected the name of a video, ending in .mp4");
        }
        if (!Path.GetExtension(path).Equals(".mp4", StringComparison.OrdinalIgnoreCase))
        {
            throw new BadInputException(path, "", "expected a name that ends in .mp4: H.264 and AAC in MP4 is what is written");
        }
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            throw new BadInputException(path, "", "its folder does not exist");
        }
    }

    /// <summary>Writes a video, whole or not at all.</summary>
    /// <param name="path">where to, ending in .mp4</param>
    /// <param name="width">pixels of a row, even</param>
    /// <param name="height">rows, even</param>
    /// <param name="frames">pictures of this size, asked for one after another</param>
    /// <param name="sound">one channel; cut to the frames' length; null: none</param>
    /// <param name="framesPerSecond">25 as published</param>
    /// <param name="quality">x264's constant rate factor: 18 hardly loses anything, 28 is small</param>
    /// <exception cref="BadInputException">The path is none of a video, the file cannot be written (permissions, full disk), or ffmpeg is missing or fails.</exception>
    public static void Write(string path, int width, int height, IEnumerable<Picture> frames, Wave? sound = null, int framesPerSecond = 25, int quality = 20)
    {
        if (width % 2 != 0 || height % 2 != 0)
        {
            throw new ArgumentException($"a video's sides are even, not {width} x {height}");
        }
        CheckPath(path);
        var full = Path.GetFullPath(path);
        var unfinished = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():n}");
        string? wav = null;
        try
        {
            var arguments = new List<string> { "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", $"{width}x{height}", "-r", $"{framesPerSecond}", "-i", "pipe:0" };
            if (sound is not null)
            {
                wav = Path.Combine(Path.GetTempPath(), $"retort-{Guid.NewGuid():n}.wav");
                WavFile.Write(wav, sound.Mono());
                arguments.AddRange(["-i", "file:" + wav, "-c:a", "aac", "-b:a", "96k", "-shortest"]);
            }
            arguments.AddRange(["-c:v", "libx264", "-preset", "veryfast", "-crf", quality.ToString(CultureInfo.InvariantCulture), "-pix_fmt", "yuv420p",
                "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart", "-f", "mp4", "-y", "file:" + unfinished]);
            MediaProcess.Run(path, arguments, input =>
            {
                foreach (var frame in frames)
                {
                    if (frame.Width != width || frame.Height != height)
                    {
                        throw new ArgumentException($"a frame of {frame.Width} x {frame.Height} in a video of {width} x {height}");
                    }
                    input.Write(frame.Rgb);
                }
            }, strict: true);
            File.Move(unfinished, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException(path, "", $"cannot be written: {e.Message}", e);
        }
        finally
        {
            Remove(unfinished);
            Remove(wav);
        }
    }

    private static void Remove(string? path)
    {
        if (path is not null && File.Exists(path))
        {
            File.Delete(path);
        }
    }
}
