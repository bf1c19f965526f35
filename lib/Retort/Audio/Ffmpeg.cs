using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Retort.Audio;

/// <summary>Decodes sound by the program ffmpeg, which runs beside us and can neither hang us nor fill the memory.</summary>
internal static class Ffmpeg
{
    private const long MostBytes = 1L << 31;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    public static Wave Decode(string path, double startSeconds, double? seconds, string program = "ffmpeg", long mostBytes = MostBytes)
    {
        using var process = Start(path, startSeconds, seconds, program);
        try
        {
            var lastError = LastLine(process.StandardError);
            using var decoded = Collect(process.StandardOutput.BaseStream, path, mostBytes);
            if (!process.WaitForExit(LongestSilence))
            {
                throw new BadInputException(path, "", "ffmpeg did not end after its output");
            }
            var error = lastError.GetAwaiter().GetResult();
            if (process.ExitCode != 0 || decoded.Length == 0)
            {
                throw new BadInputException(path, "", error.Length > 0 ? $"ffmpeg cannot decode it: {error}"
                    : $"ffmpeg ended with code {process.ExitCode} and no sound");
            }
            decoded.Position = 0;
            var wave = WavFile.Read(decoded, path);
            return wave.Frames > 0 || seconds == 0 ? wave
                : throw new BadInputException(path, startSeconds > 0 ? $"second {startSeconds}" : "", "there is no sound there");
        }
        finally
        {
            Stop(process);
        }
    }

    /// <summary>Whole files by one process, into a folder of its own; all null where any of them cannot be decoded, or takes too long.</summary>
    public static Wave?[] DecodeMany(IReadOnlyList<string> paths, string program = "ffmpeg")
    {
        var folder = Directory.CreateTempSubdirectory("retort-ffmpeg-").FullName;
        try
        {
            var info = Arguments(program);
            foreach (var path in paths)
            {
                info.ArgumentList.Add("-i");
                info.ArgumentList.Add("file:" + Path.GetFullPath(path));
            }
            for (var i = 0; i < paths.Count; i++)
            {
                foreach (var argument in new[] { "-map", $"{i}:a:0", "-map_metadata", "-1", "-f", "wav", "-c:a", "pcm_f32le", "-fs", $"{MostBytes / paths.Count}", Path.Combine(folder, $"{i}.wav") })
                {
                    info.ArgumentList.Add(argument);
                }
            }
            using var process = Begin(info, program, paths[0]);
            try
            {
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                _ = LastLine(process.StandardError);
                if (!process.WaitForExit(LongestSilence) || process.ExitCode != 0)
                {
                    return new Wave?[paths.Count];
                }
            }
            finally
            {
                Stop(process);
            }
            return [.. Enumerable.Range(0, paths.Count).Select(i => WavFile.Read(Path.Combine(folder, $"{i}.wav")))];
        }
        catch (BadInputException)
        {
            return new Wave?[paths.Count];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProcessStartInfo Arguments(string program)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        // Only files: a playlist must not make ffmpeg fetch anything.
        foreach (var argument in new[] { "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe" })
        {
            info.ArgumentList.Add(argument);
        }
        return info;
    }

    private static Process Start(string path, double startSeconds, double? seconds, string program)
    {
        var info = Arguments(program);
        if (startSeconds > 0)
        {
            Add(info, "-ss", startSeconds);
        }
        if (seconds is { } length)
        {
            Add(info, "-t", length);
        }
        foreach (var argument in new[]
        {
            "-i", "file:" + Path.GetFullPath(path), "-map", "0:a:0", "-map_metadata", "-1", "-f", "wav", "-c:a", "pcm_f32le", "pipe:1",
        })
        {
            info.ArgumentList.Add(argument);
        }
        return Begin(info, program, path);
    }

    private static Process Begin(ProcessStartInfo info, string program, string path)
    {
        try
        {
            var process = Process.Start(info) ?? throw new BadInputException(program, "", $"did not start (needed to read {path})");
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new BadInputException(program, "",
                $"the program was not found; it is needed to read {path} (Debian and Ubuntu: apt-get install ffmpeg)", e);
        }
    }

    private static void Add(ProcessStartInfo info, string option, double value)
    {
        info.ArgumentList.Add(option);
        info.ArgumentList.Add(value.ToString("0.######", CultureInfo.InvariantCulture));
    }

    private static MemoryStream Collect(Stream output, string path, long mostBytes)
    {
        var decoded = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (true)
        {
            using var patience = new CancellationTokenSource(LongestSilence);
            int read;
            try
            {
                read = output.ReadAsync(buffer, patience.Token).AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException e)
            {
                throw new BadInputException(path, "", $"ffmpeg gave nothing for {LongestSilence.TotalSeconds} seconds", e);
            }
            if (read == 0)
            {
                return decoded;
            }
            if (decoded.Length + read >= Math.Min(mostBytes, Array.MaxLength))
            {
                throw new BadInputException(path, "", $"more than {mostBytes >> 20} MiB of decoded sound; load it in sections");
            }
            decoded.Write(buffer, 0, read);
        }
    }

    private static async Task<string> LastLine(StreamReader errors)
    {
        // Read by blocks: a program that writes one endless line must not fill the memory either.
        const int longest = 500;
        var block = new char[4096];
        var tail = "";
        int read;
        while ((read = await errors.ReadAsync(block).ConfigureAwait(false)) > 0)
        {
            tail += new string(block, 0, read);
            tail = tail.Length > 2 * longest ? tail[^(2 * longest)..] : tail;
        }
        var lines = tail.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "" : lines[^1].Length > longest ? lines[^1][..longest] : lines[^1];
    }

    private static void Stop(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It ended by itself in between.
        }
    }
}
